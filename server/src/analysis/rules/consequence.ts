// SPDX-License-Identifier: MIT
import { setFsGone } from '../../../../core/abi/hidden-symbols';
import { userCheck, whyNoUserAddress } from '../../../../core/abi/user-checks';
import type { Severity } from '../../../../core/model/analysis';
import type { Visit } from '../flow/recorder';
import type { TargetFacts } from '../syntax/target';
import { isBehind } from './rule';
import type { UserArgument } from './user-argument';
import { visitsThatCount } from './user-arguments';

const EFAULT = '-EFAULT (-14)';

/** What the kernel does with an address of its own in an argument, and which check says so. `where`: `on the first path `, or nothing. */
export function consequence(subject: UserArgument, target: TargetFacts, where = ''): string {
  const { argument, call } = subject;
  if (argument.failure === 'silent') return 'The kernel takes the address without a check and uses it later as one of user space.';
  if (argument.failure === 'otherwise') return `The kernel does not accept it there and ${where}the call fails, not with -EFAULT.`;
  if (argument.address) return `The kernel expects an address of the process there, which it looks for in its memory map: ${where}the call cannot do what it should.`;
  const check = userCheck(subject.callee, subject.index);
  const reason = whyNoUserAddress(target.arch, target.versionIsKnown ? target.version : null);
  if (argument.failure !== 'faults') return `${check} rejects it, as ${reason}, where it comes to that: ${where}the call will normally return ${EFAULT}.`;
  const result = where === '' ? commonResult(visitsThatCount(call)) : null;
  if (result?.kind !== 'errno') return `${check} rejects it, as ${reason}, and ${where}the call will normally return ${EFAULT}.`;
  if (result.name === 'EFAULT') return `${check} rejects it, as ${reason}, and the call returns ${EFAULT}.`;
  return `${check} would reject it with ${EFAULT}, as ${reason}, but the call returns -${result.name} (${result.value}) before that.`;
}

const SET_FS_SEVERITY = { yes: 'error', maybe: 'warning', no: 'information' } as const;

/** The same for a call that only set_fs(KERNEL_DS) lets pass. `instead`: what to use, as a sentence without its end. */
export function relianceOnSetFs({ callee, index, argument }: UserArgument, target: TargetFacts, instead: string): { severity: Severity; effect: string } {
  const boundary = setFsGone(target.arch);
  const isGone = isBehind(boundary, target);
  const check = argument.failure === 'faults' ? userCheck(callee, index) : 'the kernel';
  const gone = `which is gone since Linux ${boundary.release} (${target.arch}); without it ${check} rejects the address and the call will normally return ${EFAULT}`;
  const effect = isGone === 'yes' ? `Only set_fs(KERNEL_DS) let it pass, ${gone}. ${instead}: deleting set_fs() does not port this call.` : `It passes only under set_fs(KERNEL_DS), ${gone}. ${instead}.`;
  return { severity: SET_FS_SEVERITY[isGone], effect };
}

function commonResult(visits: readonly Visit[]): Visit['forecast']['expect'] | null {
  const [first] = visits;
  if (!first) return null;
  return visits.every((visit) => JSON.stringify(visit.forecast.expect) === JSON.stringify(first.forecast.expect)) ? first.forecast.expect : null;
}

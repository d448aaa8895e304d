// SPDX-License-Identifier: MIT
import { setFsGone } from '../../../../core/abi/hidden-symbols';
import { whyNoUserAddress } from '../../../../core/abi/user-checks';
import type { Finding } from '../../../../core/model/analysis';
import type { InnerAddress, RecordedCall, Visit } from '../flow/recorder';
import type { Program } from '../flow/program';
import type { TargetFacts } from '../syntax/target';
import { rangeOf, textOf } from '../syntax/source';
import { isBehind, related, type Rule } from './rule';
import { oneLine, originText, visitsThatCount } from './user-arguments';

/** A kernel address inside of a structure that is handed over, where the kernel takes it for one of user space. */
export const nestedKernelPointer: Rule = (calls, program) => {
  const { target } = program;
  const findings = new Map<string, Finding>();
  const mayRaiseLimit = isBehind(setFsGone(target.arch), target) !== 'yes' && namesSetFs(program);
  for (const call of calls) {
    if (!call.visits.some(hasInner) || (mayRaiseLimit && !call.syscall)) continue;
    for (const [index] of (call.callee?.arguments ?? []).entries()) {
      for (const inner of innerOnEveryPath(call, index)) {
        const finding = describe(call, index, inner, target);
        const key = [finding.file, finding.range.start.line, finding.range.start.character, inner.field].join(' ');
        if (!findings.has(key)) findings.set(key, finding);
      }
    }
  }
  return [...findings.values()];
};

/** An iterator is read later than it is made: a module with set_fs() may raise the limit in between. */
function namesSetFs({ units }: Program): boolean {
  return units.some((unit) => [...unit.allMentions()].some(({ identifiers }) => identifiers.has('set_fs')));
}

function hasInner({ arguments: list }: Visit): boolean {
  return list.some(({ inner }) => inner !== undefined && inner.length > 0);
}

/** What every path that counts leaves there, none of them under set_fs(KERNEL_DS). */
function innerOnEveryPath(call: RecordedCall, index: number): readonly InnerAddress[] {
  const [first, ...others] = visitsThatCount(call);
  const allowed = (visit: typeof first): boolean => visit?.kernelAddressesAllowed !== false;
  if (allowed(first) || others.some(allowed)) return [];
  const found = first?.arguments[index]?.inner ?? [];
  return found.filter((inner) => others.every((visit) => visit.arguments[index]?.inner?.some(({ what, field }) => what === inner.what && field === inner.field)));
}

function describe(call: RecordedCall, index: number, { what, field, origin, stored, silent }: InnerAddress, target: TargetFacts): Finding {
  const at = stored ?? call.expression;
  const name = call.callee?.name ?? '';
  const argument = call.callee?.arguments?.[index];
  return {
    rule: 'nested-kernel-pointer',
    severity: 'warning',
    file: at.file.path,
    range: rangeOf(at),
    message: `${name}(): '${field}' of the ${what} that argument ${index + 1} ('${argument?.name ?? '?'}') points to gets a kernel address (${originText(origin, at)}). ${effect(call, silent, target)}`,
    related: [
      ...(origin.span ? [related(origin.span, `The address is that of ${origin.text}.`)] : []),
      ...(stored ? [related(stored, `It is stored to '${field}'.`)] : []),
      related(call.expression, `${name}() is called here: ${oneLine(textOf(call.expression))}`),
    ],
  };
}

function effect(call: RecordedCall, silent: boolean, { arch, version, versionIsKnown }: TargetFacts): string {
  if (silent) return 'The kernel takes it without a check and uses it later as one of user space.';
  const reason = whyNoUserAddress(arch, versionIsKnown ? version : null);
  if (!call.syscall) return `An iterator over struct iovec stands for user memory: what copies to or from it fails with -EFAULT (-14), as ${reason}. Use struct kvec and iov_iter_kvec().`;
  return `Wherever the structure itself lies, the kernel takes this for an address of user space and rejects it, as ${reason}: the call will normally return -EFAULT (-14).`;
}

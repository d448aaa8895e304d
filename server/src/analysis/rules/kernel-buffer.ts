// SPDX-License-Identifier: MIT
import { errnoNumber } from '../../../../core/abi/errno';
import { checkOf } from '../flow/forecast';
import type { Visit } from '../flow/recorder';
import type { Rule } from './rule';
import { ArgumentFindings, describe, kernelOnEveryPath, originText, placeOf, userArguments, visitsThatCount, type UserArgument } from './user-arguments';

/** A kernel address where the syscall takes a user-space pointer, on every path that reaches the call. */
export const kernelBuffer: Rule = (calls) => {
  const findings = new ArgumentFindings();
  for (const subject of userArguments(calls)) {
    const brought = kernelOnEveryPath(subject, false);
    if (!brought) continue;
    const severity = subject.argument.failure === 'silent' ? 'warning' : 'error';
    const gets = `a kernel address (${originText(brought.origin, placeOf(subject, brought))})`;
    findings.add(subject, describe('kernel-buffer', severity, subject, brought, gets, consequence(subject)));
  }
  return findings.all;
};

/** What the kernel does with it, and which check says so. */
function consequence({ call, syscall, index, argument }: UserArgument): string {
  switch (argument.failure) {
    case 'silent':
      return 'The kernel takes the address without a check and uses it later as one of user space.';
    case 'otherwise':
      return 'The kernel does not accept it there and the call fails.';
    case 'faults': {
      const check = checkOf(syscall, index);
      const earlier = commonResult(visitsThatCount(call));
      if (earlier?.kind === 'errno' && earlier.name !== 'EFAULT') {
        return `${check} would reject it with -EFAULT (-14), but the call returns -${earlier.name} (${earlier.value}) before that.`;
      }
      const result = `-EFAULT (-${String(errnoNumber('EFAULT') ?? 14)})`;
      if (earlier?.kind === 'errno') return `${check} rejects it and the call returns ${result}.`;
      return `${check} rejects it and the call will normally return ${result}.`;
    }
    default:
      return 'The kernel rejects an address of its own there: the call will normally return -EFAULT (-14).';
  }
}

function commonResult(visits: readonly Visit[]): Visit['forecast']['expect'] | null {
  const [first] = visits;
  if (!first) return null;
  return visits.every((visit) => JSON.stringify(visit.forecast.expect) === JSON.stringify(first.forecast.expect)) ? first.forecast.expect : null;
}

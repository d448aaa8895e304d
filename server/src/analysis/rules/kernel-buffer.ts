// SPDX-License-Identifier: MIT
import { consequence } from './consequence';
import type { Rule } from './rule';
import { ArgumentFindings, describe, kernelWithoutSetFs, originText, placeOf } from './user-arguments';

/** A kernel address where the syscall takes a user-space pointer, on every path that reaches the call. */
export const kernelBuffer: Rule = (_calls, { target }, _run, userArguments) => {
  const findings = new ArgumentFindings();
  for (const subject of userArguments) {
    const brought = subject.call.syscall ? kernelWithoutSetFs(subject, target) : undefined;
    if (!brought) continue;
    const severity = subject.argument.failure === 'silent' ? 'warning' : 'error';
    const gets = `a kernel address (${originText(brought.origin, placeOf(subject, brought))})`;
    findings.add(subject, describe('kernel-buffer', severity, subject, brought, gets, consequence(subject, target)));
  }
  return findings.all;
};

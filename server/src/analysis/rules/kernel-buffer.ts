// SPDX-License-Identifier: MIT
import { consequence } from './consequence';
import type { Rule } from './rule';
import { describe, kernelWithoutSetFs, originText, placeOf } from './user-arguments';

/** A kernel address where the syscall takes a user-space pointer, on every path that reaches the call. */
export const kernelBuffer: Rule = (_calls, { target }, _run, userArguments) =>
  userArguments.findings('kernel-buffer', (subject) => {
    const brought = subject.call.syscall ? kernelWithoutSetFs(subject, target) : undefined;
    if (!brought) return null;
    const severity = subject.argument.failure === 'silent' ? 'warning' : 'error';
    const gets = `a kernel address (${originText(brought.origin, placeOf(subject, brought))})`;
    return describe('kernel-buffer', severity, subject, brought, gets, consequence(subject, target));
  });

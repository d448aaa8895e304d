// SPDX-License-Identifier: MIT
import { relianceOnSetFs } from './consequence';
import type { Rule } from './rule';
import { ArgumentFindings, describe, kernelUnderSetFs, originText, placeOf } from './user-arguments';

const INSTEAD = "Use the kernel's own interface, such as kernel_read() and kernel_write()";

/** A kernel address in a user-pointer argument that only set_fs(KERNEL_DS) lets pass, on every path that brings one. */
export const setFsBuffer: Rule = (_calls, { target }, _run, userArguments) => {
  const findings = new ArgumentFindings();
  for (const subject of userArguments) {
    const { argument, call } = subject;
    const brought = call.syscall ? kernelUnderSetFs(subject, target) : undefined;
    if (!brought || argument.address || argument.failure === 'silent' || argument.failure === 'otherwise') continue;
    const { severity, effect } = relianceOnSetFs(subject, target, INSTEAD);
    const gets = `a kernel address (${originText(brought.origin, placeOf(subject, brought))})`;
    findings.add(subject, describe('set-fs-buffer', severity, subject, brought, gets, effect));
  }
  return findings.all;
};

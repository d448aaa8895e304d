// SPDX-License-Identifier: MIT
import { relianceOnSetFs } from './consequence';
import type { Rule } from './rule';
import { describe, kernelUnderSetFs, originText, placeOf } from './user-arguments';

const INSTEAD = "Use the kernel's own interface, such as kernel_read() and kernel_write()";

/** A kernel address in a user-pointer argument that only set_fs(KERNEL_DS) lets pass, on every path that brings one. */
export const setFsBuffer: Rule = (_calls, { target }, _run, userArguments) =>
  userArguments.findings('set-fs-buffer', (subject) => {
    const { argument, call } = subject;
    const brought = call.syscall ? kernelUnderSetFs(subject, target) : undefined;
    if (!brought || argument.address || argument.failure === 'silent' || argument.failure === 'otherwise') return null;
    const { severity, effect } = relianceOnSetFs(subject, target, INSTEAD);
    const gets = `a kernel address (${originText(brought.origin, placeOf(subject, brought))})`;
    return describe('set-fs-buffer', severity, subject, brought, gets, effect);
  });

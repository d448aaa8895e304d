// SPDX-License-Identifier: MIT
import { consequence, relianceOnSetFs } from './consequence';
import type { Rule } from './rule';
import type { UserArgument } from './user-argument';
import { describe, kernelUnderSetFs, kernelWithoutSetFs, originText, placeOf } from './user-arguments';

/** A kernel buffer given to vfs_read(), vfs_write() or a file's own handler, which take one of user space. */
export const vfsKernelBuffer: Rule = (_calls, { target }, _run, userArguments) =>
  userArguments.findings('vfs-kernel-buffer', (subject) => {
    if (subject.call.syscall) return null;
    const plain = kernelWithoutSetFs(subject, target);
    const brought = plain ?? kernelUnderSetFs(subject, target);
    if (!brought) return null;
    const instead = insteadOf(subject);
    const { severity, effect } = plain ? { severity: 'error' as const, effect: `${consequence(subject, target)} ${instead}.` } : relianceOnSetFs(subject, target, instead);
    const gets = `a kernel address (${originText(brought.origin, placeOf(subject, brought))})`;
    return describe('vfs-kernel-buffer', severity, subject, brought, gets, effect);
  });

function insteadOf({ argument }: UserArgument): string {
  return `Use kernel_${argument.direction === 'out' ? 'read' : 'write'}(), which takes a buffer of the kernel and the same arguments`;
}

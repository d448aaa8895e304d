// SPDX-License-Identifier: MIT
import { checkOf } from '../flow/forecast';
import { isBehind, setFsGone, type Rule } from './rule';
import { ArgumentFindings, describe, kernelOnEveryPath, originText, placeOf, userArguments } from './user-arguments';

const SEVERITY = { yes: 'error', maybe: 'warning', no: 'information' } as const;

/** A kernel address in a user-pointer argument that only set_fs(KERNEL_DS) lets pass, on every path. */
export const setFsBuffer: Rule = (calls, { target }) => {
  const boundary = setFsGone(target.arch);
  const isGone = isBehind(boundary, target);
  const findings = new ArgumentFindings();
  for (const subject of userArguments(calls)) {
    const brought = kernelOnEveryPath(subject, true);
    const { syscall, index, argument } = subject;
    if (!brought || argument.failure === 'silent' || argument.failure === 'otherwise') continue;
    const check = argument.failure === 'faults' ? checkOf(syscall, index) : 'the kernel';
    const without = `without it ${check} rejects the address and the call will normally return -EFAULT (-14)`;
    const effect =
      isGone === 'yes'
        ? `Only set_fs(KERNEL_DS) let it pass, which is gone since Linux ${boundary.release} (${target.arch}); ${without}. Use the kernel's own interface, such as kernel_read() and kernel_write(): deleting set_fs() does not port this call.`
        : `It passes only under set_fs(KERNEL_DS), which is gone since Linux ${boundary.release} (${target.arch}); ${without}. Use the kernel's own interface, such as kernel_read() and kernel_write().`;
    const gets = `a kernel address (${originText(brought.origin, placeOf(subject, brought))})`;
    findings.add(subject, describe('set-fs-buffer', SEVERITY[isGone], subject, brought, gets, effect));
  }
  return findings.all;
};

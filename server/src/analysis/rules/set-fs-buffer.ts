// SPDX-License-Identifier: MIT
import type { Finding } from '../../../../core/model/analysis';
import { checkOf } from '../flow/forecast';
import { describe, kernelArguments, keyOf } from './kernel-buffer';
import { isBehind, setFsGone, type Rule } from './rule';

const SEVERITY = { yes: 'error', maybe: 'warning', no: 'information' } as const;

/** A kernel address in a user-pointer argument that only set_fs(KERNEL_DS) lets pass, on every path. */
export const setFsBuffer: Rule = (calls, { target }) => {
  const boundary = setFsGone(target.arch);
  const isGone = isBehind(boundary, target);
  const findings = new Map<string, Finding>();
  for (const brought of kernelArguments(calls, true)) {
    if (brought.argument.failure === 'silent' || brought.argument.failure === 'otherwise') continue;
    const check = brought.argument.failure === 'faults' ? checkOf(brought.syscall, brought.index) : 'the kernel';
    const without = `without it ${check} rejects the address and the call will normally return -EFAULT (-14)`;
    const effect =
      isGone === 'yes'
        ? `Only set_fs(KERNEL_DS) let it pass, which is gone since Linux ${boundary.release} (${target.arch}); ${without}. Use the kernel's own interface, such as kernel_read() and kernel_write(): deleting set_fs() does not port this call.`
        : `It passes only under set_fs(KERNEL_DS), which is gone since Linux ${boundary.release} (${target.arch}); ${without}. Use the kernel's own interface, such as kernel_read() and kernel_write().`;
    const finding = describe('set-fs-buffer', SEVERITY[isGone], brought, effect);
    const key = keyOf(brought, finding);
    if (!findings.has(key)) findings.set(key, finding);
  }
  return [...findings.values()];
};

// SPDX-License-Identifier: MIT
import type { Severity } from './analysis';

interface RuleInfo {
  /** What a finding has at the worst, where nobody asks for another. */
  readonly severity: Severity;
  /** What it finds, in one sentence. docs/rules/ID.md says the rest. */
  readonly summary: string;
}

/** Every rule with a page in docs/rules/. */
export const RULES = {
  'kernel-buffer': { severity: 'error', summary: 'A kernel address in an argument that the syscall takes as a pointer into user space.' },
  'mixed-buffer': { severity: 'warning', summary: 'An argument that the syscall takes as a pointer into user space is a user or a kernel address, depending on the path.' },
  'set-fs-buffer': { severity: 'error', summary: 'A kernel address in a user-pointer argument, in a call that relies on set_fs(KERNEL_DS).' },
  'vfs-kernel-buffer': { severity: 'error', summary: 'A kernel buffer given to a function of the kernel that takes a pointer into user space, as vfs_read() and vfs_write() do.' },
  'nested-kernel-pointer': { severity: 'warning', summary: 'A kernel address inside of something that a syscall is handed, where it takes a pointer into user space.' },
  'calling-convention': { severity: 'error', summary: 'A syscall entry is called with direct arguments although it takes a struct pt_regs *, or the reverse.' },
  'unset-register': { severity: 'warning', summary: 'A syscall reads an argument from a field of struct pt_regs that was never set.' },
  'wrong-register': { severity: 'warning', summary: 'An argument in a register that the syscall or the architecture does not read.' },
  'unchecked-lookup': { severity: 'warning', summary: 'An address is used although the lookup that gave it may have found nothing.' },
  'table-hook': { severity: 'information', summary: 'A function is stored to the system call table of a kernel that does not call through it.' },
  'unexported-symbol': { severity: 'error', summary: 'A symbol of the kernel that the target does not export to modules, or does not have.' },
  'missing-user-annotation': { severity: 'hint', summary: 'The buffer of a read or write handler is not marked __user.' },
  'not-analysed': { severity: 'information', summary: 'A file that is too large to be analysed.' },
  'unused-suppression': { severity: 'information', summary: 'A comment that suppresses a rule where that rule finds nothing.' },
  'invalid-suppression': { severity: 'warning', summary: 'A suppression comment that names no rule, or one that does not exist, or gives no reason.' },
} as const satisfies Readonly<Record<string, RuleInfo>>;

export type RuleId = keyof typeof RULES;

export const RULE_IDS = Object.keys(RULES) as readonly RuleId[];

export function isRuleId(text: string): text is RuleId {
  return Object.hasOwn(RULES, text);
}

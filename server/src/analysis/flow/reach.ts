// SPDX-License-Identifier: MIT
import { kernelSymbol } from './kernel-symbols';
import type { Program } from './program';

/** The field of struct file that holds its handlers. */
const FILE_OPERATIONS = 'f_op';

/** Functions whose results are followed for their own sake. */
const LOOKS_UP = new Set(['kallsyms_lookup_name', 'register_kprobe']);

/**
 * Whether the program names anything that a syscall entry can come from (the table, an entry, a call number), looks
 * for an address, or calls what takes user pointers itself. Without one no rule has anything to look at, and there is nothing to run for.
 */
export function namesSyscalls(program: Program): boolean {
  const isName = (name: string): boolean => LOOKS_UP.has(name) || program.syscallNumber(name) !== null || kernelSymbol(name, program) !== null;
  for (const unit of program.units) {
    for (const mentions of unit.allMentions()) if (mentions.fields.has(FILE_OPERATIONS) || mentions.someWord(program.target, isName)) return true;
  }
  return false;
}

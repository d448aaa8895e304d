// SPDX-License-Identifier: MIT
import type { Expression } from '../syntax/ast';
import { walkExpression, walkStatement } from '../syntax/walk';
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
  const names = new Set<string>();
  const visit = (expression: Expression): void => {
    if (expression.kind === 'identifier') names.add(expression.name);
    else if (expression.kind === 'member' && expression.field === FILE_OPERATIONS) names.add(FILE_OPERATIONS);
    else if (expression.kind === 'string' && expression.text !== null) names.add(expression.text);
  };
  for (const unit of program.units) {
    for (const definition of unit.syntax.functions) walkStatement(definition.body, visit);
    for (const global of unit.syntax.globals) if (global.initializer) walkExpression(global.initializer, visit);
  }
  return [...names].some((name) => name === FILE_OPERATIONS || LOOKS_UP.has(name) || program.syscallNumber(name) !== null || kernelSymbol(name, program) !== null);
}

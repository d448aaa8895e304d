// SPDX-License-Identifier: MIT
import type { Expression } from '../syntax/ast';
import { walkExpression, walkStatement } from '../syntax/walk';
import { kernelSymbol } from './kernel-symbols';
import type { Program } from './program';

/**
 * Whether the program names anything that a syscall entry can come from: the table, an entry, a call number. Without
 * one no call can be recognised, and there is nothing to run for.
 */
export function namesSyscalls(program: Program): boolean {
  const names = new Set<string>();
  const visit = (expression: Expression): void => {
    if (expression.kind === 'identifier') names.add(expression.name);
    else if (expression.kind === 'string' && expression.text !== null) names.add(expression.text);
  };
  for (const unit of program.units) {
    for (const definition of unit.syntax.functions) walkStatement(definition.body, visit);
    for (const global of unit.syntax.globals) if (global.initializer) walkExpression(global.initializer, visit);
  }
  return [...names].some((name) => program.syscallNumber(name) !== null || kernelSymbol(name, program) !== null);
}

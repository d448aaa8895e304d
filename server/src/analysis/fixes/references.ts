// SPDX-License-Identifier: MIT
import type { Finding } from '../../../../core/model/analysis';
import type { Program } from '../flow/program';
import type { FunctionPlace } from '../flow/unit';
import type { Expression } from '../syntax/ast';
import { isAt } from './findings';
import { NotFixable } from './text-edit';
import { expressionsOf } from './statements';

type Call = Extract<Expression, { kind: 'call' }>;

/** The name of the kernel's that a finding stands at. */
export function nameAt(finding: Finding, program: Program): string | null {
  for (const unit of program.units) {
    for (const { body } of unit.syntax.functions) {
      for (const part of expressionsOf(body)) if (part.kind === 'identifier' && isAt(finding, unit.spanOf(part))) return part.name;
    }
  }
  return null;
}

/** The calls of some functions of the kernel in one function of the module. @throws NotFixable when one is used otherwise */
export function callsOf({ definition }: FunctionPlace, name: RegExp): Call[] {
  const all = expressionsOf(definition.body);
  const calls = all.filter((part): part is Call => part.kind === 'call' && part.callee.kind === 'identifier' && name.test(part.callee.name));
  const uses = all.filter((part) => part.kind === 'identifier' && name.test(part.name));
  if (uses.length !== calls.length) throw new NotFixable();
  return calls;
}

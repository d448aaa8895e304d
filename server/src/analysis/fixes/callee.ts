// SPDX-License-Identifier: MIT
import type { FunctionPlace } from '../flow/unit';
import type { CType, Expression } from '../syntax/ast';
import { sourceOf } from './edits';
import { needed, NotFixable } from './text-edit';
import { localsOf } from './statements';

/** The function pointer that a call goes through, without `*`. */
export function calledPointer(callee: Expression): Expression {
  return callee.kind === 'unary' && callee.operator === '*' ? calledPointer(callee.operand) : callee;
}

/** The declaration of a parameter that can hold a function pointer of the code: `entry_t call`, `long (*call)(const struct pt_regs *)`. */
export function parameterFor(pointer: Expression, type: CType, place: FunctionPlace): string {
  if (type.kind === 'named') return `${type.name} call`;
  if (pointer.kind === 'cast') return fromText(sourceOf(place.unit, pointer), /^\(*\(\s*([\w\s*]*?)\(\s*\*\s*\)\s*(\([^()]*\))\s*\)/);
  if (pointer.kind !== 'identifier') throw new NotFixable();
  const local = localsOf(place.definition).find(({ declarator }) => declarator.name === pointer.name)?.declarator;
  const declarator = needed(local ?? place.unit.syntax.globals.find(({ name }) => name === pointer.name));
  const at = needed(place.unit.verbatimOf(declarator));
  const before = /[\w\s*]*\(\s*\*\s*$/.exec(at.file.text.slice(Math.max(0, at.start - 200), at.start))?.[0] ?? '';
  return fromText(`${before.replace(/\b(?:static|extern|const|asmlinkage)\b/g, '')}${at.file.text.slice(at.end, at.end + 300)}`, /^\s*([\w\s*]*?)\(\s*\*\s*\)\s*(\([^()]*\))/);
}

function fromText(text: string, pattern: RegExp): string {
  const [, returns = '', parameters = ''] = pattern.exec(text) ?? [];
  if (returns.trim() === '') throw new NotFixable();
  return `${returns.replace(/\s+/g, ' ').trim()} (*call)${parameters.replace(/\s+/g, ' ')}`;
}

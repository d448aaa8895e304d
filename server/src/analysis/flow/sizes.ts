// SPDX-License-Identifier: MIT
import type { Expression } from '../syntax/ast';
import type { Frame } from './frame';
import type { Machine } from './machine';
import { sizeOf, typeOf } from './types';
import { integer, type Value } from './values';

/** The number of elements in `sizeof(array) / sizeof(array[0])`; null for any other expression. */
export function elementCount(machine: Machine, { operator, left, right }: Extract<Expression, { kind: 'binary' }>, frame: Frame): number | null {
  if (operator !== '/' || left.kind !== 'sizeof' || right.kind !== 'sizeof' || !left.operand || right.operand?.kind !== 'index') return null;
  return countOf(machine, left.operand, frame);
}

function countOf({ program, elementCounts }: Machine, array: Expression, frame: Frame): number | null {
  const type = program.resolve(typeOf(array, frame, program));
  if (type.kind !== 'array') return null;
  const declared = program.arraySize(type);
  if (declared !== null || type.size || array.kind !== 'identifier') return declared;
  const object = frame.lookup(array.name) ?? program.findGlobal(array.name, frame.unit)?.object;
  return elementCounts.get(object?.id ?? '') ?? null;
}

/** The value of `sizeof`. */
export function sizeValue({ program }: Machine, expression: Extract<Expression, { kind: 'sizeof' }>, frame: Frame): Value {
  const type = expression.type ?? (expression.operand ? typeOf(expression.operand, frame, program) : null);
  const size = type ? sizeOf(type, program) : null;
  return size === null ? { kind: 'scalar', low: 1n, high: null, nonzero: true } : integer(BigInt(size));
}

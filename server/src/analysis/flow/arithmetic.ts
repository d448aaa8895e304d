// SPDX-License-Identifier: MIT
import { apply } from '../syntax/condition';
import type { Target } from './objects';
import { originOf, SCALAR, spaceOf, UNKNOWN, type Symbolic, type Value } from './values';

/** Moves pointers by an index: within an array the element changes, an unknown index means any element. */
export function shift(targets: readonly Target[], index: Value): readonly Target[] {
  const by = index.kind === 'integer' ? index.value : null;
  if (by === 0n) return targets;
  return targets.map((target) => {
    const last = /^([^]*)\[(\?|-?\d+)\]$/.exec(target.path);
    if (!last) return { object: target.object, path: `${target.path}[?]` };
    const [, base = '', at = '?'] = last;
    return { object: target.object, path: at === '?' || by === null ? `${base}[?]` : `${base}[${String(BigInt(at) + by)}]` };
  });
}

/** Bytes that stand before a function's own code: ENDBR, and the call that ftrace replaces. */
const MAX_PROLOGUE = 16n;

/** An address plus something: the same memory, elsewhere in it. */
export function offsetPath(value: Value, by: Value | null): Value {
  switch (value.kind) {
    case 'pointer':
      return { ...value, targets: shift(value.targets, by ?? UNKNOWN) };
    case 'user':
      return by?.kind === 'integer' && by.value === 0n ? value : { kind: 'user', origin: value.origin, maybeNull: value.maybeNull };
    case 'string':
      return { ...value, text: null };
    case 'kernel':
      return value;
    case 'function':
    case 'table':
    case 'slot':
      return { kind: 'kernel', origin: originOf(value), maybeNull: false };
    case 'symbol':
    case 'entry':
      if (by?.kind === 'integer' && by.value >= 0n && by.value <= MAX_PROLOGUE) return value;
      return { kind: 'kernel', origin: originOf(value), maybeNull: false };
    default:
      return UNKNOWN;
  }
}

/** `left operator right` for everything but comparisons and logic. `stride`: bytes (8) or elements (1) for pointers. */
export function binaryValue(operator: string, left: Value, right: Value, stride: number | null): Value {
  if (left.kind === 'integer' && right.kind === 'integer') {
    const value = apply(operator, left.value, right.value);
    const missing = /^[+-]$/.test(operator) ? (left.missing ?? right.missing) : undefined;
    return value === null ? SCALAR : { kind: 'integer', value, ...(left.assumed || right.assumed ? { assumed: true } : {}), ...(missing ? { missing } : {}) };
  }
  const leftSpace = spaceOf(left);
  const rightSpace = spaceOf(right);
  if (leftSpace === 'unknown' || rightSpace === 'unknown') return operator === '+' && left.kind === 'user' ? offsetPath(left, right) : UNKNOWN;
  const leftIsNumber = leftSpace === 'scalar' || left.kind === 'integer';
  const rightIsNumber = rightSpace === 'scalar' || right.kind === 'integer';
  if (leftIsNumber && rightIsNumber) return scalarValue(operator, left, right);
  if (operator === '+' || operator === '-') {
    if (rightIsNumber && (left.kind === 'entry' || left.kind === 'symbol')) return offsetPath(left, negate(operator, right));
    if (rightIsNumber) return offsetPath(left, stride === 1 || (right.kind === 'integer' && right.value === 0n) ? negate(operator, right) : UNKNOWN);
    if (leftIsNumber && operator === '+') return offsetPath(right, UNKNOWN);
    if (operator === '-') return SCALAR;
  }
  return UNKNOWN;
}

function negate(operator: string, value: Value): Value {
  return operator === '-' && value.kind === 'integer' ? { ...value, value: -value.value } : value;
}

function scalarValue(operator: string, left: Value, right: Value): Value {
  const symbol = symbolicValue(operator, left, right);
  if (symbol) return { kind: 'scalar', low: null, high: null, nonzero: false, symbol };
  return SCALAR;
}

function symbolicValue(operator: string, left: Value, right: Value): Symbolic | null {
  if (left.kind === 'scalar' && left.symbol && right.kind === 'integer' && (operator === '+' || operator === '-')) {
    return { name: left.symbol.name, offset: left.symbol.offset + (operator === '+' ? right.value : -right.value) };
  }
  if (operator === '+' && right.kind === 'scalar' && right.symbol && left.kind === 'integer') return { name: right.symbol.name, offset: right.symbol.offset + left.value };
  return null;
}

// SPDX-License-Identifier: MIT
import type { Expression } from '../syntax/ast';
import type { Frame } from './frame';
import type { Branches, Evaluates } from './machine';
import type { State } from './state';
import { conditionName, type ConditionName } from './condition-names';
import { integer, spaceOf, truthOf, UNKNOWN, ZERO, type AddressSpace, type Truth, type Value } from './values';

const NEGATED: Readonly<Record<string, string>> = { '<': '>=', '>': '<=', '<=': '>', '>=': '<', '==': '!=', '!=': '==' };
const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=', '==': '==', '!=': '!=' };

/** Splits the paths by a condition and keeps what it tells about the variables in it. */
export function branch(evaluator: Evaluates, condition: Expression, state: State, frame: Frame): Branches {
  if (condition.kind === 'unary' && condition.operator === '!') {
    const { yes, no } = branch(evaluator, condition.operand, state, frame);
    return { yes: no, no: yes };
  }
  if (condition.kind === 'binary' && (condition.operator === '&&' || condition.operator === '||')) {
    const isAnd = condition.operator === '&&';
    const first = branch(evaluator, condition.left, state, frame);
    const result: Branches = isAnd ? { yes: [], no: first.no } : { yes: first.yes, no: [] };
    for (const next of isAnd ? first.yes : first.no) {
      const second = branch(evaluator, condition.right, next, frame);
      result.yes.push(...second.yes);
      result.no.push(...second.no);
    }
    return result;
  }
  if (condition.kind === 'binary' && condition.operator in NEGATED) return compare(evaluator, condition, state, frame);
  const result: Branches = { yes: [], no: [] };
  for (const outcome of evaluator.evaluate(condition, state, frame)) {
    split(result, outcome.state, truthOf(outcome.value), () => conditionName(condition, outcome.state, frame), (path, holds) => {
      refine(evaluator, condition, path, frame, (value) => (holds ? assumeTrue(value) : assumeFalse(value)));
    });
  }
  return result;
}

type Comparison = Extract<Expression, { kind: 'binary' }>;

function compare(evaluator: Evaluates, condition: Comparison, state: State, frame: Frame): Branches {
  const result: Branches = { yes: [], no: [] };
  for (const left of evaluator.evaluate(condition.left, state, frame)) {
    for (const right of evaluator.evaluate(condition.right, left.state, frame)) {
      const truth = compareValues(condition.operator, left.value, right.value);
      split(result, right.state, truth, () => conditionName(condition, right.state, frame), (path, holds) => {
        const operator = holds ? condition.operator : (NEGATED[condition.operator] ?? condition.operator);
        refine(evaluator, condition.left, path, frame, (value) => restrict(value, operator, right.value));
        refine(evaluator, condition.right, path, frame, (value) => restrict(value, MIRRORED[operator] ?? operator, left.value));
        const table = operator === '==' ? tableProvenBy(condition, left.value, right.value) : null;
        if (table) refine(evaluator, table, path, frame, () => ({ kind: 'table', maybeNull: false }));
      });
    }
  }
  return result;
}

/** `p[__NR_close] == sys_close`: what a scan of memory looks at is the table. */
function tableProvenBy({ left, right }: Comparison, leftValue: Value, rightValue: Value): Expression | null {
  if (leftValue.kind !== 'entry' || rightValue.kind !== 'entry' || !leftValue.syscall || leftValue.syscall !== rightValue.syscall) return null;
  const read = withoutCasts(leftValue.convention === 'table' ? left : right);
  if (read.kind === 'index') return withoutCasts(read.object);
  return null;
}

function withoutCasts(expression: Expression): Expression {
  return expression.kind === 'cast' ? withoutCasts(expression.operand) : expression;
}

function split(result: Branches, state: State, truth: Truth, nameOf: () => ConditionName | null, refinePath: (state: State, holds: boolean) => void): void {
  const name = truth === 'either' ? nameOf() : null;
  const take = (holds: boolean, aside: boolean, fork: boolean): void => {
    const path = fork ? state.fork() : state;
    path.aside ||= aside;
    if (name) path.choose(name.text, holds !== name.negated);
    refinePath(path, holds);
    (holds ? result.yes : result.no).push(path);
  };
  switch (truth) {
    case 'true':
      take(true, false, false);
      return;
    case 'false':
      take(false, false, false);
      return;
    case 'assumedTrue':
    case 'assumedFalse': {
      const expected = truth === 'assumedTrue';
      take(!expected, true, true);
      take(expected, false, false);
      return;
    }
    case 'either':
      take(true, false, true);
      take(false, false, false);
  }
}

/** Whether `left operator right` holds. */
export function compareValues(operator: string, left: Value, right: Value): Truth {
  if (left.kind === 'integer' && right.kind === 'integer') {
    const holds = holdsFor(operator, left.value, right.value);
    return left.assumed || right.assumed ? (holds ? 'assumedTrue' : 'assumedFalse') : holds ? 'true' : 'false';
  }
  if (right.kind === 'integer' && right.value === 0n && (operator === '==' || operator === '!=') && left.kind !== 'scalar') {
    const truth = truthOf(left);
    return operator === '!=' ? truth : opposite(truth);
  }
  if (left.kind === 'integer' && left.value === 0n && (operator === '==' || operator === '!=') && right.kind !== 'scalar') {
    const truth = truthOf(right);
    return operator === '!=' ? truth : opposite(truth);
  }
  if (right.kind === 'integer' && isBetweenSpaces(right.value)) return compareSpace(operator, spaceOf(left));
  if (left.kind === 'integer' && isBetweenSpaces(left.value)) return compareSpace(MIRRORED[operator] ?? operator, spaceOf(right));
  if (left.kind === 'scalar' && right.kind === 'integer') return compareRange(operator, left.low, left.high, left.nonzero, right.value);
  if (left.kind === 'integer' && right.kind === 'scalar') return compareRange(MIRRORED[operator] ?? operator, right.low, right.high, right.nonzero, left.value);
  return 'either';
}

/** A bound that lies above all user addresses and not above any kernel address, on 64 bits or on i386. */
function isBetweenSpaces(bound: bigint): boolean {
  return bound === 0xc000_0000n || (bound >= 1n << 46n && bound <= 0xffff_8000_0000_0000n);
}

/** Whether an address of that space lies as it should to such a bound. */
function compareSpace(operator: string, space: AddressSpace): Truth {
  if ((space !== 'user' && space !== 'kernel') || operator === '==' || operator === '!=') return 'either';
  return (space === 'user') === operator.startsWith('<') ? 'assumedTrue' : 'assumedFalse';
}

function opposite(truth: Truth): Truth {
  const opposites: Readonly<Record<Truth, Truth>> = { true: 'false', false: 'true', assumedTrue: 'assumedFalse', assumedFalse: 'assumedTrue', either: 'either' };
  return opposites[truth];
}

function holdsFor(operator: string, a: bigint, b: bigint): boolean {
  switch (operator) {
    case '<': return a < b;
    case '>': return a > b;
    case '<=': return a <= b;
    case '>=': return a >= b;
    case '==': return a === b;
    default: return a !== b;
  }
}

function compareRange(operator: string, low: bigint | null, high: bigint | null, nonzero: boolean, value: bigint): Truth {
  switch (operator) {
    case '<': return high !== null && high < value ? 'true' : low !== null && low >= value ? 'false' : 'either';
    case '>': return low !== null && low > value ? 'true' : high !== null && high <= value ? 'false' : 'either';
    case '<=': return high !== null && high <= value ? 'true' : low !== null && low > value ? 'false' : 'either';
    case '>=': return low !== null && low >= value ? 'true' : high !== null && high < value ? 'false' : 'either';
    default: {
      const outside = (low !== null && low > value) || (high !== null && high < value) || (nonzero && value === 0n);
      if (!outside) return 'either';
      return operator === '!=' ? 'true' : 'false';
    }
  }
}

/** Stores what a branch tells about the variable or field that an expression names. */
function refine(evaluator: Evaluates, expression: Expression, state: State, frame: Frame, change: (value: Value) => Value): void {
  let named = expression;
  while (named.kind === 'assign' || named.kind === 'cast' || named.kind === 'comma') named = named.kind === 'assign' ? named.left : named.kind === 'cast' ? named.operand : named.right;
  if (!isPureLocation(named)) return;
  for (const place of evaluator.locate(named, state, frame)) {
    const [target] = place.targets ?? [];
    if (!target || place.targets?.length !== 1 || target.path.includes('[?]') || place.state !== state) continue;
    const before = state.memory.load(target);
    const after = change(before);
    if (after !== before) state.memory.store(target, after, state.memory.cell(target)?.stored ?? null);
  }
}

/** Keeps on a path that an expression has a value. */
export function assumeEqual(evaluator: Evaluates, expression: Expression, other: Value, state: State, frame: Frame): void {
  refine(evaluator, expression, state, frame, (value) => restrict(value, '==', other));
}

function isPureLocation(expression: Expression): boolean {
  if (expression.kind === 'identifier') return true;
  return expression.kind === 'member' && isPureLocation(expression.object);
}

function assumeTrue(value: Value): Value {
  if (value.kind === 'integer') return value.value === 0n ? { kind: 'scalar', low: null, high: null, nonzero: true, ...(value.result === undefined ? {} : { result: value.result }) } : value;
  if (value.kind === 'scalar') return value.nonzero ? value : { ...value, nonzero: true };
  return 'maybeNull' in value && value.maybeNull ? { ...value, maybeNull: false } : value;
}

function assumeFalse(value: Value): Value {
  const result = value.result === undefined ? {} : { result: value.result };
  if (value.kind === 'aggregate' || (value.kind === 'integer' && value.value === 0n)) return value;
  return { ...ZERO, ...result };
}

function restrict(value: Value, operator: string, other: Value): Value {
  if (other.kind !== 'integer') return value;
  const bound = other.value;
  if (value.kind !== 'integer' && value.kind !== 'scalar') {
    if (bound !== 0n) return operator === '==' && (value.kind === 'unknown' || value.kind === 'user') ? integer(bound) : value;
    return operator === '==' ? assumeFalse(value) : operator === '!=' ? assumeTrue(value) : value;
  }
  if (value.kind === 'integer') {
    if (holdsFor(operator, value.value, bound)) return value;
    return value.result === undefined ? UNKNOWN : { ...restrictScalar({ kind: 'scalar', low: null, high: null, nonzero: false }, operator, bound), result: value.result };
  }
  return restrictScalar(value, operator, bound);
}

type Scalar = Extract<Value, { kind: 'scalar' }>;

function restrictScalar(value: Scalar, operator: string, bound: bigint): Value {
  const most = (a: bigint | null, b: bigint): bigint => (a === null || b < a ? b : a);
  const least = (a: bigint | null, b: bigint): bigint => (a === null || b > a ? b : a);
  switch (operator) {
    case '<': return { ...value, high: most(value.high, bound - 1n) };
    case '<=': return { ...value, high: most(value.high, bound) };
    case '>': return { ...value, low: least(value.low, bound + 1n) };
    case '>=': return { ...value, low: least(value.low, bound) };
    case '==': return { kind: 'integer', value: bound, ...(value.result === undefined ? {} : { result: value.result }) };
    default: return bound === 0n ? { ...value, nonzero: true } : value;
  }
}

// SPDX-License-Identifier: MIT
import type { AbiSyscall } from '../../../../core/abi';
import type { FunctionDefinition } from '../syntax/ast';
import { sameSpan, type Span } from '../syntax/source';
import type { Lookup, MemoryObject, Origin, Target } from './objects';
import type { Unit } from './unit';

/** A number that is known by name only: the length that a handler was given, plus a constant. */
export interface Symbolic {
  readonly name: string;
  readonly offset: bigint;
}

/** The parameters of a device's write handler. */
export interface HandlerRole {
  readonly handler: string;
}

/** One of the places that an address went through, from where it came into being. */
export interface Step {
  readonly span: Span;
  /** What happens there, as a sentence. */
  readonly text: string;
  readonly before: Step | null;
  /** Of the whole way up to here. */
  readonly length: number;
}

/** Longer ways keep their begin and their last step. */
const MAX_STEPS = 8;

interface Common {
  /** How an address came here. */
  readonly way?: Step;
  /** The call (its key) whose result this is. */
  readonly result?: string;
  /** The argument expression by which the value came into a function, and the depth of that function's frame. */
  readonly via?: { readonly span: Span; readonly depth: number };
  /** Nothing was ever stored there: the part of struct pt_regs on the stack that this is. */
  readonly unset?: MemoryObject;
  /** This null (or an offset to it) is what a lookup gave that found nothing. */
  readonly missing?: Lookup;
}

/** How syscall entries are called: `regs` takes one pt_regs pointer, `direct` the arguments, `table` what the target has. */
export type Convention = 'regs' | 'direct' | 'table';

/** What one part of an object holds. */
export interface Cell {
  readonly value: Value;
  /** The expression that was stored, as a person reads it. */
  readonly stored: Span | null;
}

export type Value = Common &
  (
    /** `assumed`: known by prediction only. `number`: came from `__NR_name`. */
    | { readonly kind: 'integer'; readonly value: bigint; readonly assumed?: boolean; readonly number?: string }
    | { readonly kind: 'scalar'; readonly low: bigint | null; readonly high: bigint | null; readonly nonzero: boolean; readonly symbol?: Symbolic }
    | { readonly kind: 'pointer'; readonly targets: readonly Target[]; readonly maybeNull: boolean }
    | { readonly kind: 'string'; readonly text: string | null; readonly origin: Origin; readonly maybeNull: boolean }
    | { readonly kind: 'kernel'; readonly origin: Origin; readonly maybeNull: boolean }
    /** `at`: stands for that memory of the process, as far as the module fills it. */
    | { readonly kind: 'user'; readonly origin: Origin; readonly role?: HandlerRole; readonly at?: Target; readonly maybeNull: boolean }
    | { readonly kind: 'function'; readonly definition: FunctionDefinition; readonly unit: Unit; readonly maybeNull: boolean }
    /** A system call table; `compat` that of 32-bit callers on x86-64. */
    | { readonly kind: 'table'; readonly compat?: true; readonly maybeNull: boolean }
    /** The address of a symbol of the kernel that is neither the table nor an entry. */
    | { readonly kind: 'symbol'; readonly name: string; readonly maybeNull: boolean }
    /** The address of a table's entry; `certain`: of the system call table, not only of something with its indices. */
    | { readonly kind: 'slot'; readonly syscall: AbiSyscall | null; readonly certain: boolean; readonly maybeNull: boolean }
    /** `symbol`: the name it was found by. `compat`: it is entered by 32-bit callers on x86-64, whose registers and numbers are those of i386. */
    | { readonly kind: 'entry'; readonly syscall: AbiSyscall | null; readonly convention: Convention; readonly symbol?: string; readonly compat?: true; readonly maybeNull: boolean }
    | { readonly kind: 'aggregate'; readonly cells: ReadonlyMap<string, Cell>; readonly rest: Value }
    | { readonly kind: 'unknown' }
  );

export const UNKNOWN: Value = { kind: 'unknown' };
export const SCALAR: Value = { kind: 'scalar', low: null, high: null, nonzero: false };
export const ZERO: Value = { kind: 'integer', value: 0n };
const MAX_TARGETS = 6;

export function integer(value: bigint, assumed = false): Value {
  return { kind: 'integer', value, ...(assumed ? { assumed } : {}) };
}

export type AddressSpace = 'null' | 'scalar' | 'user' | 'kernel' | 'unknown';

export function spaceOf(value: Value): AddressSpace {
  switch (value.kind) {
    case 'integer':
      return value.value === 0n ? 'null' : 'scalar';
    case 'scalar':
      return 'scalar';
    case 'pointer':
    case 'string':
    case 'kernel':
    case 'function':
    case 'table':
    case 'symbol':
    case 'slot':
    case 'entry':
      return 'kernel';
    case 'user':
      return 'user';
    case 'aggregate':
    case 'unknown':
      return 'unknown';
  }
}

/** Whether a value is true in C. `assumed…`: only as far as predictions and found symbols hold. */
export type Truth = 'true' | 'false' | 'assumedTrue' | 'assumedFalse' | 'either';

export function truthOf(value: Value): Truth {
  switch (value.kind) {
    case 'integer':
      if (value.assumed) return value.value === 0n ? 'assumedFalse' : 'assumedTrue';
      return value.value === 0n ? 'false' : 'true';
    case 'scalar':
      return value.nonzero || (value.low ?? 0n) > 0n || (value.high ?? 0n) < 0n ? 'true' : 'either';
    case 'string':
    case 'function':
      return value.maybeNull ? 'either' : 'true';
    case 'pointer':
      if (value.maybeNull) return 'either';
      return value.targets.every((target) => target.object.storage !== 'heap') ? 'true' : 'assumedTrue';
    case 'kernel':
    case 'table':
    case 'symbol':
    case 'slot':
    case 'entry':
      return value.maybeNull ? 'either' : 'assumedTrue';
    case 'user':
    case 'aggregate':
    case 'unknown':
      return 'either';
  }
}

function isNull(value: Value): boolean {
  return value.kind === 'integer' && value.value === 0n;
}

const MARKS = ['result', 'via', 'unset', 'missing'] as const satisfies readonly (keyof Common)[];

/** The value without what ties it to a call's result, or to the argument that brought it. */
export function stripped(value: Value, ...marks: readonly (typeof MARKS)[number][]): Value {
  if (marks.every((mark) => value[mark] === undefined)) return value;
  const copy = { ...value };
  for (const mark of marks) Reflect.deleteProperty(copy, mark);
  return copy;
}

/** Whether one is an address of user space and the other one of the kernel: joined, nothing could be said of them. */
export function contradicts(a: Value, b: Value): boolean {
  const space = spaceOf(a);
  return (space === 'user' && spaceOf(b) === 'kernel') || (space === 'kernel' && spaceOf(b) === 'user');
}

/** An address with one step more on its way; any other value as it is. */
export function withStep(value: Value, span: Span | null, text: string): Value {
  const isAddress = value.kind === 'pointer' || value.kind === 'string' || value.kind === 'kernel' || value.kind === 'user';
  const last = value.way ?? null;
  if (!isAddress || !span || (last?.span.start === span.start && last.span.file === span.file && last.text === text)) return value;
  const before = last && last.length >= MAX_STEPS ? last.before : last;
  return { ...value, way: { span, text, before, length: (before?.length ?? 0) + 1 } };
}

/** An address as it is stored to a place. */
export function storedAt({ object, path }: Target, value: Value, stored: Span | null): Value {
  return withStep(value, stored, `It is stored to '${object.name}${path}'.`);
}

/** The steps of an address, first to last. */
export function stepsOf(value: Value): Step[] {
  const steps: Step[] = [];
  for (let step = value.way ?? null; step; step = step.before) steps.unshift(step);
  return steps;
}

/** Least value that covers both. `null` joins with any address silently; a number and an address make `unknown`. */
export function join(a: Value, b: Value): Value {
  if (a === b) return a;
  const joined = joinKinds(a, b);
  const result = a.result !== undefined && a.result === b.result ? a.result : undefined;
  const via = a.via && b.via && sameSpan(a.via.span, b.via.span) ? a.via : undefined;
  const unset = a.unset && a.unset === b.unset ? a.unset : undefined;
  const missing = a.missing && a.missing.key === b.missing?.key ? a.missing : undefined;
  if (joined.result === result && joined.via === via && joined.unset === unset && joined.missing === missing) return joined;
  return { ...stripped(joined, ...MARKS), ...(result === undefined ? {} : { result }), ...(via ? { via } : {}), ...(unset ? { unset } : {}), ...(missing ? { missing } : {}) };
}

function joinKinds(a: Value, b: Value): Value {
  if (isNull(a) && !isNumber(b)) return orNull(b);
  if (isNull(b) && !isNumber(a)) return orNull(a);
  if (a.kind === 'aggregate' || b.kind === 'aggregate') return joinAggregates(a, b);
  if (isNumber(a) && isNumber(b)) return joinNumbers(a, b);
  if (a.kind === b.kind) {
    const same = joinSame(a, b);
    if (same) return same;
  }
  if (spaceOf(a) === 'kernel' && spaceOf(b) === 'kernel') return { kind: 'kernel', origin: originOf(a), maybeNull: mayBeNull(a) || mayBeNull(b) };
  return UNKNOWN;
}

type NumberValue = Extract<Value, { kind: 'integer' | 'scalar' }>;

function isNumber(value: Value): value is NumberValue {
  return value.kind === 'integer' || value.kind === 'scalar';
}

function joinNumbers(a: NumberValue, b: NumberValue): Value {
  if (a.kind === 'integer' && b.kind === 'integer' && a.value === b.value) return a.assumed ? a : b;
  if (a.kind === 'scalar' && b.kind === 'scalar' && a.symbol && a.symbol.name === b.symbol?.name && a.symbol.offset === b.symbol.offset) return a;
  const low = (v: NumberValue): bigint | null => (v.kind === 'integer' ? v.value : v.low);
  const high = (v: NumberValue): bigint | null => (v.kind === 'integer' ? v.value : v.high);
  const nonzero = (v: NumberValue): boolean => truthOf(v) === 'true' || truthOf(v) === 'assumedTrue';
  const [l1, l2, h1, h2] = [low(a), low(b), high(a), high(b)];
  return {
    kind: 'scalar',
    low: l1 === null || l2 === null ? null : l1 < l2 ? l1 : l2,
    high: h1 === null || h2 === null ? null : h1 > h2 ? h1 : h2,
    nonzero: nonzero(a) && nonzero(b),
  };
}

function joinSame(a: Value, b: Value): Value | null {
  if (a.kind === 'pointer' && b.kind === 'pointer') {
    const extra = b.targets.filter((t) => !a.targets.some((s) => isSameTarget(s, t)));
    const maybeNull = a.maybeNull || b.maybeNull;
    if (extra.length === 0) return { ...a, maybeNull };
    const targets = [...a.targets, ...extra];
    return targets.length > MAX_TARGETS ? { kind: 'kernel', origin: originOf(a), maybeNull } : { kind: 'pointer', targets, maybeNull };
  }
  if (a.kind === 'string' && b.kind === 'string') return { ...a, text: a.text === b.text ? a.text : null, maybeNull: a.maybeNull || b.maybeNull };
  if (a.kind === 'kernel' && b.kind === 'kernel') return { ...a, maybeNull: a.maybeNull || b.maybeNull };
  if (a.kind === 'user' && b.kind === 'user') {
    const maybeNull = a.maybeNull || b.maybeNull;
    if (a.role?.handler === b.role?.handler && a.at?.object.id === b.at?.object.id && a.at?.path === b.at?.path) return { ...a, maybeNull };
    return { kind: 'user', origin: a.origin, maybeNull };
  }
  if (a.kind === 'function' && b.kind === 'function') return a.definition === b.definition ? { ...a, maybeNull: a.maybeNull || b.maybeNull } : null;
  if (a.kind === 'table' && b.kind === 'table') return a.compat === b.compat ? { ...a, maybeNull: a.maybeNull || b.maybeNull } : null;
  if (a.kind === 'symbol' && b.kind === 'symbol') return a.name === b.name ? { ...a, maybeNull: a.maybeNull || b.maybeNull } : null;
  if (a.kind === 'slot' && b.kind === 'slot') return { ...a, syscall: a.syscall === b.syscall ? a.syscall : null, certain: a.certain && b.certain, maybeNull: a.maybeNull || b.maybeNull };
  if (a.kind === 'entry' && b.kind === 'entry') {
    const same = a.syscall === b.syscall && a.convention === b.convention;
    return { ...(same ? a : { kind: 'entry', syscall: null, convention: a.convention }), maybeNull: a.maybeNull || b.maybeNull };
  }
  return a.kind === 'unknown' ? a : null;
}

/** Memory tells objects apart by their ids: an allocation that runs again is the same object. */
function isSameTarget(a: Target, b: Target | undefined): boolean {
  return a.object.id === b?.object.id && a.path === b.path;
}

function joinAggregates(a: Value, b: Value): Value {
  if (a.kind !== 'aggregate' || b.kind !== 'aggregate') return UNKNOWN;
  const cells = new Map<string, Cell>();
  for (const path of new Set([...a.cells.keys(), ...b.cells.keys()])) {
    const [left, right] = [a.cells.get(path), b.cells.get(path)];
    cells.set(path, { value: join(left?.value ?? a.rest, right?.value ?? b.rest), stored: left?.stored ?? right?.stored ?? null });
  }
  return { kind: 'aggregate', cells, rest: join(a.rest, b.rest) };
}

function mayBeNull(value: Value): boolean {
  return 'maybeNull' in value && value.maybeNull;
}

function orNull(value: Value): Value {
  return 'maybeNull' in value && !value.maybeNull ? { ...value, maybeNull: true } : value;
}

/** What an address is, in words. */
export function originOf(value: Value): Origin {
  switch (value.kind) {
    case 'string':
    case 'kernel':
    case 'user':
      return value.origin;
    case 'pointer':
      return value.targets[0]?.object.origin ?? { text: 'kernel memory', span: null };
    case 'function':
      return { text: `function '${value.definition.name}'`, span: value.unit.spanOf(value.definition.nameAt) };
    case 'table':
    case 'slot':
      return { text: 'the system call table', span: null };
    case 'symbol':
      return { text: `the kernel's '${value.name}'`, span: null };
    case 'entry':
      return { text: 'a system call entry', span: null };
    default:
      return { text: 'a value', span: null };
  }
}

/** Equality as far as a fixpoint needs it. */
export function sameValue(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.result !== b.result || a.unset !== b.unset || a.missing?.key !== b.missing?.key) return false;
  switch (a.kind) {
    case 'integer':
      return b.kind === 'integer' && a.value === b.value;
    case 'scalar':
      return b.kind === 'scalar' && a.low === b.low && a.high === b.high && a.nonzero === b.nonzero && a.symbol?.name === b.symbol?.name && a.symbol?.offset === b.symbol?.offset;
    case 'pointer':
      return b.kind === 'pointer' && a.maybeNull === b.maybeNull && a.targets.length === b.targets.length && a.targets.every((target, at) => isSameTarget(target, b.targets[at]));
    case 'string':
      return b.kind === 'string' && a.text === b.text && a.maybeNull === b.maybeNull;
    case 'kernel':
    case 'table':
      return 'maybeNull' in b && a.maybeNull === b.maybeNull;
    case 'user':
      return b.kind === 'user' && a.maybeNull === b.maybeNull && a.role?.handler === b.role?.handler && a.at?.object.id === b.at?.object.id;
    case 'function':
      return b.kind === 'function' && a.definition === b.definition && a.maybeNull === b.maybeNull;
    case 'symbol':
      return b.kind === 'symbol' && a.name === b.name && a.maybeNull === b.maybeNull;
    case 'slot':
      return b.kind === 'slot' && a.syscall === b.syscall && a.certain === b.certain && a.maybeNull === b.maybeNull;
    case 'entry':
      return b.kind === 'entry' && a.syscall === b.syscall && a.maybeNull === b.maybeNull;
    case 'aggregate':
      return b.kind === 'aggregate' && a.cells.size === b.cells.size && sameValue(a.rest, b.rest) && [...a.cells].every(([path, cell]) => sameValue(cell.value, b.cells.get(path)?.value ?? b.rest));
    case 'unknown':
      return true;
  }
}

/** Gives up what a loop changes: the value after any number of rounds. */
export function widen(before: Value, after: Value): Value {
  if (sameValue(before, after)) return after;
  if (isNumber(before) && isNumber(after)) return SCALAR;
  return join(before, after);
}

// SPDX-License-Identifier: MIT
import type { CallExpression } from '../syntax/ast';
import { walkStatement } from '../syntax/walk';
import type { Frame, Outcome } from './frame';
import { kernelSymbol } from './kernel-symbols';
import type { Argument, Machine } from './machine';
import type { Lookup, Target } from './objects';
import type { Program } from './program';
import type { State } from './state';
import type { FunctionPlace } from './unit';
import { integer, UNKNOWN, ZERO, type Value } from './values';

/** A callback of kallsyms_on_each_symbol() is tried with so many names. */
const MAX_SOUGHT = 16;

/** kallsyms_lookup_name(), under its own name or that of a pointer to it. */
export function findsByName(name: string | null): boolean {
  return name !== null && /kallsyms_?lookup|lookup_name/.test(name);
}

/** What the kernel has under a name. */
export function symbolNamed(text: string, program: Program): Value {
  return kernelSymbol(text, program) ?? { kind: 'symbol', name: text, maybeNull: false };
}

/** What a function that is given nothing but a name of the table or of an entry can only look for, however it does. */
export function soughtSymbol(list: readonly Argument[], program: Program): Value | null {
  const [first] = list;
  if (list.length === 0 || list.length > 2 || first?.value.kind !== 'string' || first.value.text === null) return null;
  return kernelSymbol(first.value.text, program);
}

/** The result of a lookup: what was looked for, or, on a path aside, nothing. */
export function lookUp(machine: Machine, found: Value, expression: CallExpression, state: State, frame: Frame): Outcome[] {
  const failed = failedFork(machine, expression, state, frame);
  return [{ state, value: found }, ...(failed ? [{ state: failed.state, value: { ...ZERO, missing: failed.lookup } }] : [])];
}

/** A function that gives the table or NULL is a lookup of its own: its null goes on aside. */
export function asLookup(machine: Machine, outcomes: Outcome[], expression: CallExpression, frame: Frame): void {
  if (!outcomes.some(({ value }) => value.kind === 'table')) return;
  const lookup = lookupAt(expression, frame);
  for (const [index, { state, value }] of outcomes.entries()) {
    if (value.kind !== 'integer' || value.value !== 0n || state.aside || !machine.followsFailure(lookup)) continue;
    state.aside = true;
    state.failed = lookup;
    outcomes[index] = { state, value: { ...value, missing: lookup } };
  }
}

/** kallsyms_on_each_symbol(): the callback meets, among all others, the symbols that it is looking for. */
export function onEachSymbol(machine: Machine, list: readonly Argument[], expression: CallExpression, state: State, frame: Frame): Outcome[] {
  const [callback, data] = list;
  if (callback?.value.kind !== 'function' || !data) return [{ state, value: UNKNOWN }];
  const place = callback.value;
  const sought = textsIn(machine, data.value, state) ?? textsOf(place);
  const given = (value: Value): Argument => ({ ...callback, value });
  let outcomes: Outcome[] = [{ state, value: UNKNOWN }];
  for (const text of sought) {
    const name: Value = { kind: 'string', text, origin: { text: `symbol name "${text}"`, span: null }, maybeNull: false };
    const found = given(symbolNamed(text, machine.program));
    // Until 6.3 the callback got the symbol's module between its name and its address.
    const rest = place.definition.parameters.length > 3 ? [given(ZERO), found] : [found];
    outcomes = outcomes.flatMap((before) => machine.calls.inline(place, expression, [data, given(name), ...rest], before.state, frame));
  }
  return outcomes;
}

/** The name that a callback is told to look for: as its data, or the only one in what that points to. */
function textsIn(machine: Machine, data: Value, state: State): string[] | null {
  if (data.kind === 'string') return data.text === null ? [] : [data.text];
  if (data.kind !== 'pointer') return null;
  const [target, other] = data.targets;
  if (!target || other) return null;
  const all = state.memory.loadAggregate({ object: target.object, path: '' });
  const texts = all.kind === 'aggregate' ? [...all.cells.values()].flatMap(({ value }) => (value.kind === 'string' && value.text !== null ? [value.text] : [])) : [];
  return texts.length === 1 ? texts : null;
}

/** The names that a callback compares with. */
function textsOf({ definition }: FunctionPlace): string[] {
  const texts = new Set<string>();
  walkStatement(definition.body, (part) => {
    if (part.kind === 'string' && part.text !== null && /^\w+$/.test(part.text)) texts.add(part.text);
  });
  return [...texts].slice(0, MAX_SOUGHT);
}

/** register_kprobe(): the probe learns the address of its symbol; on a path aside it fails and learns nothing. */
export function registerProbe(machine: Machine, probe: Value | undefined, expression: CallExpression, state: State, frame: Frame): Outcome[] {
  const targets = probe?.kind === 'pointer' ? probe.targets : [];
  const failed = targets.length === 1 ? failedFork(machine, expression, state, frame) : null;
  for (const target of targets) {
    const { object, path } = probeAt(target, state);
    const symbol = state.memory.load({ object, path: `${path}.symbol_name` });
    const found = symbol.kind === 'string' && symbol.text !== null ? symbolNamed(symbol.text, machine.program) : UNKNOWN;
    const addr = { object, path: `${path}.addr` };
    if (failed?.state.memory.load(addr).kind === 'integer') failed.state.memory.store(addr, { ...ZERO, missing: failed.lookup }, null);
    state.memory.store(addr, found, null);
    machine.globals.stored(addr, found, state.aside);
  }
  if (!failed) return [{ state, value: { kind: 'scalar', low: null, high: 0n, nonzero: false } }];
  return [
    { state, value: integer(0n, true) },
    { state: failed.state, value: { kind: 'scalar', low: null, high: -1n, nonzero: true } },
  ];
}

/** The `struct kprobe`, also inside a `struct kretprobe`. */
function probeAt({ object, path }: Target, state: State): Target {
  return { object, path: state.memory.cell({ object, path: `${path}.kp.symbol_name` }) ? `${path}.kp` : path };
}

function lookupAt(expression: CallExpression, frame: Frame): Lookup {
  return { key: `${frame.id}@${expression.start}`, span: frame.unit.spanOf(expression) };
}

function failedFork(machine: Machine, expression: CallExpression, state: State, frame: Frame): { state: State; lookup: Lookup } | null {
  const lookup = lookupAt(expression, frame);
  if (state.aside || !machine.followsFailure(lookup)) return null;
  const failed = state.fork();
  failed.aside = true;
  failed.failed = lookup;
  return { state: failed, lookup };
}

// SPDX-License-Identifier: MIT
import type { Frame, Outcome } from './frame';
import { kernelSymbol } from './kernel-symbols';
import type { CallExpression, Machine } from './machine';
import type { Lookup, Target } from './objects';
import type { Program } from './program';
import type { State } from './state';
import { integer, UNKNOWN, ZERO, type Value } from './values';

/** kallsyms_lookup_name(), under its own name or that of a pointer to it. */
export function findsByName(name: string | null): boolean {
  return name !== null && /kallsyms_?lookup|lookup_name/.test(name);
}

/** What the kernel has under a name. */
export function symbolNamed(text: string, program: Program): Value {
  return kernelSymbol(text, program) ?? { kind: 'symbol', name: text, maybeNull: false };
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

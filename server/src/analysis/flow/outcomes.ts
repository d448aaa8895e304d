// SPDX-License-Identifier: MIT
import type { Outcome } from './frame';
import type { State } from './state';
import { join, truthOf, type Value } from './values';

const MAX_OUTCOMES = 10;

/** Joins results that callers need not tell apart: same state of the world, same truth. */
export function mergeOutcomes(outcomes: readonly Outcome[]): Outcome[] {
  if (outcomes.length < 2) return [...outcomes];
  const merged = mergeBy(outcomes, (outcome) => `${outcome.state.key} ${classOf(outcome.value)}`);
  return merged.length <= MAX_OUTCOMES ? merged : mergeBy(merged, (outcome) => outcome.state.key);
}

function mergeBy(outcomes: readonly Outcome[], keyOf: (outcome: Outcome) => string): Outcome[] {
  const byKey = new Map<string, { state: State; value: Value }>();
  for (const outcome of outcomes) {
    const key = keyOf(outcome);
    const same = byKey.get(key);
    if (!same) byKey.set(key, { ...outcome });
    else {
      same.state.absorb(outcome.state);
      same.value = join(same.value, outcome.value);
    }
  }
  return [...byKey.values()];
}

function classOf(value: Value): string {
  const truth = truthOf(value);
  return truth === 'either' ? value.kind : truth.replace('assumed', '').toLowerCase();
}

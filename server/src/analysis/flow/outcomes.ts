// SPDX-License-Identifier: MIT
import type { Outcome } from './frame';
import { contradicts, join, truthOf, type Value } from './values';

const MAX_OUTCOMES = 10;

/** Joins results that callers need not tell apart: same state of the world, same truth, same address spaces. */
export function mergeOutcomes(outcomes: readonly Outcome[]): Outcome[] {
  if (outcomes.length < 2) return [...outcomes];
  if (outcomes.some(({ state }) => state.joinsAll)) return mergeBy(outcomes, () => '', false);
  const merged = mergeBy(outcomes, (outcome) => `${outcome.state.key} ${classOf(outcome.value)}`, true);
  return merged.length <= MAX_OUTCOMES ? merged : mergeBy(merged, (outcome) => outcome.state.key, false);
}

function mergeBy(outcomes: readonly Outcome[], keyOf: (outcome: Outcome) => string, keepsSpaces: boolean): Outcome[] {
  const merged: { key: string; outcome: { state: Outcome['state']; value: Value } }[] = [];
  for (const outcome of outcomes) {
    const key = keyOf(outcome);
    const same = merged.find((other) => other.key === key && (!keepsSpaces || canJoin(other.outcome, outcome)))?.outcome;
    if (!same) merged.push({ key, outcome: { ...outcome } });
    else {
      same.state.absorb(outcome.state);
      same.value = join(same.value, outcome.value);
    }
  }
  return merged.map(({ outcome }) => outcome);
}

function canJoin(a: Outcome, b: Outcome): boolean {
  return a.state.aside || (!contradicts(a.value, b.value) && a.state.canAbsorb(b.state));
}

function classOf(value: Value): string {
  const truth = truthOf(value);
  return truth === 'either' ? value.kind : truth.replace('assumed', '').toLowerCase();
}

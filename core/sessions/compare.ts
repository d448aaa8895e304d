// SPDX-License-Identifier: MIT
import type { Assumption, Call, Expectation, LoadSession, Prediction } from '../model';
import { brokenAssumptions } from '../calls/assumptions';

/** `neverMade`: a predicted call that was not observed; `notPredicted`: an observed call without a prediction. */
export type Verdict = 'agree' | 'differ' | 'unknown' | 'neverMade' | 'notPredicted';

export interface ComparisonRow {
  readonly prediction: Prediction | null;
  readonly call: Call | null;
  readonly verdict: Verdict;
  /** `-14 EFAULT`, `4`, `25 (len)`, `unknown`, or an empty text */
  readonly predicted: string;
  readonly observed: string;
  /** What the prediction took for granted although it was not so. */
  readonly broken: readonly Assumption[];
}

/**
 * The number that "returns argument i" means for one call: its register when that was read from the kernel, else, for
 * an argument that is passed on unchanged, what the action handed to the device. Null when neither is known.
 */
function argumentValue(call: Call, expect: Extract<Expectation, { kind: 'argument' }>, session: LoadSession): number | null {
  const register = call.registers?.[expect.index];
  if (register) {
    const value = Number(BigInt.asIntN(64, BigInt(register.value)));
    return Number.isSafeInteger(value) ? value : null;
  }
  const isPassedOn = /^\w+$/.test(expect.value);
  return call.action === null || !isPassedOn ? null : (session.actions[call.action]?.deviceWrite?.bytes ?? null);
}

/** What a prediction means for one call (or for none yet): the number, null while unknown, and how to show it. */
function expected(prediction: Prediction, call: Call | null, session: LoadSession): { value: number | null; text: string } {
  const { expect } = prediction;
  switch (expect.kind) {
    case 'exact':
      return { value: expect.value, text: String(expect.value) };
    case 'errno':
      return { value: expect.value, text: `${expect.value} ${expect.name}` };
    case 'argument': {
      const value = call && argumentValue(call, expect, session);
      return { value, text: value === null ? expect.value : `${value} (${expect.value})` };
    }
    case 'unknown':
      return { value: null, text: 'unknown' };
  }
}

function observedText(call: Call): string {
  if (call.result === null) return `unknown: ${call.unknownBecause ?? 'the call has not returned'}`;
  return call.errno === null ? String(call.result) : `${call.result} ${call.errno}`;
}

/** One call beside its prediction; the session says what was handed to a device where no register was recorded. */
export function compareCall(prediction: Prediction | null, call: Call, session: LoadSession): ComparisonRow {
  const observed = observedText(call);
  if (!prediction) return { prediction, call, verdict: 'notPredicted', predicted: '', observed, broken: [] };
  const { value, text } = expected(prediction, call, session);
  const verdict = value === null || call.result === null ? 'unknown' : value === call.result ? 'agree' : 'differ';
  return { prediction, call, verdict, predicted: text, observed, broken: brokenAssumptions(prediction, call, session) };
}

/** A predicted call that was not observed. */
export function compareNeverMade(prediction: Prediction, session: LoadSession): ComparisonRow {
  return { prediction, call: null, verdict: 'neverMade', predicted: expected(prediction, null, session).text, observed: '', broken: [] };
}

/**
 * Sets each predicted call beside what the kernel returned: the calls in their order, then the predictions whose call
 * was never made. What is unknown never agrees.
 */
export function comparePredictions(session: LoadSession): ComparisonRow[] {
  const predictions = new Map(session.predictions.map((prediction) => [prediction.id, prediction]));
  const rows = session.calls.map((call) => compareCall(call.predictionId === null ? null : (predictions.get(call.predictionId) ?? null), call, session));
  const made = new Set(session.calls.map(({ predictionId }) => predictionId));
  return [...rows, ...session.predictions.filter(({ id }) => !made.has(id)).map((prediction) => compareNeverMade(prediction, session))];
}

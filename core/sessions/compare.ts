// SPDX-License-Identifier: MIT
import type { Call, LoadSession, Prediction } from '../model';

/** `neverMade`: a predicted call that was not observed; `notPredicted`: an observed call without a prediction. */
export type Verdict = 'agree' | 'differ' | 'unknown' | 'neverMade' | 'notPredicted';

export interface ComparisonRow {
  readonly prediction: Prediction | null;
  readonly call: Call | null;
  readonly verdict: Verdict;
  /** `-14 EFAULT`, `4`, `25 (len)`, `unknown`, or an empty text */
  readonly predicted: string;
  readonly observed: string;
}

/** Sets each predicted call beside what the kernel returned, in the order of the calls. What is unknown never agrees. */
export function comparePredictions(session: LoadSession): ComparisonRow[] {
  throw new Error(`not built yet: ${session.id}`);
}

// SPDX-License-Identifier: MIT
import type { Assumption, Call, LoadSession, Prediction } from '../model';

/** The task in which the module's init function runs. */
export const LOADER = 'insmod';

/** Whether what the host showed of the loader's descriptors keeps an assumption; null when that says nothing of it. */
function keeps(id: string, open: ReadonlySet<number>): boolean | null {
  const [, digits = '', kind] = /^descriptor-(\d{1,6})-(open|module|up-free)$/.exec(id) ?? [];
  const number = Number(digits);
  switch (kind) {
    case 'open':
      return open.has(number);
    case 'module': // the loader opens it after its descriptors were looked at: the lowest free number
      return !open.has(number) && Array.from({ length: number }, (_, lower) => lower).every((lower) => open.has(lower));
    case 'up-free':
      return [...open].every((other) => other < number);
    default:
      return null;
  }
}

/** What a prediction took for granted of a call's task and the host showed to be otherwise. */
export function brokenAssumptions(prediction: Prediction, call: Call, session: LoadSession): readonly Assumption[] {
  if (session.loaderDescriptors === undefined || call.task !== LOADER) return [];
  const open = new Set(session.loaderDescriptors.map(({ number }) => number));
  return prediction.assumes.filter(({ id }) => keeps(id, open) === false);
}

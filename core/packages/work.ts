// SPDX-License-Identifier: MIT
import { silentProgress, type Progress } from '../platform/progress';
import type { StartOptions } from '../platform/process';

/** What long work takes along. */
export interface WorkOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export const progressOf = (work: WorkOptions): Progress => work.progress ?? silentProgress;

/** The part of the options that a process takes. */
export const cancelOf = (work: WorkOptions): Pick<StartOptions, 'signal'> => (work.signal ? { signal: work.signal } : {});

/** `40 MB`, `928 kB`: decimal, as apt counts. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 999_500 ? `${Math.round(bytes / 1000)} kB` : `${Math.round(bytes / 1_000_000)} MB`;
}

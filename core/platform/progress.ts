// SPDX-License-Identifier: MIT

/** What long work says while it runs. Messages are short, present tense, without a full stop. */
export interface Progress {
  /** A new step, e.g. `Downloading linux-image-cloud-amd64 (40 MB)`. */
  step(message: string): void;
  /** Progress within the step, 0 to 1. */
  fraction?(done: number): void;
  /** A line for the log only. */
  log(line: string): void;
}

export const silentProgress: Progress = { step: () => undefined, log: () => undefined };

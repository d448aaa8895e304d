// SPDX-License-Identifier: MIT
import type { Call, KernelRecord, Prediction } from '../model';

export interface CallsFromLogOptions {
  readonly predictions: readonly Prediction[];
  /** Number of a syscall by name, null when there is none of that name. */
  readonly syscallNumber?: (name: string) => number | null;
}

/** Reads calls out of the module's own log lines (evidence `log`). Feed it every record of a session in order. */
export class CallsFromLog {
  constructor(private readonly options: CallsFromLogOptions) {}

  /** @param action index of the action that runs, null while init or exit runs */
  push(record: KernelRecord, action: number | null): Call | null {
    throw new Error(`not built yet: ${record.seq} ${String(action)} ${this.options.predictions.length}`);
  }
}

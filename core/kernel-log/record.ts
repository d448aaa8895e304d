// SPDX-License-Identifier: MIT
import type { KernelRecord } from '../model';

/** Parses lines of /dev/kmsg (Documentation/ABI/testing/dev-kmsg). */
export class RecordParser {
  constructor(private readonly onRecord: (record: KernelRecord) => void) {}

  push(line: string): void {
    throw new Error(`not built yet: ${line} ${String(this.onRecord)}`);
  }

  /** Delivers a record whose dictionary lines might still have come. */
  flush(): void {
    throw new Error('not built yet');
  }
}

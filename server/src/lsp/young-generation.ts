// SPDX-License-Identifier: MIT
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Length of a module's texts (UTF-16 units) from which on an edit leaves several times more garbage than V8's young generation takes at first. */
const LARGE = 128 * 1024;
/** Bytes of one half of the young generation then. */
const ROOM = 8 * 1024 * 1024;

/**
 * Gives V8's young generation as much room as edits need: with little, what an edit works with is copied time and again
 * and gets among what is collected rarely; with much, memory is taken that small modules do not need.
 */
export class YoungGeneration {
  private factor = 1;

  constructor() {
    this.growBy(1); // V8 heeds it while it runs; --max-semi-space-size only at its start
  }

  /** @param length of the texts of the module that was edited */
  fit(length: number): void {
    const factor = length < LARGE ? 1 : Math.ceil(ROOM / halfSize());
    if (factor !== this.factor) this.growBy(factor);
  }

  private growBy(factor: number): void {
    this.factor = factor;
    setFlagsFromString(`--semi-space-growth-factor=${factor}`);
  }
}

function halfSize(): number {
  const both = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
  return both === 0 ? ROOM : both / 2;
}

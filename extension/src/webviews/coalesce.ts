// SPDX-License-Identifier: MIT

const PAUSE_MS = 50;

/** Runs an update soon and at most every 50 ms, however often it is asked for: a burst of records is one message. */
export class Coalesced {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly update: () => void) {}

  request(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.update();
    }, PAUSE_MS);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}

// SPDX-License-Identifier: MIT
import type { Progress } from '../core/platform/progress';

/** Progress on standard error: one line a step, with the time it took once the next one begins. */
export class TerminalProgress implements Progress {
  private current: { readonly message: string; readonly since: number } | undefined;
  private shownPercent = -1;
  private readonly live: boolean;

  constructor(
    private readonly stream: NodeJS.WritableStream,
    private readonly verbose: boolean,
  ) {
    this.live = 'isTTY' in stream && stream.isTTY === true;
  }

  step(message: string): void {
    this.done();
    this.current = { message, since: performance.now() };
    this.shownPercent = -1;
    this.stream.write(this.live ? `  ${message}…` : `  ${message}…\n`);
  }

  fraction(done: number): void {
    if (!this.live || !this.current) return;
    const percent = Math.floor(Math.min(1, Math.max(0, done)) * 100);
    if (percent === this.shownPercent) return;
    this.shownPercent = percent;
    this.stream.write(`\r  ${this.current.message}… ${percent} %\u001b[K`);
  }

  log(line: string): void {
    if (!this.verbose) return;
    this.done();
    this.stream.write(`    ${line}\n`);
  }

  /** Ends the current step, so that other output can follow. */
  done(): void {
    if (!this.current) return;
    const { message, since } = this.current;
    this.current = undefined;
    if (this.live) this.stream.write(`\r  ${message} (${((performance.now() - since) / 1000).toFixed(1)} s)\u001b[K\n`);
  }
}

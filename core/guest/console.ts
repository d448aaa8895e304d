// SPDX-License-Identifier: MIT
import fs from 'node:fs';

const MAX_TAIL = 64 * 1024;
const MAX_FILE = 1024 * 1024;

/**
 * What a guest says on its serial console: kept in a file of at most 1 MiB (older text moves to `FILE.1`, which is
 * replaced), and the last 64 KiB in memory. A file that cannot be written any more is given up; the memory goes on.
 */
export class ConsoleLog {
  private fd: number | null;
  private written = 0;
  private recent = Buffer.alloc(0);

  constructor(private readonly file: string) {
    this.fd = fs.openSync(file, 'w', 0o600);
  }

  push(chunk: Buffer): void {
    this.recent = Buffer.concat([this.recent, chunk]).subarray(-MAX_TAIL);
    if (this.fd === null) return;
    try {
      if (this.written + chunk.length > MAX_FILE) this.rotate();
      fs.writeSync(this.fd, chunk);
      this.written += chunk.length;
    } catch {
      this.close();
    }
  }

  tail(): string {
    return this.recent.toString('utf8').replaceAll('\r\n', '\n');
  }

  /** The line with which the kernel says why it panicked, without its time; the first one, null when there is none. */
  get panic(): string | null {
    return /Kernel panic - not syncing: ?(.*)/.exec(this.tail())?.[0].trim() ?? null;
  }

  close(): void {
    if (this.fd !== null) fs.closeSync(this.fd);
    this.fd = null;
  }

  private rotate(): void {
    this.close();
    fs.renameSync(this.file, `${this.file}.1`);
    this.fd = fs.openSync(this.file, 'w', 0o600);
    this.written = 0;
  }
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { SessionEvent } from '../model';
import { LineSplitter } from '../platform/process';

const CHUNK_BYTES = 64 * 1024;

/** One line of a journal; null for a torn, foreign or empty one. */
export function parseJournalLine(line: string): SessionEvent | null {
  if (line === '') return null;
  try {
    const parsed = SessionEvent.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Reads a journal while another process may be writing it: each complete line once. */
export class JournalReader {
  private offset = 0;
  private ended = false;
  private readonly splitter = new LineSplitter((line) => this.acceptLine(line));

  constructor(
    private readonly file: string,
    private readonly onEvent: (event: SessionEvent) => void,
  ) {}

  /** Settles when the session has ended for good or `signal` aborts. */
  async follow(signal?: AbortSignal): Promise<void> {
    const folder = path.dirname(this.file);
    await new Promise<void>((resolve, reject) => {
      const watcher = fs.watch(folder, { persistent: true });
      const finish = (error?: unknown): void => {
        watcher.close();
        signal?.removeEventListener('abort', onAbort);
        if (error instanceof Error) reject(error);
        else resolve();
      };
      const onAbort = (): void => finish();
      const read = (): void => {
        try {
          this.readOn();
          if (this.ended) finish();
        } catch (error) {
          finish(error);
        }
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      watcher.on('error', finish);
      watcher.on('change', read);
      if (signal?.aborted) finish();
      else read();
    });
  }

  private readOn(): void {
    const fd = fs.openSync(this.file, 'r');
    try {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      for (;;) {
        const length = fs.readSync(fd, chunk, 0, chunk.length, this.offset);
        if (length === 0) return;
        this.offset += length;
        this.splitter.push(Buffer.from(chunk.subarray(0, length)));
      }
    } finally {
      fs.closeSync(fd);
    }
  }

  private acceptLine(line: string): void {
    const event = parseJournalLine(line);
    if (!event) return;
    this.ended = event.type === 'ended' && event.end.state !== 'loaded';
    this.onEvent(event);
  }
}

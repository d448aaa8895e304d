// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { SessionEvent, type LoadSession } from '../model';
import { LineSplitter } from '../platform/process';
import { SessionFold } from './journal';

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

/** The session that a journal tells of, read with everything else in between; null when it has no beginning. */
export async function foldGently(file: string, signal?: AbortSignal): Promise<LoadSession | null> {
  const fold = new SessionFold();
  const splitter = new LineSplitter((line) => {
    const event = parseJournalLine(line);
    if (event) fold.push(event);
  });
  for await (const chunk of fs.createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
    if (signal?.aborted) break;
    splitter.push(chunk as Buffer);
    await setImmediate(); // a stream that has its next chunk already would go on without a break
  }
  return fold.session();
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
      let reading: Promise<void> | null = null;
      let grown = false;
      const read = (): void => {
        grown = true;
        reading ??= (async () => {
          while (grown && !this.ended && !signal?.aborted) {
            grown = false;
            await this.readOn(signal);
          }
          reading = null;
          if (this.ended) finish();
        })().catch(finish);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      watcher.on('error', finish);
      watcher.on('change', read);
      if (signal?.aborted) finish();
      else read();
    });
  }

  /** Reads what was added, with everything else between two pieces. */
  private async readOn(signal?: AbortSignal): Promise<void> {
    const handle = await fs.promises.open(this.file, 'r');
    try {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      while (!signal?.aborted) {
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, this.offset);
        if (bytesRead === 0) return;
        this.offset += bytesRead;
        this.splitter.push(Buffer.from(chunk.subarray(0, bytesRead)));
      }
    } finally {
      await handle.close();
    }
  }

  private acceptLine(line: string): void {
    const event = parseJournalLine(line);
    if (!event) return;
    this.ended = event.type === 'ended' && event.end.state !== 'loaded';
    this.onEvent(event);
  }
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import type { LoadSession } from '../model';
import { parseJournalLine } from './journal-file';

/** What a list of sessions says of one. */
export interface SessionSummary {
  readonly id: string;
  readonly module: string;
  readonly host: string;
  readonly hostKind: LoadSession['host']['kind'];
  readonly kernel: string;
  readonly startedAt: string;
  readonly end: LoadSession['end'];
}

const HEAD_BYTES = 1024 * 1024;
const TAIL_BYTES = 64 * 1024;

export function summaryOf({ id, module, host, startedAt, end }: LoadSession): SessionSummary {
  return { id, module: module.name, host: host.name, hostKind: host.kind, kernel: host.kernel, startedAt, end };
}

/** Reads only the beginning and the end of a journal, which may be long; null when there is none or it has no beginning. */
export async function summaryOfJournal(file: string): Promise<SessionSummary | null> {
  const handle = await fs.promises.open(file, 'r').catch(() => null);
  if (!handle) return null;
  try {
    const { size } = await handle.stat();
    const head = await readText(handle, 0, Math.min(size, HEAD_BYTES));
    const started = parseJournalLine(head.split('\n', 1)[0] ?? '');
    if (started?.type !== 'started') return null;
    const from = Math.max(0, size - TAIL_BYTES);
    const tail = (await readText(handle, from, size - from)).split('\n');
    let end = started.session.end;
    for (const line of tail) {
      const event = line.includes('"ended"') ? parseJournalLine(line) : null;
      if (event?.type === 'ended') end = event.end;
    }
    return { ...summaryOf(started.session), end };
  } finally {
    await handle.close();
  }
}

async function readText(handle: fs.promises.FileHandle, position: number, length: number): Promise<string> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, position);
  return buffer.toString('utf8', 0, bytesRead);
}

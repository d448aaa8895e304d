// SPDX-License-Identifier: MIT
import type { KernelRecord } from '../model';

const MAX_TEXT = 16 * 1024;
const MAX_DICTIONARY_ENTRIES = 64;
const HEADER = /^(\d{1,10}),(\d{1,16}),(\d{1,16}),([^;]{0,512});/;

/** Undoes the kernel's `\xHH` escapes of control and non-ASCII bytes; the bytes are read as UTF-8. */
export function unescapeText(text: string): string {
  if (!text.includes('\\x')) return text;
  return text.replaceAll(/(?:\\x[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('\\x', ''), 'hex').toString('utf8'));
}

function parseHead(line: string): KernelRecord | null {
  const head = HEADER.exec(line);
  if (!head) return null;
  const [prefix, priority, seq, usec, flags] = head;
  const number = Number(priority);
  const record: KernelRecord = {
    seq: Number(seq),
    usec: Number(usec),
    level: number & 7,
    facility: Math.floor(number / 8),
    text: unescapeText(line.slice(prefix.length, prefix.length + MAX_TEXT)),
    continuation: /^[c+]/.test(flags ?? ''),
    dictionary: {},
  };
  return Number.isSafeInteger(record.seq) && Number.isSafeInteger(record.usec) ? record : null;
}

/**
 * Parses lines of /dev/kmsg (`prio,seq,usec,flags;text`, then ` KEY=value` lines; see Documentation/ABI/testing/dev-kmsg).
 * A record is delivered at the next record or at {@link RecordParser.flush}, since dictionary lines may follow its text.
 * What is no record is dropped.
 */
export class RecordParser {
  private pending: KernelRecord | null = null;

  constructor(private readonly onRecord: (record: KernelRecord) => void) {}

  push(line: string): void {
    if (line.startsWith(' ')) {
      this.addDictionaryLine(line.slice(1));
      return;
    }
    this.flush();
    this.pending = parseHead(line);
  }

  flush(): void {
    const record = this.pending;
    this.pending = null;
    if (record) this.onRecord(record);
  }

  private addDictionaryLine(entry: string): void {
    const equals = entry.indexOf('=');
    if (!this.pending || equals <= 0 || Object.keys(this.pending.dictionary).length >= MAX_DICTIONARY_ENTRIES) return;
    const key = unescapeText(entry.slice(0, equals));
    const value = unescapeText(entry.slice(equals + 1, equals + 1 + MAX_TEXT));
    this.pending = { ...this.pending, dictionary: { ...this.pending.dictionary, [key]: value } };
  }
}

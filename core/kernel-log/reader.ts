// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';
import type { Host } from '../hosts/host';
import { Failure, type Gap, type KernelRecord } from '../model';
import type { ProcessResult, RunningProcess } from '../platform/process';
import { RecordParser } from './record';

export const KERNEL_LOG = '/dev/kmsg';

const MARKER = 'kmodlab: session ';
const FACILITY_KERNEL = 0;
const MARKER_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 3_000;
const EXIT_UNREADABLE = 77;
const MAX_MARKERS = 10_000;

/**
 * Follows the log until standard input ends or a signal comes. One read of /dev/kmsg gives one record and needs room for
 * the longest (8192 bytes), hence `dd`. A reader that was overrun ends with EPIPE and starts again at the oldest record.
 * The trap goes by `$!`: a variable of ours would still name the reader before, when the signal comes right behind a start.
 * The reader gets KILL: in the moment before it becomes dd it is a shell that drops a TERM.
 */
const FOLLOW = `log=$1
command -v dd >/dev/null || exit ${EXIT_UNREADABLE}
exec 3<&0
( cat <&3 >/dev/null; kill $$ ) 2>/dev/null &
watcher=$!
trap '{ kill "$watcher"; kill -KILL "$!"; } 2>/dev/null; exit 0' TERM HUP
while ( : <"$log" ) 2>/dev/null; do
  dd if="$log" bs=8192 2>/dev/null 3<&- &
  wait "$!"
done
kill "$watcher"
exit ${EXIT_UNREADABLE}
`;

/** The line that a script writes into the kernel log so that its reader knows when everything before has arrived. */
export function markerText(sessionId: string, place: string): string {
  return `${MARKER}${sessionId} ${place}`;
}

export interface KernelLogOptions {
  readonly onRecord: (record: KernelRecord) => void;
  readonly onGap: (gap: Gap) => void;
  /** Told of every marker, in its place among the records. */
  readonly onMarker?: (text: string) => void;
  /** Told once when the log ends although nobody stopped it. */
  readonly onLost?: (failure: Failure) => void;
  /** Only what follows this record is delivered. */
  readonly sinceSeq?: number;
  /** Only what follows this marker is delivered. */
  readonly sinceMarker?: string;
}

interface Waiter {
  readonly resolve: (seq: number) => void;
  readonly reject: (failure: Failure) => void;
}

/** Follows the kernel log of a host: every record once, in order, with what was lost named by its sequence numbers. */
export class KernelLogReader {
  private readonly stdin = new PassThrough();
  private readonly process: RunningProcess;
  private readonly parser: RecordParser;
  private readonly waiters = new Map<string, Waiter[]>();
  private readonly seenMarkers = new Map<string, number>();
  private lastSeq: number | null;
  private delivering: boolean;
  private flushScheduled = false;
  private stopping = false;
  private lost: Failure | null = null;

  constructor(
    private readonly host: Host,
    private readonly options: KernelLogOptions,
  ) {
    this.lastSeq = options.sinceSeq ?? null;
    this.delivering = options.sinceMarker === undefined;
    this.parser = new RecordParser((record) => this.accept(record));
    this.process = host.start(['sh', '-c', FOLLOW, 'kmodlab-log', KERNEL_LOG], {
      stdin: this.stdin,
      onStdoutLine: (line) => this.acceptLine(line),
      maxOutputBytes: 0,
      asRoot: true,
    });
    this.process.result.then(
      (result) => this.ended(this.endedBecause(result)),
      (error: unknown) => this.ended(Failure.from(error)),
    );
  }

  /**
   * Waits until a marker has come by; gives its sequence number. Everything before it has been delivered then.
   * @throws Failure `host-lost`, `kernel-log-unreadable`, `kernel-log-silent`
   */
  waitForMarker(text: string): Promise<number> {
    const seen = this.seenMarkers.get(text);
    if (seen !== undefined) return Promise.resolve(seen);
    if (this.lost) return Promise.reject(this.lost);
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(this.silent()), MARKER_LIMIT_MS);
      const waiter: Waiter = {
        resolve: (seq) => {
          clearTimeout(limit);
          resolve(seq);
        },
        reject: (failure) => {
          clearTimeout(limit);
          reject(failure);
        },
      };
      this.waiters.set(text, [...(this.waiters.get(text) ?? []), waiter]);
    });
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.stdin.end();
    const limit = setTimeout(() => this.process.kill(), STOP_LIMIT_MS);
    await this.process.result.catch(() => undefined); // the host may be lost by now: then nothing is left to stop
    clearTimeout(limit);
  }

  private acceptLine(line: string): void {
    this.parser.push(line);
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => {
      this.flushScheduled = false;
      this.parser.flush();
    });
  }

  private accept(record: KernelRecord): void {
    if (this.lastSeq !== null && record.seq <= this.lastSeq) return;
    const missingFrom = this.lastSeq === null ? record.seq : this.lastSeq + 1;
    this.lastSeq = record.seq;
    if (this.delivering && record.seq > missingFrom) this.options.onGap({ from: missingFrom, to: record.seq - 1 });
    if (record.facility !== FACILITY_KERNEL && record.text.startsWith(MARKER)) this.acceptMarker(record.text, record.seq);
    else if (this.delivering) this.options.onRecord(record);
  }

  private acceptMarker(text: string, seq: number): void {
    if (text === this.options.sinceMarker) this.delivering = true;
    if (this.seenMarkers.size < MAX_MARKERS) this.seenMarkers.set(text, seq);
    this.options.onMarker?.(text);
    for (const waiter of this.waiters.get(text) ?? []) waiter.resolve(seq);
    this.waiters.delete(text);
  }

  private ended(why: Failure): void {
    this.parser.flush();
    this.lost = this.stopping ? Failure.cancelled('The kernel log is no longer followed.') : why;
    const waiters = [...this.waiters.values()].flat();
    this.waiters.clear();
    for (const waiter of waiters) waiter.reject(this.lost);
    if (!this.stopping) this.options.onLost?.(this.lost);
  }

  private endedBecause(result: ProcessResult): Failure {
    if (result.exitCode === EXIT_UNREADABLE) {
      return new Failure({
        code: 'kernel-log-unreadable',
        what: `The kernel log of ${this.host.name} cannot be read.`,
        why: `This user may not open ${KERNEL_LOG} there.`,
        next: 'Use an account that is root on that host.',
      });
    }
    return new Failure({
      code: 'host-lost',
      what: `The connection to ${this.host.name} was lost.`,
      why: 'Its kernel log ended although nobody stopped it.',
      next: 'Start the host again, then load the module again.',
      detail: `${result.stderr}\nexit code ${result.exitCode ?? 'none'}, signal ${result.signal ?? 'none'}`,
    });
  }

  private silent(): Failure {
    return new Failure({
      code: 'kernel-log-silent',
      what: `The kernel log of ${this.host.name} does not show what was written into it.`,
      why: 'Its kernel may have been told to ignore writes to /dev/kmsg (printk.devkmsg=off).',
      next: 'Set the sysctl kernel.printk_devkmsg to "on" on that host.',
    });
  }
}

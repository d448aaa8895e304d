// SPDX-License-Identifier: MIT
// What the extension and its webviews say to each other. Rows are pulled by range, never pushed whole.
import type { Action, HostIdentity, SessionEnd, SourceLine } from '../core/model';

/** Answers to requests that were made before `generation` changed are dropped by the view. */
interface Generation {
  readonly generation: number;
}

export interface RangeRequest extends Generation {
  readonly type: 'range';
  readonly from: number;
  readonly count: number;
}

export interface Rows<Row> extends Generation {
  readonly type: 'rows';
  readonly from: number;
  readonly rows: readonly Row[];
}

// Kernel Log

/** One line of the log. `usec` counts from the boot of the host, `baseUsec` is the first record of its session. */
export type LogRow =
  | { readonly kind: 'record'; readonly usec: number; readonly baseUsec: number; readonly level: number; readonly text: string; readonly first: boolean }
  | { readonly kind: 'gap'; readonly text: string }
  | { readonly kind: 'session'; readonly text: string; readonly mark: 'start' | 'end' | 'failed' };

export interface LogFilter {
  /** Lines that hold this text, any case; one that starts with `-` hides the lines that hold the rest. */
  readonly text: string;
  /** Least urgent level shown, 0 to 7. */
  readonly maxLevel: number;
}

export type KernelLogToHost =
  | { readonly type: 'ready'; readonly filter: LogFilter }
  | { readonly type: 'filter'; readonly filter: LogFilter }
  | RangeRequest
  | { readonly type: 'copy'; readonly from: number; readonly to: number }
  | { readonly type: 'clear' }
  | { readonly type: 'load' };

export type KernelLogToView =
  | (Generation & {
      readonly type: 'state';
      /** Rows that the filter lets through. */
      readonly shown: number;
      readonly total: number;
      /** A load may be started from here. */
      readonly canLoad: boolean;
    })
  | Rows<LogRow>
  | { readonly type: 'copied'; readonly lines: number };

// Syscall Results

/** `pending`: predicted and not made yet, while the module is still loaded. */
export type ShownVerdict = 'agree' | 'differ' | 'unknown' | 'notPredicted' | 'neverMade' | 'pending';

/** A value of a call, in the words it is shown with: `-14`, `EFAULT`, `Bad address`. */
export interface ShownValue {
  readonly text: string;
  readonly name: string | null;
  readonly meaning: string | null;
}

export interface CallRow {
  /** Time since the first record of the session, `+0.041 ms`; null when the call was never made. */
  readonly time: string | null;
  readonly task: string | null;
  readonly syscall: string;
  /** `(fd, buf, count)` */
  readonly signature: string;
  readonly predicted: ShownValue;
  readonly observed: ShownValue;
  readonly verdict: ShownVerdict;
  readonly evidence: string;
  readonly caller: string | null;
  readonly source: SourceLine | null;
}

export interface ArgumentRow {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly register: string;
  /** As read from the register; null when it was not recorded. */
  readonly value: string | null;
  /** What the syscall makes of it: `28`, `O_RDWR`, `kernel address (module)`; null with the value. */
  readonly meaning: string | null;
}

/** One thing known of a call, with its name: `Task`, `insmod`. */
export interface CallFact {
  readonly name: string;
  readonly text: string;
}

export interface CallDetails {
  readonly row: CallRow;
  /** What the predicted value means, where it is an argument of the call. */
  readonly expected: string | null;
  readonly because: string | null;
  readonly assumes: readonly string[];
  readonly facts: readonly CallFact[];
  readonly arguments: readonly ArgumentRow[];
  /** The kernel log line that says the result. */
  readonly logLine: string | null;
  /** What stands between this call and a full account of it (`registers were not recorded: …`). */
  readonly notes: readonly string[];
}

export interface ShownAction extends Pick<Action, 'stdin' | 'stdout' | 'stderr' | 'exitCode'> {
  readonly command: string;
  readonly at: string;
}

export interface ResultsSummary {
  readonly tone: 'good' | 'bad' | 'neutral';
  /** One glance: `6 of 6 calls as predicted`. */
  readonly headline: string;
  readonly detail: string;
  readonly counts: Readonly<Record<ShownVerdict, number>>;
}

export interface ResultsHeader {
  readonly module: string;
  readonly host: HostIdentity;
  readonly parameters: readonly string[];
  readonly startedAt: string;
  readonly end: SessionEnd | null;
  /** The end in a few words: `loaded`, `unloaded`, `refused by the kernel`. */
  readonly state: string;
  /** What went wrong, in the kernel's own words where it said any; null when nothing did. */
  readonly problem: string | null;
}

export type ResultsToHost =
  | { readonly type: 'ready' }
  | RangeRequest
  | { readonly type: 'details'; readonly index: number }
  | { readonly type: 'open'; readonly source: SourceLine }
  | { readonly type: 'load' }
  | { readonly type: 'showKernelLog' }
  | { readonly type: 'showLog' };

export type ResultsToView =
  | (Generation & { readonly type: 'empty'; readonly canLoad: boolean })
  | (Generation & {
      readonly type: 'session';
      /** Another session than the one shown before. */
      readonly isOther: boolean;
      readonly header: ResultsHeader;
      readonly summary: ResultsSummary;
      readonly calls: number;
      /** The call to select and bring into view; null leaves the selection to the person. */
      readonly select: number | null;
      readonly actions: readonly ShownAction[];
    })
  | Rows<CallRow>
  | (Generation & { readonly type: 'details'; readonly index: number; readonly details: CallDetails });

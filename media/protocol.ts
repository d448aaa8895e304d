// SPDX-License-Identifier: MIT
// What the extension and its webviews say to each other. Rows are pulled by range, never pushed whole.
import type { SourceLine } from '../core/model';
import type { CallFilter, Facet } from '../core/results/filter';
import type { CallDetails, CallRow, ResultsHeader, ResultsSummary, ShownAction, Timeline } from '../core/results/types';

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

export type ResultsToHost =
  | { readonly type: 'ready'; readonly filter: CallFilter }
  | { readonly type: 'filter'; readonly filter: CallFilter }
  | RangeRequest
  | (Generation & { readonly type: 'details'; readonly index: number })
  | { readonly type: 'selectCall'; readonly callId: string }
  | { readonly type: 'open'; readonly source: SourceLine }
  | { readonly type: 'export' | 'explain'; readonly index: number }
  | { readonly type: 'load' | 'openSession' | 'compare' | 'stopComparing' | 'showKernelLog' | 'showLog' };

/** What a person can choose calls by. */
export interface ResultsFacets {
  readonly syscalls: readonly Facet[];
  readonly tasks: readonly Facet[];
}

/** The two sessions of a comparison, in a word or two each. */
export interface ResultsComparison {
  readonly sessionId: string;
  /** The other session, which stands first. */
  readonly first: string;
  readonly second: string;
}

export type ResultsToView =
  | (Generation & { readonly type: 'empty'; readonly canLoad: boolean })
  | (Generation & { readonly type: 'reading'; readonly text: string })
  | (Generation & { readonly type: 'failed'; readonly what: string; readonly why: string; readonly next: string })
  | (Generation & {
      readonly type: 'session';
      readonly sessionId: string;
      /** Another session than the one shown before. */
      readonly isOther: boolean;
      readonly header: ResultsHeader;
      readonly summary: ResultsSummary;
      readonly comparison: ResultsComparison | null;
      /** Rows that the filter lets through, and all. */
      readonly shown: number;
      readonly total: number;
      /** Rows from here on may look otherwise than those that were sent; null when none does. */
      readonly changedFrom: number | null;
      /** Not every call has been looked at yet. */
      readonly busy: boolean;
      /** The row to select and bring into view; null leaves the selection to the person. */
      readonly select: number | null;
      /** What the rows were chosen by. */
      readonly filter: CallFilter;
      /** Null when they are as before. */
      readonly facets: ResultsFacets | null;
    })
  | { readonly type: 'timeline'; readonly timeline: Timeline | null }
  | { readonly type: 'actions'; readonly actions: readonly ShownAction[] }
  | Rows<CallRow>
  | (Generation & { readonly type: 'details'; readonly index: number; readonly details: CallDetails });

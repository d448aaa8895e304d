// SPDX-License-Identifier: MIT
import { MAX_ERRNO } from '../abi/errno';
import type { Call, Prediction } from '../model';

/** Which calls are shown. Empty texts and false let everything through. */
export interface CallFilter {
  /** In the syscall, the result, the caller, the task, the file and line; any case. */
  readonly text: string;
  readonly syscall: string;
  readonly task: string;
  /** Calls that returned an error. */
  readonly failed: boolean;
  /** Calls that came out otherwise than predicted, or than in the other session. */
  readonly differs: boolean;
}

export const NO_FILTER: CallFilter = { text: '', syscall: '', task: '', failed: false, differs: false };

/** @returns whether a call, or a prediction whose call was not made, is let through; `differs` as the table knows it */
export function filterOf(filter: CallFilter): (item: Call | Prediction | null, differs: boolean) => boolean {
  const needle = filter.text.trim().toLowerCase();
  return (item, differs) => {
    if (!item || (filter.differs && !differs) || (filter.syscall !== '' && item.syscall !== filter.syscall)) return false;
    const call = 'result' in item ? item : null;
    if (filter.task !== '' && call?.task !== filter.task) return false;
    if (filter.failed && !(call && isError(call))) return false;
    return needle === '' || searchText(item, call).toLowerCase().includes(needle);
  };
}

/** The call returned an error: -4095 to -1; what lies below is an address. */
export function isError({ result }: Pick<Call, 'result'>): boolean {
  return result !== null && result < 0 && result >= -MAX_ERRNO;
}

function searchText({ syscall, source, caller }: Call | Prediction, call: Call | null): string {
  return `${syscall}() ${call?.result ?? ''} ${call?.errno ?? ''} ${caller ?? ''} ${call?.task ?? ''} ${source ? `${source.file}:${source.line}` : ''}`;
}

/** A value that calls can be chosen by, with how many have it. */
export interface Facet {
  readonly value: string;
  readonly calls: number;
}

const MAX_VALUES = 200;

/** Counts the syscalls and tasks of calls: what a person can choose from. */
export class Facets {
  private readonly syscalls = new Map<string, number>();
  private readonly tasks = new Map<string, number>();

  add({ syscall, task }: Call): void {
    count(this.syscalls, syscall);
    if (task !== null) count(this.tasks, task);
  }

  clear(): void {
    this.syscalls.clear();
    this.tasks.clear();
  }

  lists(): { syscalls: Facet[]; tasks: Facet[] } {
    return { syscalls: sorted(this.syscalls), tasks: sorted(this.tasks) };
  }
}

function count(values: Map<string, number>, value: string): void {
  const calls = values.get(value);
  if (calls !== undefined || values.size < MAX_VALUES) values.set(value, (calls ?? 0) + 1);
}

function sorted(values: ReadonlyMap<string, number>): Facet[] {
  return [...values].map(([value, calls]) => ({ value, calls })).sort((one, other) => (one.value < other.value ? -1 : 1));
}

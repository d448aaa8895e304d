// SPDX-License-Identifier: MIT
import type { LoadSession } from '../../../core/model';
import { comparePredictions, type ComparisonRow, type Verdict } from '../../../core/sessions/compare';

/** A comparison of a call that was made. */
export type MadeCall = ComparisonRow & { readonly call: NonNullable<ComparisonRow['call']> };

/** A call in the source, with what came of it so far. */
export interface CallSite {
  /** From 1, in the file as it was built. */
  readonly line: number;
  readonly syscall: string;
  readonly count: number;
  readonly last: MadeCall;
  /** The last call of this site that returned something else than predicted. */
  readonly differing: MadeCall | null;
  readonly verdicts: ReadonlySet<Verdict>;
}

/** Sites by the file's path relative to the module's folder, in the order of their first calls. */
export type CallSites = ReadonlyMap<string, readonly CallSite[]>;

function isMade(row: ComparisonRow): row is MadeCall {
  return row.call !== null;
}

/** Where the calls of a session were made: calls of one syscall with one prediction on one line are one site. */
export function callSites(session: LoadSession): CallSites {
  const sites = new Map<string, CallSite>();
  const files = new Map<string, Set<string>>();
  for (const row of comparePredictions(session).filter(isMade)) {
    const { source, syscall, predictionId } = row.call;
    if (!source) continue;
    const key = JSON.stringify([source.file, source.line, syscall, predictionId]);
    const earlier = sites.get(key);
    sites.set(key, {
      line: source.line,
      syscall,
      count: (earlier?.count ?? 0) + 1,
      last: row,
      differing: row.verdict === 'differ' ? row : (earlier?.differing ?? null),
      verdicts: new Set(earlier?.verdicts).add(row.verdict),
    });
    files.set(source.file, (files.get(source.file) ?? new Set()).add(key));
  }
  return new Map([...files].map(([file, keys]) => [file, [...keys].flatMap((key) => sites.get(key) ?? [])]));
}

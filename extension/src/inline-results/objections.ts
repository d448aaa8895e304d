// SPDX-License-Identifier: MIT
import { visibleText, type SessionEnd } from '../../../core/model';
import type { CallSite, CallSites } from '../sessions/call-sites';
import { returned } from './inline-model';

/** What the kernel held against a line. */
export interface Objection {
  readonly file: string;
  /** From 1, in the file as it was built. */
  readonly line: number;
  readonly message: string;
  readonly code: 'prediction-differs' | 'kernel-fault';
}

/** Calls that returned something else than the analysis computed, where one of the two is wrong: at most one for each call site. */
export function disagreements(sites: CallSites): Objection[] {
  return [...sites].flatMap(([file, list]) => list.flatMap((site): Objection[] => (site.differing ? [{ file, line: site.line, message: messageOf(site, site.differing), code: 'prediction-differs' }] : [])));
}

/** The line where the kernel met a fatal error, when it named one. */
export function fatalErrors(end: SessionEnd | null): Objection[] {
  return end?.source ? [{ ...end.source, message: visibleText(`The kernel met a fatal error here: ${end.reason}`), code: 'kernel-fault' }] : [];
}

function messageOf({ syscall }: CallSite, row: NonNullable<CallSite['differing']>): string {
  const witness = row.call.evidence === 'probe' ? 'The kernel disagrees with the analysis here' : "The module's log line disagrees with the analysis here";
  const wrongly = row.broken.map(({ text }) => ` It took for granted that ${text}, and it was not so.`).join('');
  return visibleText(`${witness}: ${syscall}() predicted ${row.predicted}, returned ${returned(row)}.${wrongly}`);
}

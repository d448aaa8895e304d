// SPDX-License-Identifier: MIT
import { visibleText } from '../../../core/model';
import type { CallSite, CallSites } from '../sessions/call-sites';
import { returned } from './inline-model';

/** A call that returned something else than the analysis computed: one of the two is wrong. */
export interface Disagreement {
  readonly file: string;
  /** From 1, in the file as it was built. */
  readonly line: number;
  readonly message: string;
}

/** At most one for each call site. */
export function disagreements(sites: CallSites): Disagreement[] {
  return [...sites].flatMap(([file, list]) => list.flatMap((site) => (site.differing ? [{ file, line: site.line, message: messageOf(site, site.differing) }] : [])));
}

function messageOf({ syscall }: CallSite, row: NonNullable<CallSite['differing']>): string {
  const witness = row.call.evidence === 'probe' ? 'The kernel disagrees with the analysis here' : "The module's log line disagrees with the analysis here";
  const wrongly = row.broken.map(({ text }) => ` It took for granted that ${text}, and it was not so.`).join('');
  return visibleText(`${witness}: ${syscall}() predicted ${row.predicted}, returned ${returned(row)}.${wrongly}`);
}

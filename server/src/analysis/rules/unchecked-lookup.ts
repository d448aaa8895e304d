// SPDX-License-Identifier: MIT
import type { Finding } from '../../../../core/model/analysis';
import { quoteOf, rangeOf } from '../syntax/source';
import { lineText, related, type Rule } from './rule';

const EFFECT = { called: 'called', read: 'followed', written: 'written through' } as const;

/** The result of a lookup that is used as an address on a path on which the lookup found nothing. */
export const uncheckedLookup: Rule = (_calls, _program, { uncheckedUses }) => {
  const findings = new Map<string, Finding>();
  for (const { lookup, place, how } of uncheckedUses) {
    const finding: Finding = {
      rule: 'unchecked-lookup',
      severity: 'warning',
      file: place.file.path,
      range: rangeOf(place),
      message: `This address comes from ${quoteOf(lookup.span, 60)} (${lineText(lookup.span, place)}) and is NULL when that finds nothing, but it is ${EFFECT[how]} without a check: then the kernel oopses. Return an error such as -ENOENT instead.`,
      related: [related(lookup.span, 'It is looked up here, and may not be found.')],
    };
    findings.set(`${finding.file} ${place.start}`, finding);
  }
  return [...findings.values()];
};

// SPDX-License-Identifier: MIT
import type { Assumption, Expectation, Prediction, Report } from '../../../core/model/analysis';
import type { RecordedCall } from './flow/recorder';
import { lineOf } from './syntax/source';

const UNKNOWN: Expectation = { kind: 'unknown' };

/** One prediction for each call that the module can make, in program order. */
export function toPredictions(calls: readonly RecordedCall[], complete: boolean): Prediction[] {
  const used = new Map<string, number>();
  return calls.flatMap((call): Prediction[] => {
    if (!call.syscall || !call.reachable) return [];
    const source = { file: call.site.file.path, line: lineOf(call.site) };
    const name = `${source.file}:${source.line}:${call.syscall.name}`;
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    const { expect, assumes, because } = complete ? combine(call) : { expect: UNKNOWN, assumes: [], because: 'The module is too large to be followed.' };
    return [{ id: count === 1 ? name : `${name}:${count}`, source, caller: call.caller, syscall: call.syscall.name, expect, assumes, because, report: toReport(call) }];
  });
}

function toReport({ report }: RecordedCall): Report | null {
  if (!report) return null;
  const { site, format, conversion } = report.report;
  return { source: { file: site.file.path, line: lineOf(site) }, format, conversion };
}

function combine(call: RecordedCall): { expect: Expectation; assumes: Assumption[]; because: string } {
  const main = call.visits.filter((visit) => !visit.aside);
  const [first] = main;
  if (!first) return { expect: UNKNOWN, assumes: [], because: 'It is reached only if an earlier call returns something else than predicted.' };
  const same = main.every((visit) => JSON.stringify(visit.forecast.expect) === JSON.stringify(first.forecast.expect));
  if (!same) return { expect: UNKNOWN, assumes: [], because: 'It differs with the path that leads here.' };
  const assumes = first.forecast.expect.kind === 'unknown' ? [] : [...new Map(main.flatMap((visit) => visit.forecast.assumes).map((item) => [item.id, item])).values()];
  return { expect: first.forecast.expect, assumes, because: first.forecast.because };
}

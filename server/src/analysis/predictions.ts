// SPDX-License-Identifier: MIT
import type { Assumption, Expectation, Prediction, Report } from '../../../core/model/analysis';
import type { RecordedCall } from './flow/recorder';
import { PlaceMemory, type Places } from './place-memory';
import { lineOf } from './syntax/source';

const UNKNOWN: Expectation = { kind: 'unknown' };

/** The predictions of a module's calls. What it said of a call it remembers. */
export class Predictions {
  private readonly known = new PlaceMemory<RecordedCall, Prediction | null>();

  /** One for each call that the module can make, in program order. */
  of(calls: readonly RecordedCall[], complete: boolean, places: Places): Prediction[] {
    const used = new Map<string, number>();
    const predictions: Prediction[] = [];
    for (const call of calls) {
      const first = this.known.of(call, places, toPrediction);
      if (!first) continue;
      const count = (used.get(first.id) ?? 0) + 1;
      used.set(first.id, count);
      const prediction = complete ? first : { ...first, ...NOT_FOLLOWED };
      predictions.push(count === 1 ? prediction : { ...prediction, id: `${first.id}:${count}` });
    }
    return predictions;
  }
}

const NOT_FOLLOWED = { expect: UNKNOWN, assumes: [], because: 'The module is too large to be followed.' };

function toPrediction(call: RecordedCall): Prediction | null {
  if (!call.syscall || !call.reachable) return null;
  const source = { file: call.site.file.path, line: lineOf(call.site) };
  return { id: `${source.file}:${source.line}:${call.syscall.name}`, source, caller: call.caller, syscall: call.syscall.name, ...combine(call), report: toReport(call) };
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

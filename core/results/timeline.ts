// SPDX-License-Identifier: MIT
import { visibleText, type Call, type KernelRecord, type LoadSession, type Prediction } from '../model';
import { compareCall } from '../sessions/compare';
import { isError } from './filter';
import type { ShownVerdict, Timeline, TimelineLane, TimelineMark } from './types';
import { countText, shownDuration, shownResult, taskText, valueText } from './values';

/** Up to so many calls each one gets a bar of its own. */
const SINGLE_CALLS = 60;
/** Stretches of time that calls and records are gathered in when there are more. */
const COLUMNS = 240;
const MAX_LANES = 6;
const MAX_MARKS = 60;
const MAX_MARK_CHARS = 120;
/** What is said of a bar that stands for many calls: the worst of them. */
const RANK: Readonly<Record<ShownVerdict, number>> = { differ: 5, unknown: 3, notPredicted: 2, agree: 1, neverMade: 0, pending: 0 };

/** When the calls of a session were made, by task, with the kernel log's records; null when it made none. */
export function timelineOf(session: LoadSession): Timeline | null {
  const { calls, records } = session;
  const [first] = calls;
  if (!first) return null;
  const predictions = new Map(session.predictions.map((prediction) => [prediction.id, prediction]));
  let from = first.usec;
  let to = from;
  for (const call of calls) {
    from = Math.min(from, call.usec);
    to = Math.max(to, endOf(call));
  }
  const single = calls.length <= SINGLE_CALLS;
  const column = (usec: number): number => (single ? usec : Math.min(COLUMNS - 1, Math.floor(((usec - from) / Math.max(1, to - from)) * COLUMNS)));
  const { lanes, otherTasks } = lanesOf(session, predictions, single, column);
  return { from, to, lanes, otherTasks, marks: marksOf(records, from, to, column), single, text: textOf(calls.length, lanes.length + otherTasks, to - from) };
}

function endOf({ usec, durationUsec }: Call): number {
  return usec + Math.ceil(durationUsec ?? 0);
}

function textOf(calls: number, tasks: number, usec: number): string {
  return `${countText(calls, 'call')} of ${countText(tasks, 'task')} within ${shownDuration(usec)}`;
}

/** A bar as it is gathered, with the call that speaks for it. */
interface Gathered {
  readonly from: number;
  to: number;
  calls: number;
  call: Call;
  verdict: ShownVerdict;
  failed: boolean;
}

function lanesOf(session: LoadSession, predictions: ReadonlyMap<string, Prediction>, single: boolean, column: (usec: number) => number): { lanes: TimelineLane[]; otherTasks: number } {
  const lanes = new Map<string, Map<number | string, Gathered>>();
  const others = new Set<string>();
  for (const call of session.calls) {
    const task = `${call.task ?? ''} ${call.pid ?? ''}`;
    let bars = lanes.get(task);
    if (!bars && lanes.size < MAX_LANES) lanes.set(task, (bars = new Map<number | string, Gathered>()));
    if (!bars) {
      if (others.size < 1000) others.add(task);
      continue;
    }
    const { verdict } = compareCall(call.predictionId === null ? null : (predictions.get(call.predictionId) ?? null), call, session);
    const key = single ? call.id : column(call.usec);
    const known = bars.get(key);
    if (known) join(known, call, verdict);
    else bars.set(key, { from: call.usec, to: endOf(call), calls: 1, call, verdict, failed: isError(call) });
  }
  return { lanes: [...lanes.values()].map((bars) => laneOf([...bars.values()])), otherTasks: others.size };
}

function join(bar: Gathered, call: Call, verdict: ShownVerdict): void {
  bar.to = Math.max(bar.to, endOf(call));
  bar.calls++;
  bar.failed ||= isError(call);
  if (RANK[verdict] <= RANK[bar.verdict]) return;
  bar.verdict = verdict;
  bar.call = call;
}

function laneOf(bars: readonly Gathered[]): TimelineLane {
  const [first] = bars;
  return {
    task: (first && taskText(first.call)) ?? 'unknown task',
    bars: bars.map(({ call, ...bar }) => ({ ...bar, callId: call.id, label: bar.calls > 1 ? countText(bar.calls, 'call') : labelOf(call) })),
  };
}

function labelOf({ syscall, result }: Call): string {
  return visibleText(`${syscall}() = ${result === null ? '?' : valueText(shownResult(result))}`);
}

/** The records while calls were made; those that stand together are one mark with the most urgent of them. */
function marksOf(records: readonly KernelRecord[], from: number, to: number, column: (usec: number) => number): TimelineMark[] {
  const marks = new Map<number, TimelineMark>();
  for (const { usec, level, text } of records) {
    if (usec < from || usec > to) continue;
    const key = column(usec);
    const known = marks.get(key);
    if (!known && marks.size >= MAX_MARKS) continue;
    const shown = visibleText(text.length > MAX_MARK_CHARS ? `${text.slice(0, MAX_MARK_CHARS)}…` : text);
    if (!known) marks.set(key, { usec, level, records: 1, text: shown });
    else marks.set(key, { ...known, records: known.records + 1, ...(level < known.level ? { level, text: shown } : {}) });
  }
  return [...marks.values()];
}

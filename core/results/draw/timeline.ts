// SPDX-License-Identifier: MIT
import type { Timeline, TimelineBar, TimelineMark } from '../types';
import { shape, type Shape } from './shape';

const LANE = 30;
const BAR = 20;
const MARKS = 22;
const AXIS = 22;
const CHAR = 6.6;
const MIN_LABEL = 76;
/** Width that a stretch without events takes at least, and what it grows by with its length. */
const MIN_STEP = 5;

/** Places from left to right. */
interface Scale {
  /** Where a bar begins and ends. */
  readonly bar: (bar: TimelineBar) => readonly [from: number, to: number];
  readonly mark: (mark: TimelineMark) => number;
  /** Where a time may be written. */
  readonly ticks: readonly { readonly x: number; readonly usec: number }[];
}

/**
 * Draws a timeline, `width` pixels wide. Every bar carries `data-call`, the id of the call that a click selects.
 * Few calls: time runs slower where nothing happens, so that a call of microseconds can be seen beside a pause of seconds.
 */
export function drawTimeline(timeline: Timeline, width: number): Shape {
  const label = Math.min(width * 0.28, Math.max(...timeline.lanes.map(({ task }) => task.length * CHAR + 16), 70));
  const scale = timeline.single ? eventScale(timeline, label, width - 8) : linearScale(timeline, label, width - 8);
  const marksAt = timeline.lanes.length * LANE;
  const hasMarks = timeline.marks.length > 0;
  const axisAt = marksAt + (hasMarks ? MARKS : 0);
  const height = axisAt + AXIS;
  const lanes = timeline.lanes.flatMap(({ task, bars }, index) => [
    shape('line', { class: 'lane', x1: label, x2: width, y1: index * LANE + LANE / 2, y2: index * LANE + LANE / 2 }),
    shape('text', { class: 'task', x: 0, y: index * LANE + LANE / 2 + 4 }, clip(task, label - 8)),
    ...bars.map((bar) => drawBar(bar, index * LANE + (LANE - BAR) / 2, scale)),
  ]);
  const marks = hasMarks ? [shape('text', { class: 'task', x: 0, y: marksAt + 15 }, clip('kernel log', label - 8)), ...timeline.marks.map((mark) => drawMark(mark, marksAt, scale))] : [];
  const axis = drawAxis(timeline, scale, axisAt, label, width);
  return shape('svg', { class: 'timeline', viewBox: `0 0 ${Math.round(width)} ${height}`, width, height, role: 'img', 'aria-label': `Timeline: ${timeline.text}` }, ...lanes, ...marks, ...axis);
}

function linearScale({ from, to }: Timeline, left: number, right: number): Scale {
  const place = (usec: number): number => left + ((usec - from) / Math.max(1, to - from)) * (right - left);
  return {
    bar: (bar) => [place(bar.from), place(bar.to)],
    mark: ({ usec }) => place(usec),
    ticks: Array.from({ length: 6 }, (_, index) => from + ((to - from) * index) / 5).map((usec) => ({ x: place(usec), usec })),
  };
}

/** Something at a moment, with the room that it needs to its right. */
interface Moment {
  readonly usec: number;
  readonly room: number;
  x: number;
}

/** Between two events the width grows with the logarithm of the time between them; events of one moment stand in their order. */
function eventScale({ lanes, marks }: Timeline, left: number, right: number): Scale {
  const bars = lanes.flatMap((lane) => lane.bars);
  const ends = new Map<TimelineBar, readonly [Moment, Moment]>(bars.map((bar) => [bar, [{ usec: bar.from, room: bar.label.length * CHAR, x: left }, { usec: bar.to, room: 0, x: left }]]));
  const points = new Map<TimelineMark, Moment>(marks.map((mark) => [mark, { usec: mark.usec, room: 0, x: left }]));
  const moments = [...[...ends.values()].flat(), ...points.values()].sort((one, other) => one.usec - other.usec);
  const steps = moments.map((moment, index) => {
    const previous = moments[index - 1];
    return previous ? MIN_STEP + Math.log2(1 + moment.usec - previous.usec) + previous.room : 0;
  });
  const total = steps.reduce((sum, step) => sum + step, 0) || 1;
  let sum = 0;
  moments.forEach((moment, index) => (moment.x = left + ((sum += steps[index] ?? 0) / total) * (right - left - 4)));
  return {
    bar: (bar) => {
      const [from, to] = ends.get(bar) ?? [];
      return [from?.x ?? left, to?.x ?? left];
    },
    mark: (mark) => points.get(mark)?.x ?? left,
    ticks: [...ends.values()].map(([{ x, usec }]) => ({ x, usec })).sort((one, other) => one.x - other.x),
  };
}

function drawBar(bar: TimelineBar, y: number, scale: Scale): Shape {
  const [x, end] = scale.bar(bar);
  const width = Math.max(end - x, 3);
  const text = width > 26 ? clip(bar.label, width - 8) : '';
  return shape(
    'g',
    { class: `bar ${bar.verdict}${bar.failed ? ' failed' : ''}`, 'data-call': bar.callId },
    shape('title', {}, bar.label),
    shape('rect', { x, y, width, height: BAR, rx: 2 }),
    text === '' ? null : shape('text', { x: x + 5, y: y + 14 }, text),
  );
}

function drawMark(mark: TimelineMark, y: number, scale: Scale): Shape {
  const x = scale.mark(mark);
  const kind = mark.level <= 3 ? 'error' : mark.level === 4 ? 'warning' : 'info';
  const more = mark.records > 1 ? ` (${mark.records} records)` : '';
  return shape('g', { class: `mark ${kind}` }, shape('title', {}, `${mark.text}${more}`), shape('path', { d: `M${Math.round(x * 10) / 10} ${y + 6}l4 5-4 5-4-5z` }));
}

function drawAxis(timeline: Timeline, scale: Scale, y: number, left: number, width: number): Shape[] {
  const labels: Shape[] = [];
  let free = left;
  for (const { x, usec } of scale.ticks) {
    if (x < free || x > width - 56) continue;
    labels.push(shape('line', { class: 'tick', x1: x, x2: x, y1: y, y2: y + 4 }), shape('text', { class: 'time', x, y: y + 16 }, elapsed(usec - timeline.from)));
    free = x + MIN_LABEL;
  }
  return [shape('line', { class: 'axis', x1: left, x2: width, y1: y, y2: y }), ...labels];
}

/** Microseconds since the first call. */
function elapsed(usec: number): string {
  if (usec < 1000) return `+${Math.round(usec)} µs`;
  return usec < 1e6 ? `+${(usec / 1e3).toFixed(usec < 1e4 ? 2 : 1)} ms` : `+${(usec / 1e6).toFixed(2)} s`;
}

function clip(text: string, width: number): string {
  const chars = Math.floor(width / CHAR);
  return text.length <= chars ? text : chars < 3 ? '' : `${text.slice(0, chars - 1)}…`;
}

// SPDX-License-Identifier: MIT
// Syscall Results with 100,000 calls in a real browser: first paint, steps of scrolling and filtering, memory.
import type { CDPSession, Page } from 'playwright-core';
import { largeSession } from '../support/large-session';
import { median, milliseconds, type Figure } from './measure';
import { openResultsPage, type ResultsPage } from './results-page';

const CALLS = 100_000;
const MEGABYTE = 1024 * 1024;
/** How far one frame scrolls: a fast turn of the wheel. */
const STEP_PIXELS = 700;
const STEPS = 120;

/** Processor time that the page's main thread spent on script, style and layout, in milliseconds since it began. */
async function busyTime(cdp: CDPSession): Promise<number> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return (of('ScriptDuration') + of('LayoutDuration') + of('RecalcStyleDuration')) * 1000;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function figure(name: string, unit: Figure['unit'], values: readonly number[]): Figure {
  const round = (value: number): number => Math.round(value * 10) / 10;
  return { name, unit, value: round(median(values)), min: round(Math.min(...values)), max: round(Math.max(...values)), beside: null };
}

const NEXT_FRAME = 'new Promise((resolve) => requestAnimationFrame(resolve))';
/** One that hears of it and asks for rows, one that draws them, one that lays them out. */
const FRAMES_OF_A_STEP = 3;

/** The costliest frame of each of many steps: busy time between two animation frames, what `act` itself costs among it. */
async function frames(page: Page, cdp: CDPSession, act: (step: number) => string): Promise<number[]> {
  const costliest: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    let most = 0;
    for (let frame = 0; frame < FRAMES_OF_A_STEP; frame++) {
      const before = await busyTime(cdp);
      await page.evaluate(`${frame === 0 ? act(step) : ''}; ${NEXT_FRAME}`);
      most = Math.max(most, (await busyTime(cdp)) - before);
    }
    costliest.push(most);
  }
  return costliest;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Processor time of the thread, microseconds. */
  readonly tdur?: number;
}

/** Follows the tasks of the page's main thread; the returned function gives the most processor time that one took, in milliseconds. */
async function followTasks(cdp: CDPSession): Promise<() => Promise<number>> {
  const events: TraceEvent[] = [];
  cdp.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])));
  await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] } });
  return async () => {
    const complete = new Promise((resolve) => cdp.once('Tracing.tracingComplete', resolve));
    await cdp.send('Tracing.end');
    await complete;
    const main = events.find(({ name }) => name === 'FireAnimationFrame');
    const tasks = events.filter(({ name, pid, tid }) => name === 'RunTask' && pid === main?.pid && tid === main.tid);
    return Math.max(...tasks.map(({ tdur }) => tdur ?? 0)) / 1000;
  };
}

async function firstPaint(results: ResultsPage): Promise<number> {
  const session = largeSession(CALLS);
  return milliseconds(async () => {
    results.show(session);
    await results.page.waitForFunction(`document.querySelector('.grid-canvas .row .observed') !== null`, undefined, { polling: 'raf' });
  });
}

export async function viewFigures(runs: number): Promise<Figure[]> {
  const results = await openResultsPage();
  try {
    const { page } = results;
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
    const longestTask = await followTasks(cdp);
    const paints: number[] = [];
    for (let run = 0; run <= runs; run++) {
      const paint = await firstPaint(results);
      if (run > 0) paints.push(paint);
    }
    await page.waitForFunction(`/of|calls$/.test(document.querySelector('.filter .count').textContent) && !/so far/.test(document.querySelector('.filter .count').textContent)`);
    const scrolling = await frames(page, cdp, (frame) => `document.querySelector('.grid').scrollTop = ${frame * STEP_PIXELS}`);
    const jumps = await frames(page, cdp, (frame) => `document.querySelector('.grid').scrollTop = ${(frame * 7919 * 46) % (CALLS * 46)}`);
    const typed = 'efault write 14';
    const filtering = await frames(page, cdp, (frame) => `{ const box = document.querySelector('.filter .text'); box.value = ${JSON.stringify(typed)}.slice(0, ${frame % typed.length}); box.dispatchEvent(new Event('input')); }`);
    const longest = await longestTask();
    await cdp.send('HeapProfiler.collectGarbage');
    const { metrics } = await cdp.send('Performance.getMetrics');
    const heap = (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? 0) / MEGABYTE;
    const percentiles = (name: string, times: readonly number[]): Figure => ({ ...figure(`${name}: script and layout of the costliest frame of a step, 95th percentile`, 'ms', [quantile(times, 0.95)]), min: Math.round(Math.min(...times) * 10) / 10, max: Math.round(Math.max(...times) * 10) / 10 });
    return [
      figure('Syscall Results of 100,000 calls: data there to first rows painted', 'ms', paints),
      percentiles('scrolling through them', scrolling),
      percentiles('jumping about in them', jumps),
      percentiles('typing a filter', filtering),
      figure('longest task of the page, processor time', 'ms', [longest]),
      figure('memory of the page', 'MB', [heap]),
    ];
  } finally {
    await results.end();
  }
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** One figure, and what it is measured beside in the same run. */
export interface Figure {
  readonly name: string;
  readonly unit: 'ms' | 'MB' | 'calls' | 'lines';
  /** Median of the runs. */
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** Medians of its parts, in their order. */
  readonly stages?: Readonly<Record<string, number>>;
  readonly beside: { readonly name: string; readonly value: number; readonly min: number; readonly max: number; /** Median of the pairs' quotients, ours by theirs. */ readonly ratio: number } | null;
  readonly bound?: Bound;
}

/** What the figure, or its ratio, is to stay at or below. */
export interface Bound {
  readonly of: 'value' | 'ratio';
  readonly atMost: number;
  readonly isKept: boolean;
}

/** A figure that cannot be had here, and why. */
export interface NotMeasured {
  readonly name: string;
  readonly missing: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

async function timed(work: () => Promise<number>): Promise<number> {
  return Math.round((await work()) * 10) / 10;
}

/**
 * Measures two ways of doing the same in turn (ours, theirs, ours, theirs …), so that the machine's moods hit both.
 * Each function resolves to the milliseconds that count; a first pair is not counted.
 */
export async function inTurn(name: string, ours: () => Promise<number>, besideName: string, theirs: () => Promise<number>, runs: number): Promise<Figure> {
  const pairs: [number, number][] = [];
  for (let run = 0; run <= runs; run++) {
    const pair: [number, number] = [await timed(ours), await timed(theirs)];
    if (run > 0) pairs.push(pair);
  }
  const column = (index: 0 | 1): number[] => pairs.map((pair) => pair[index]);
  const spread = (values: number[]): { value: number; min: number; max: number } => ({ value: median(values), min: Math.min(...values), max: Math.max(...values) });
  const ratio = Math.round(median(pairs.map(([a, b]) => a / b)) * 1000) / 1000;
  return { name, unit: 'ms', ...spread(column(0)), beside: { name: besideName, ...spread(column(1)), ratio } };
}

export async function alone(name: string, work: () => Promise<number>, runs: number): Promise<Figure> {
  await work();
  const values: number[] = [];
  for (let run = 0; run < runs; run++) values.push(await timed(work));
  return { name, unit: 'ms', value: median(values), min: Math.min(...values), max: Math.max(...values), beside: null };
}

/** A figure of values that were counted elsewhere. */
export function counted(name: string, unit: Figure['unit'], values: readonly number[]): Figure {
  return { name, unit, value: median(values), min: Math.min(...values), max: Math.max(...values), beside: null };
}

export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** The figure with what its value, or its ratio, is to stay at or below. */
export function bounded(figure: Figure, of: Bound['of'], atMost: number): Figure {
  const value = of === 'value' ? figure.value : figure.beside?.ratio;
  if (value === undefined) throw new RangeError(`${figure.name} is measured beside nothing: it has no ratio`);
  return { ...figure, bound: { of, atMost, isKept: value <= atMost } };
}

/** A folder for one part of the benchmark; gone when the process ends. */
export function scratchFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-bench-'));
  process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

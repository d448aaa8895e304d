// SPDX-License-Identifier: MIT
// What an editor's user waits for: from a didChange that is written to its diagnostics that are read, over stdio.
import fs from 'node:fs';
import path from 'node:path';
import { generatedModule, randomFrom } from '../support/generated-module';
import { MeasuredServer } from '../support/measured-server';
import { scratchFolder, type Figure } from './measure';

const TYPED = ['\n\tlong checked = 0;', '\n\tif (checked)', '\n\t\treturn -EINVAL;'].join('');
const WARM_UP = 50;
/** How often memory is looked at. */
const ROUNDS = 2;

/** Types into one function after another, character by character, and takes each text out again. */
class Typist {
  private version = 1;
  private text: string;
  private readonly random = randomFrom(7);

  constructor(
    private readonly server: MeasuredServer,
    private readonly file: string,
    lines: number,
  ) {
    this.text = generatedModule(lines);
  }

  async open(): Promise<void> {
    fs.writeFileSync(this.file, this.text);
    await this.server.open(this.file, this.text);
  }

  /** Resolves to the milliseconds of each change. */
  async type(changes: number): Promise<number[]> {
    const times: number[] = [];
    while (times.length < changes) {
      const bodies = [...this.text.matchAll(/\)\n\{/g)];
      let at = bodies[Math.floor(this.random() * bodies.length)]!.index + 3;
      for (const character of TYPED) times.push(await this.change(at, at++, character));
      times.push(await this.change(at - TYPED.length, at, ''));
    }
    return times;
  }

  private async change(from: number, to: number, text: string): Promise<number> {
    const range = { start: this.position(from), end: this.position(to) };
    this.text = this.text.slice(0, from) + text + this.text.slice(to);
    const started = performance.now();
    await this.server.change(this.file, ++this.version, [{ range, text }]);
    return performance.now() - started;
  }

  private position(offset: number): { line: number; character: number } {
    const before = this.text.slice(0, offset).split('\n');
    return { line: before.length - 1, character: before.at(-1)!.length };
  }
}

function percentile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]! * 10) / 10;
}

async function typingFigures(folder: string, lines: number, changes: number): Promise<Figure[]> {
  const server = await MeasuredServer.start();
  try {
    const typist = new Typist(server, path.join(folder, `typed-${lines}.c`), lines);
    await typist.open();
    await typist.type(WARM_UP);
    const before = server.cpuMilliseconds;
    const times = await typist.type(changes);
    const cpu = Math.round(((server.cpuMilliseconds - before) / times.length) * 10) / 10;
    const least = percentile(times, 0);
    const most = percentile(times, 1);
    const name = `didChange to diagnostics, ${lines} lines`;
    return [
      { name: `${name}, p50`, unit: 'ms', value: percentile(times, 0.5), min: least, max: most, beside: null },
      { name: `${name}, p95`, unit: 'ms', value: percentile(times, 0.95), min: least, max: most, beside: null },
      { name: `${name}, CPU time of the server`, unit: 'ms', value: cpu, min: cpu, max: cpu, beside: null },
    ];
  } finally {
    await server.stop();
  }
}

function megabytes(name: string, values: readonly number[]): Figure {
  const rounded = values.map((value) => Math.round(value));
  return { name, unit: 'MB', value: rounded.at(-1)!, min: Math.min(...rounded), max: Math.max(...rounded), beside: null };
}

/** Resident memory with modules open, at first and along many edits. */
async function memoryFigure(folder: string, documents: number, lines: number, changes: number): Promise<Figure> {
  const server = await MeasuredServer.start();
  try {
    const typists: Typist[] = [];
    for (let index = 0; index < documents; index++) {
      const typist = new Typist(server, path.join(folder, `open-${lines}-${index}.c`), lines);
      await typist.open();
      typists.push(typist);
    }
    const sizes = [server.residentMegabytes];
    for (let round = 0; round < ROUNDS; round++) {
      for (const typist of typists) await typist.type(Math.ceil(changes / ROUNDS / documents));
      sizes.push(server.residentMegabytes);
    }
    return megabytes(`resident memory of the server, ${documents} × ${lines} lines open, after ${changes} edits (from when they were opened on: least, most)`, sizes);
  } finally {
    await server.stop();
  }
}

export async function editingFigures(runs: number): Promise<Figure[]> {
  const folder = scratchFolder();
  return [
    ...(await typingFigures(folder, 1300, runs * 40)),
    ...(await typingFigures(folder, 20_000, runs * 40)),
    await memoryFigure(folder, 10, 1300, runs * 40),
    await memoryFigure(folder, 1, 20_000, runs * 20),
  ];
}

// SPDX-License-Identifier: MIT
// npm run fuzz [-- --minutes N] [--seed N] [--max-cpu MS]: hostile texts and random edits, for as long as asked. What fails is kept in a file.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { loadAnalyzer } from '../../cli/analysis';
import type { SourceFile } from '../../core/model/analysis';
import { ROOT } from '../support/cli';
import { generatedModule } from '../support/generated-module';
import { analyseHostile, hostileText, onceEach } from './hostile';
import { editModules } from './incremental';
import { Chance } from './mutations';

/** Edits between two rounds of hostile texts. */
const EDITS_A_ROUND = 200;
const TEXTS_A_ROUND = 40;

function sourcesOf(folder: string): SourceFile[] {
  return fs.readdirSync(folder).filter((name) => /\.[ch]$/.test(name)).map((name) => ({ path: name, text: fs.readFileSync(path.join(folder, name), 'utf8') }));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' }, 'max-cpu': { type: 'string', default: '2000' } } });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const deadline = performance.now() + Number(values.minutes) * 60_000;
  const goesOn = (): boolean => performance.now() < deadline;
  const analyzer = await loadAnalyzer(path.join(ROOT, 'dist'));
  const fixtures = path.join(ROOT, 'test/fixtures/analysis');
  const modules = [path.join(ROOT, 'module'), ...fs.readdirSync(fixtures).map((name) => path.join(fixtures, name))].map(sourcesOf).filter((sources) => sources.length > 0);
  modules.push([{ path: 'gen.c', text: generatedModule(250, seed) }]);
  const texts = modules.flatMap((sources) => sources.map(({ text }) => text));
  const count = { texts: 0, edits: 0, slowest: 0 };
  const attempt = (text: string, chance: Chance): void => {
    try {
      count.slowest = Math.max(count.slowest, analyseHostile(analyzer, 'gen.c', text, chance, Number(values['max-cpu'])));
      count.texts++;
    } catch (error) {
      const file = path.join(os.tmpdir(), `kmodlab-fuzz-${seed}.c`);
      fs.writeFileSync(file, text);
      throw new Error(`seed ${seed}: the text is in ${file}`, { cause: error });
    }
  };
  console.log(`seed ${seed}`);
  const first = new Chance(seed);
  for (const text of onceEach(texts[0] ?? '')) attempt(text, first);
  for (let round = 1; goesOn(); round++) {
    const chance = new Chance(seed + round);
    for (let at = 0; at < TEXTS_A_ROUND && goesOn(); at++) attempt(hostileText(chance.one(texts), chance), chance);
    let edits = EDITS_A_ROUND;
    count.edits += editModules(analyzer, modules, seed + round, () => edits-- > 0 && goesOn());
  }
  analyzer.dispose();
  console.log(`${count.texts} hostile texts, ${count.edits} edits that gave what a fresh analysis gives; the slowest text took ${Math.round(count.slowest)} ms of CPU time`);
}

void main();

// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { Analyzer } from '../../../server/src/analysis';
import { editModules } from '../../fuzz/incremental';
import { ROOT } from '../../support/cli';
import { generatedModule } from '../../support/generated-module';
import { fixture, loadAnalyzer } from './helper';

/** `npm run fuzz` goes on for as long as it is asked to. */
const EDITS = 300;

describe('a module that is edited', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  it(`is told of after each of ${EDITS} random edits as if it were seen for the first time`, function () {
    this.timeout(300_000);
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`      seed ${seed}`);
    const device2 = fs.readdirSync(path.join(ROOT, 'module')).filter((name) => /\.[ch]$/.test(name)).map((name) => ({ path: name, text: fs.readFileSync(path.join(ROOT, 'module', name), 'utf8') }));
    const modules = [device2, ...['refused-write', 'descriptor-numbers', 'echo-device', 'work-item'].map(fixture), [{ path: 'gen.c', text: generatedModule(250, seed) }]];
    let left = EDITS;
    editModules(analyzer, modules, seed, () => left-- > 0);
  });
});

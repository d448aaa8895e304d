// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, SourceFile } from '../../core/model/analysis';
import type { Analyzer, FollowedModule } from '../../server/src/analysis';
import { Chance, edited } from './mutations';

export const TARGETS: readonly AnalysisTarget[] = [
  { arch: 'x86_64', kernel: '6.1.0' },
  { arch: 'arm64', kernel: null },
  { arch: 'i386', kernel: '5.10.0' },
];
/** Edits on one text until it is taken back to what it was. */
const EDITS_A_TEXT = 60;

/** Begins to look, and gives up after some steps, as when the next edit comes before the first is done with. */
function lookPartly(followed: FollowedModule, sources: readonly SourceFile[], steps: number): void {
  const look = followed.look(sources);
  for (let step = 0; step < steps; step++) if (look.next().done) return;
}

/**
 * Edits modules at random, and after each edit compares what is told of the followed module with what a fresh look at the
 * same text tells. Calls `tick` before each edit and stops when it says false; resolves to the number of edits.
 */
export function editModules(analyzer: Analyzer, modules: readonly (readonly SourceFile[])[], seed: number, tick: () => boolean): number {
  const chance = new Chance(seed);
  let edits = 0;
  for (;;) {
    const original = chance.one(modules);
    const target = chance.one(TARGETS);
    const followed = analyzer.follow(target);
    let sources = [...original];
    for (let step = 0; step < EDITS_A_TEXT; step++) {
      if (!tick()) return edits;
      const index = chance.below(sources.length);
      const before = sources;
      sources = sources.map((source, at) => (at === index ? { path: source.path, text: edited(source.text, chance) } : source));
      if (chance.below(8) === 0) lookPartly(followed, sources.map((source) => ({ path: source.path, text: edited(source.text, chance) })), chance.below(60));
      if (chance.below(10) === 0) sources = chance.below(2) === 0 ? [...original] : before;
      assert.deepEqual(followed.inspect(sources), analyzer.inspect(sources, target), `seed ${seed}, edit ${edits + 1}`);
      edits++;
    }
  }
}

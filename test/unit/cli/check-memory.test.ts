// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Checker } from '../../../cli/check/checker';
import type { Analyzer } from '../../../server/src/analysis';
import { DiskFiles } from '../../../server/src/workspace/source-files';

/** Notes what it is given, and finds nothing. */
class NotingAnalyzer {
  readonly given: WeakRef<object>[] = [];

  analyze(sources: object): { findings: []; predictions: [] } {
    this.given.push(new WeakRef(sources));
    return { findings: [], predictions: [] };
  }
}

describe('check over a tree', () => {
  it('keeps nothing of the folders that it is done with', async () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-check-'));
    try {
      const analyzer = new NotingAnalyzer();
      const report = { finding: () => undefined, note: () => undefined, end: () => undefined };
      const checker = new Checker({ analyzer: analyzer as unknown as Analyzer, files: new DiskFiles(), sizeOf: async () => Promise.resolve(1), report, target: {}, signal: new AbortController().signal, onFile: () => undefined });
      for (const name of ['a', 'b', 'c', 'd']) {
        const folder = path.join(root, name);
        fs.mkdirSync(folder);
        fs.writeFileSync(path.join(folder, `${name}.c`), `#include <linux/module.h>\nint ${name};\n`);
        await checker.checkFolder({ path: folder, files: [`${name}.c`] });
      }
      await setTimeout(0); // what a WeakRef was asked for lives as long as the job that asked
      setFlagsFromString('--expose-gc');
      (runInNewContext('gc') as () => void)();
      assert.deepEqual(analyzer.given.slice(0, -1).map((sources) => sources.deref()), [undefined, undefined, undefined]);
    } finally {
      fs.rmSync(root, { recursive: true });
    }
  });
});

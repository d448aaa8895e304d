// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { createAnalyzer, type Analyzer } from '../server/src/analysis';
import { Failure, type Predict } from '../core/model';

/** Loads the analysis with the parser files that lie beside the CLI. @throws Failure `installation-broken` */
export async function loadAnalyzer(distDir: string): Promise<Analyzer> {
  const read = (name: string): Promise<Uint8Array> => fs.readFile(path.join(distDir, name));
  try {
    const [runtimeWasm, grammarWasm] = await Promise.all([read('web-tree-sitter.wasm'), read('tree-sitter-c.wasm')]);
    return await createAnalyzer({ runtimeWasm, grammarWasm });
  } catch (error) {
    throw new Failure(
      {
        code: 'installation-broken',
        what: 'The C parser could not be loaded.',
        why: `Its files in ${distDir} are missing or damaged.`,
        next: 'Run npm run build, or install Kernel Module Lab anew.',
        detail: String(error),
      },
      { cause: error },
    );
  }
}

/** The analysis as core takes it. */
export function predictWith(analyzer: Analyzer): Predict {
  return (sources, target) => Promise.resolve(analyzer.analyze(sources, target));
}

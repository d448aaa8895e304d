// SPDX-License-Identifier: MIT
// The analysis of a module beside the compiler's own look at the same sources: what an editor waits for after a change.
import fs from 'node:fs';
import path from 'node:path';
import { loadAnalyzer } from '../../cli/analysis';
import { PackageStore } from '../../core/packages';
import { userDirs } from '../../core/platform/dirs';
import { run } from '../../core/platform/process';
import { copyOfModule, ROOT } from '../support/cli';
import { inTurn, milliseconds, type Figure } from './measure';

export async function analysisFigures(runs: number): Promise<Figure[]> {
  const folder = copyOfModule();
  const analyzer = await loadAnalyzer(path.join(ROOT, 'dist'));
  const { buildEnvironment } = await new PackageStore(userDirs()).provideKernel('6.1-cloud');
  try {
    const sources = fs.readdirSync(folder).filter((name) => /\.[ch]$/.test(name)).map((name) => ({ path: name, text: fs.readFileSync(path.join(folder, name), 'utf8') }));
    const target = { arch: 'x86_64', kernel: buildEnvironment.kernel } as const;
    const make = (...targets: string[]): { argv: string[]; env: NodeJS.ProcessEnv } =>
      buildEnvironment.wrap(['make', '-C', buildEnvironment.kernelDir, `M=${folder}`, ...buildEnvironment.makeArgs, ...targets], [folder]);
    const objects = sources.map(({ path: name }) => name).filter((name) => name.endsWith('.c')).map((name) => name.replace(/\.c$/, '.o'));
    const analysis = await inTurn(
      'analysis of the whole of device2, warm',
      () => milliseconds(() => Promise.resolve(analyzer.analyze(sources, target))),
      'compiling the same files by Kbuild',
      async () => {
        const clean = make('clean');
        await run(clean.argv, { env: clean.env });
        const compile = make(...objects);
        return milliseconds(() => run(compile.argv, { env: compile.env }));
      },
      runs,
    );
    return [analysis];
  } finally {
    analyzer.dispose();
    fs.rmSync(folder, { recursive: true });
  }
}

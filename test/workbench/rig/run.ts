// SPDX-License-Identifier: MIT
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { ExitCode } from '../../../core/model/failure';
import { Lifetime } from './lifetime';
import { readResult, runMocha, writeResult, type PartResult } from './results';
import { copyModule, ownFolders, ROOT } from './workspace';

const HERE = path.resolve(__dirname, '..');
const WORK = path.join(ROOT, '.cache/workbench');
const DRIVE_TIMEOUT_MS = 600_000;

const parts: Record<string, (signal: AbortSignal) => Promise<PartResult>> = {
  rig: (signal) => inNode('rig.test.ts', signal),
  suite: inExtensionHost,
  drive: (signal) => inNode('drive.test.ts', signal),
  ssh: (signal) => inNode('ssh.test.ts', signal),
  hosts: (signal) => inNode('hosts.test.ts', signal),
};

/**
 * Runs parts of the workbench tests, and leaves the counts in the file that KMODLAB_RESULT names.
 * @returns the exit code
 */
export async function main(names: readonly string[]): Promise<number> {
  const signal = interrupted();
  const total = { passed: 0, failed: 0, failures: [] as PartResult['failures'] };
  for (const name of names) {
    const part = parts[name];
    if (part === undefined) {
      console.error(`There is no part ${name}: choose from ${Object.keys(parts).join(', ')}.`);
      return ExitCode.usage;
    }
    const result = await part(signal);
    if (signal.aborted) return ExitCode.cancelled;
    total.passed += result.passed;
    total.failed += result.failed;
    total.failures = [...total.failures, ...result.failures];
  }
  const file = process.env['KMODLAB_RESULT'];
  if (file !== undefined) writeResult(file, total);
  console.log(`\nworkbench (${names.join(', ')}): ${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? ExitCode.ok : ExitCode.findings;
}

/** Aborted when the process is asked to end. Every such request becomes SIGINT, the one that runTests hands on to VS Code. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => controller.abort());
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.kill(process.pid, 'SIGINT'));
  return controller.signal;
}

function inNode(file: string, signal: AbortSignal): Promise<PartResult> {
  return runMocha([path.join(HERE, file)], (line) => console.log(line), DRIVE_TIMEOUT_MS, signal);
}

/**
 * Runs the suite inside VS Code's extension host, through @vscode/test-electron. `KMODLAB_CODE` names the executable
 * of a desktop VS Code, or is `download` for a fresh one; without it our stand-in runs, which needs no display.
 */
async function inExtensionHost(): Promise<PartResult> {
  const suiteDir = path.join(WORK, 'suite');
  fs.rmSync(suiteDir, { recursive: true, force: true });
  const sources = fs.readdirSync(path.join(HERE, 'suite')).filter((name) => name === 'index.ts' || name.endsWith('.test.ts'));
  await build({
    entryPoints: sources.map((name) => path.join(HERE, 'suite', name)),
    outdir: suiteDir,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
  });
  const lifetime = new Lifetime();
  const dir = lifetime.temporaryFolder('kmodlab-suite');
  const resultFile = path.join(dir, 'result.json');
  const executable = process.env['KMODLAB_CODE'] ?? path.join(HERE, 'code-host.mjs');
  const failures: PartResult['failures'][number][] = [];
  try {
    await runTests({
      ...(executable === 'download' ? {} : { vscodeExecutablePath: executable }),
      extensionDevelopmentPath: ROOT,
      extensionTestsPath: path.join(suiteDir, 'index.js'),
      extensionTestsEnv: { KMODLAB_SUITE_RESULT: resultFile, ...ownFolders(lifetime, dir), ...lifetime.env },
      launchArgs: [copyModule(dir), `--user-data-dir=${path.join(dir, 'user')}`, `--extensions-dir=${path.join(dir, 'extensions')}`],
    });
  } catch (error) {
    failures.push({ title: 'VS Code ends well', message: String(error) });
  }
  const result = readResult(resultFile);
  const killed = await lifetime.end();
  for (const command of killed) console.error(`workbench: had to kill ${command}`);
  if (killed.length > 0) failures.push({ title: 'no process is left behind', message: killed.join('\n') });
  return result.failed > 0 ? result : { ...result, failed: failures.length, failures };
}

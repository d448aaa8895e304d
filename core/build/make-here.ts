// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure } from '../model';
import { run, type ProcessResult } from '../platform/process';
import { CompilerAnswers } from './compiler-answers';
import { SYMVERS_FOLDER, type Made, type MakeJob } from './make';
import { mirrorFiles } from './mirror';

/** Variables of an outer make or of the user's language that would change what the tools do or say. */
const NOT_PASSED_ON = ['MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'MAKEOVERRIDES', 'LANGUAGE', 'KBUILD_OUTPUT', 'KBUILD_EXTMOD', 'O', 'M'];

function buildEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !NOT_PASSED_ON.includes(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

/** Some kernels' headers switch it off, as Ubuntu's do; without it no call has a line of the source. */
function lacksDebugInfo(kernelDir: string): boolean {
  const config = path.join(kernelDir, 'include/config/auto.conf');
  return fs.existsSync(config) && !/^CONFIG_DEBUG_INFO=y$/m.test(fs.readFileSync(config, 'latin1'));
}

function checkEnded(result: ProcessResult, program: string): void {
  if (result.cancelled) throw Failure.cancelled('The build was stopped.');
  if (!result.startError) return;
  throw new Failure({
    code: 'make-missing',
    what: 'The module was not built.',
    why: `The program ${program} cannot be started: ${result.startError.message}.`,
    next: 'Install make and gcc, then build again.',
  });
}

/**
 * Runs make on this machine, in a folder of the cache that is kept: only what changed is built again.
 * @throws Failure `cancelled`, `make-missing`, `disk-full`, `build-folder-unwritable`
 */
export async function makeHere(job: MakeJob): Promise<Made> {
  const { environment, folder, signal } = job;
  const buildDir = path.join(folder, job.place);
  const symvers = job.symvers.map((content, at) => [`${SYMVERS_FOLDER}/${at}`, content] as const);
  mirrorFiles(folder, new Map([...job.files, ...symvers]));
  const extra = symvers.length === 0 ? [] : [`KBUILD_EXTRA_SYMBOLS=${symvers.map(([name]) => path.join(folder, name)).join(' ')}`];
  const argv = ['make', '-C', environment.kernelDir, `M=${buildDir}`, `-j${os.availableParallelism()}`, '--output-sync=target', ...(job.keepGoing ? ['-k'] : []), ...extra, ...environment.makeArgs, 'modules'];
  const wrapped = environment.wrap(argv, [folder]);
  const answers = CompilerAnswers.beside(folder, environment, wrapped);
  const env = buildEnv(wrapped.env);
  if (lacksDebugInfo(environment.kernelDir)) env['KCFLAGS'] = `${env['KCFLAGS'] ?? ''} -g`;
  job.onFolder(buildDir);
  const result = await run(wrapped.argv, { env: answers?.env(env) ?? env, onStdoutLine: job.onLine, onStderrLine: job.onLine, maxOutputBytes: 0, ...(signal ? { signal } : {}) });
  answers?.keep();
  checkEnded(result, wrapped.argv[0] ?? 'make');
  const there = (file: string): string | null => (fs.existsSync(path.join(buildDir, file)) ? path.join(buildDir, file) : null);
  return { argv, exitCode: result.exitCode, buildDir, koPath: there(`${job.name}.ko`), symversPath: there('Module.symvers'), sourceRoot: buildDir };
}

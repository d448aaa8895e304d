// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { BuildEnvironment } from '../hosts/host';
import { Failure, type BuildDiagnostic, type BuildResult } from '../model';
import type { ModuleDescription } from '../modules/discover';
import { readSources, type SourceSnapshot } from '../modules/sources';
import type { Dirs } from '../platform/dirs';
import { takeLock } from '../platform/lock';
import { run, type ProcessResult } from '../platform/process';
import type { Progress } from '../platform/progress';
import { buildFolder, diskFull, mirrorSources } from './mirror';
import { BuildOutput } from './output';

export interface BuildRequest {
  readonly module: ModuleDescription;
  readonly environment: BuildEnvironment;
  readonly dirs: Dirs;
  /** The texts to build, read once; without it they are read from the module's folder now. */
  readonly snapshot?: SourceSnapshot;
  readonly onDiagnostic?: (diagnostic: BuildDiagnostic) => void;
  /** Every line that the tools print, with the build folder's paths. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface ModuleBuild extends BuildResult {
  /** The unstripped .ko, null when the build failed. */
  readonly koPath: string | null;
  readonly buildDir: string;
}

/** Variables of an outer make or of the user's language that would change what the tools do or say. */
const NOT_PASSED_ON = ['MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'MAKEOVERRIDES', 'LANGUAGE', 'KBUILD_OUTPUT', 'KBUILD_EXTMOD', 'O', 'M'];

function buildEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !NOT_PASSED_ON.includes(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
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
 * Builds a module for one kernel in a private folder of the cache, so that the user's folder stays as it is and builds
 * for several kernels do not meet. A module that does not compile is a result with `ok: false` and diagnostics, not an
 * exception. @throws Failure `cancelled`, `make-missing`, `disk-full`, `build-folder-unwritable`, and those of {@link readSources}
 */
export async function buildModule(request: BuildRequest): Promise<ModuleBuild> {
  const { module, environment, dirs, signal, progress } = request;
  const snapshot = request.snapshot ?? (await readSources(module, signal));
  const buildDir = buildFolder(dirs.cache, module, environment.kernel);
  const lockFile = path.join(dirs.runtime, 'locks', `build-${createHash('sha256').update(buildDir).digest('hex').slice(0, 16)}`);
  const lock = await takeLock(lockFile, { purpose: `building ${module.name}`, onBusy: () => true, ...(signal ? { signal } : {}) });
  try {
    progress?.step(`Building ${module.name} for ${environment.kernel}`);
    mirrorSources(buildDir, snapshot.buildFiles);
    return await runMake(request, snapshot, buildDir);
  } finally {
    lock.release();
  }
}

async function runMake(request: BuildRequest, snapshot: SourceSnapshot, buildDir: string): Promise<ModuleBuild> {
  const { module, environment, signal } = request;
  const output = new BuildOutput({
    buildDir,
    sources: snapshot.files,
    isBuildFile: (relative) => snapshot.buildFiles.has(relative),
    onDiagnostic: (diagnostic) => request.onDiagnostic?.(diagnostic),
  });
  const onLine = (line: string): void => {
    request.onLine?.(line);
    output.push(line);
  };
  const argv = ['make', '-C', environment.kernelDir, `M=${buildDir}`, `-j${os.availableParallelism()}`, '--output-sync=target', ...environment.makeArgs, 'modules'];
  const wrapped = environment.wrap(argv, [buildDir]);
  const result = await run(wrapped.argv, { env: buildEnv(wrapped.env), onStdoutLine: onLine, onStderrLine: onLine, maxOutputBytes: 256 * 1024, ...(signal ? { signal } : {}) });
  output.end();
  checkEnded(result, wrapped.argv[0] ?? 'make');
  if (output.diskFull) throw diskFull();
  const koPath = path.join(buildDir, `${module.name}.ko`);
  const ok = result.exitCode === 0 && fs.existsSync(koPath);
  if (!ok && !output.diagnostics.some(({ severity }) => severity === 'error')) output.push(`make: *** ${lastWords(result)}`); // every failed build names an error
  return { compiler: environment.compiler, argv, diagnostics: output.diagnostics, ok, koPath: ok ? koPath : null, buildDir };
}

/** What to say of a failed build in which no parser understood an error. */
function lastWords(result: ProcessResult): string {
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => line.trim() !== '' && !/: \*\*\* \[|: (?:Entering|Leaving) directory/.test(line));
  return lines.at(-1)?.trim() ?? `The build ended with ${result.exitCode ?? result.signal ?? 'no exit code'}.`;
}

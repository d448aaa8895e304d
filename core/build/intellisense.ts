// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import type { BuildEnvironment } from '../hosts/host';
import { Failure } from '../model';
import type { ModuleDescription } from '../modules/discover';
import { readSources } from '../modules/sources';
import type { Dirs } from '../platform/dirs';
import type { Progress } from '../platform/progress';
import { compileCommand, mergeCompileCommands, OUR_OUTPUT, type CompileCommand } from './compile-commands';
import { layOut } from './layout';
import { makeHere } from './make-here';
import { buildFolder } from './mirror';

export interface IntelliSenseRequest {
  readonly module: ModuleDescription;
  /** Of headers on this machine. */
  readonly environment: BuildEnvironment;
  readonly dirs: Dirs;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** What was done in the module's folder. */
export interface IntelliSense {
  /** Names of the files that were written or changed. */
  readonly written: readonly string[];
  /** Those that are somebody else's and stay as they are, with why, as a sentence. */
  readonly left: readonly { readonly file: string; readonly why: string }[];
  /** How many C files are described. */
  readonly sources: number;
}

const COMMANDS = 'compile_commands.json';
const CLANGD = '.clangd';
const MARK = '# Written by Kernel Module Lab. Without this line it stays as you make it.';

/** The options are clean in our own entries; these are for entries that the kernel's gen_compile_commands.py made. */
const CLANGD_TEXT = `${MARK}
CompileFlags:
  Add: [-Wno-unknown-warning-option, -Wno-gnu]
  Remove: [-fconserve-stack, -fno-allow-store-data-races, -fmin-function-alignment=*, -fzero-init-padding-bits=*, -fsanitize=*, -ftrivial-auto-var-init=*, -fstrict-flex-arrays=*, -fpatchable-function-entry=*, -falign-*, -mpreferred-stack-boundary=*, -mindirect-branch*, -mfunction-return=*, -mharden-sls=*, -mrecord-mcount, -mskip-rax-setup, -mno-fp-ret-in-387, -mstack-protector-guard*, -mabi=*, -pg, -mfentry]
Diagnostics:
  UnusedIncludes: None
  MissingIncludes: None
`;

/**
 * Writes compile_commands.json and .clangd for the modules of a folder, so that clangd and others understand them. The options
 * are those of kbuild itself, which is asked to compile empty files in place of the sources. What somebody else wrote stays.
 * @throws Failure `intellisense-failed`, `headers-not-here`, and those of reading sources and of make
 */
export async function writeIntelliSense(request: IntelliSenseRequest): Promise<IntelliSense> {
  const { module } = request;
  const commands = await askKbuild(request);
  const written: string[] = [];
  const left: { file: string; why: string }[] = [];
  const put = async (name: string, make: (before: string | null) => string | { why: string }): Promise<void> => {
    const file = path.join(module.folder, name);
    const before = await fs.readFile(file, 'utf8').catch((error: unknown) => (isMissing(error) ? null : Promise.reject(unwritable(file, error))));
    const text = make(before);
    if (typeof text !== 'string') left.push({ file: name, why: text.why });
    else if (text !== before) {
      await fs.writeFile(file, text).catch((error: unknown) => Promise.reject(unwritable(file, error)));
      written.push(name);
    }
  };
  await put(COMMANDS, (before) => mergeCompileCommands(before, commands) ?? { why: 'It is there already and is no list of compile commands.' });
  await put(CLANGD, (before) => (before === null || isOurs(before) ? CLANGD_TEXT : { why: 'It is there already, written by somebody else.' }));
  return { written, left, sources: commands.length };
}

/** Takes out what {@link writeIntelliSense} wrote, and nothing else. @returns names of the files that were removed or changed */
export async function removeIntelliSense(folder: string): Promise<string[]> {
  const changed: string[] = [];
  const commands = path.join(folder, COMMANDS);
  const before = (await fs.readFile(commands, 'utf8').catch(() => null)) ?? '';
  const rest = before.includes(`"${OUR_OUTPUT}`) ? mergeCompileCommands(before, []) : null;
  if (rest !== null) {
    await (rest === '' ? fs.rm(commands) : fs.writeFile(commands, rest));
    changed.push(COMMANDS);
  }
  const clangd = await fs.readFile(path.join(folder, CLANGD), 'utf8').catch(() => null);
  if (clangd !== null && isOurs(clangd)) {
    await fs.rm(path.join(folder, CLANGD));
    changed.push(CLANGD);
  }
  return changed;
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
const isOurs = (text: string): boolean => text.startsWith(MARK);

/** The command of each C file, as kbuild makes it. */
async function askKbuild({ module, environment, dirs, signal, progress }: IntelliSenseRequest): Promise<CompileCommand[]> {
  if (environment.host && environment.host.kind !== 'local') throw headersNotHere(module, environment);
  const snapshot = await readSources(module, signal);
  const { place, files } = layOut(module.folder, snapshot.buildFiles);
  const empty = new Map([...files].map(([name, content]) => [name, name.endsWith('.c') ? Buffer.alloc(0) : content]));
  const folder = buildFolder(dirs.cache, module.folder, `${environment.kernel}.intellisense`);
  let lastLine = '';
  progress?.step(`Asking kbuild of ${environment.kernel} how it compiles ${module.name}`);
  // modpost refuses modules without a licence, but only after all files were compiled
  const { buildDir } = await makeHere({ name: module.name, environment, folder, files: empty, place, symvers: [], keepGoing: true, onFolder: () => undefined, onLine: (line) => (lastLine = line), ...(signal ? { signal } : {}) });
  const commands: CompileCommand[] = [];
  for (const name of [...snapshot.buildFiles.keys()].filter((each) => each.endsWith('.c'))) {
    const cmd = await fs.readFile(path.join(buildDir, path.dirname(name), `.${path.basename(name, '.c')}.o.cmd`), 'utf8').catch(() => '');
    const command = compileCommand({ cmd, file: path.join(module.folder, name), buildDir, folder: module.folder, kernelDir: environment.kernelDir });
    if (command) commands.push(command);
  }
  if (commands.length > 0) return commands;
  throw new Failure({ code: 'intellisense-failed', what: `No compile commands were found for ${module.name}.`, why: `kbuild did not compile its files: ${lastLine}`, next: 'Build the module, and correct what is said of its Kbuild file.' });
}

function headersNotHere(module: ModuleDescription, { kernel, host }: BuildEnvironment): Failure {
  return new Failure({
    code: 'headers-not-here',
    what: `Nothing was written for ${module.name}.`,
    why: `The headers of ${kernel} are on ${host?.name ?? 'the host'}, not on this machine.`,
    next: 'Name a guest of a kernel near it, e.g. --host guest:newest-cloud.',
  });
}

function unwritable(file: string, cause: unknown): Failure {
  return new Failure({ code: 'file-unwritable', what: `${file} was not written.`, why: cause instanceof Error ? `${cause.message}.` : 'It cannot be written.', next: 'Check the file and its permissions.' }, { cause });
}

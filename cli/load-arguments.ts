// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { discoverModules, type ModuleDescription } from '../core/modules/discover';
import { readModuleInfo } from '../core/modules/modinfo';
import { ExitCode, Failure } from '../core/model';
import type { CliContext } from './context';

/** Splits `FOLDER name=value…` into the folder (default: the current one) and the module's parameters. */
export function splitParameters(positionals: readonly string[]): { folder: string; parameters: Record<string, string> } {
  const parameters: Record<string, string> = {};
  const folders: string[] = [];
  for (const word of positionals) {
    const match = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word);
    if (match?.[1] !== undefined) parameters[match[1]] = match[2] ?? '';
    else folders.push(word);
  }
  if (folders.length > 1) {
    throw new Failure({
      code: 'usage',
      what: `Only one folder can be named, not ${folders.length}.`,
      why: `${folders.join(', ')} were given.`,
      next: 'Name one folder; parameters are written NAME=VALUE.',
      exitCode: ExitCode.usage,
    });
  }
  return { folder: folders[0] ?? '.', parameters };
}

const SYSCALL = /^[a-z0-9_]{1,40}$/;

/** The names in `a,b`: syscalls to record besides the predicted ones. @throws Failure `usage` */
export function syscallNames(list: string | undefined): string[] {
  const names = (list ?? '').split(',').filter((name) => name !== '');
  const bad = names.find((name) => !SYSCALL.test(name));
  if (bad === undefined) return names;
  throw new Failure({
    code: 'usage',
    what: `${JSON.stringify(bad.slice(0, 40))} is no syscall.`,
    why: 'A syscall is named as in its manual page, e.g. write.',
    next: 'Name syscalls separated by commas.',
    exitCode: ExitCode.usage,
  });
}

/** The one module of a folder, or the one that `name` picks. @throws Failure `no-module`, `several-modules` */
export async function pickModule(folder: string, name: string | undefined, cwd: string, signal: AbortSignal): Promise<ModuleDescription> {
  const root = path.resolve(cwd, folder);
  const all = await discoverModules(root, { signal });
  const modules = name === undefined ? all : all.filter((module) => module.name === name);
  const [first] = modules;
  if (first && modules.length === 1) return first;
  const names = all.map((module) => module.name).join(', ');
  if (first) throw new Failure({ code: 'several-modules', what: `${root} holds several modules.`, why: `Its Kbuild files name ${names}.`, next: 'Pick one with --module NAME.', exitCode: ExitCode.usage });
  const isThere = await fs.access(root).then(
    () => true,
    () => false,
  );
  throw new Failure({
    code: 'no-module',
    what: name === undefined ? `${root} holds no kernel module.` : `${root} holds no module named ${name}.`,
    why: all.length > 0 ? `Its Kbuild files name ${names}.` : isThere ? 'No Kbuild or Makefile with obj-m was found there.' : 'There is no such folder.',
    next: 'Name the folder of a module.',
    exitCode: ExitCode.usage,
  });
}

/** What a command loads: a module that is built, or a .ko as it is. */
export interface LoadTarget {
  readonly module: ModuleDescription;
  readonly prebuilt: string | null;
}

type Place = Pick<CliContext, 'cwd' | 'signal'>;

/** The module of a folder, or the one of a .ko: with the sources beside it where a Kbuild file there names it. @throws Failure as {@link pickModule}, `not-a-module` */
export async function pickTarget(target: string, name: string | undefined, { cwd, signal }: Place): Promise<LoadTarget> {
  if (!target.endsWith('.ko')) return { module: await pickModule(target, name, cwd, signal), prebuilt: null };
  const prebuilt = path.resolve(cwd, target);
  const ko = await fs.readFile(prebuilt).catch((error: unknown) => {
    throw new Failure({ code: 'file-unreadable', what: `${prebuilt} was not loaded.`, why: 'It cannot be read.', next: 'Check the path.', exitCode: ExitCode.usage }, { cause: error });
  });
  const own = readModuleInfo(ko).name ?? path.basename(prebuilt, '.ko');
  const folder = path.dirname(prebuilt);
  const described = (await discoverModules(folder, { signal })).find((module) => module.folder === folder && module.name.replaceAll('-', '_') === own.replaceAll('-', '_'));
  return { module: described ?? { name: own, folder, kbuildFile: '', sources: [], headers: [] }, prebuilt };
}

/** The modules beside a module: those below the current folder where it lies there, else those of the folder above it. */
export function workspaceOf(module: ModuleDescription, { cwd, signal }: Place): Promise<ModuleDescription[]> {
  return discoverModules(module.folder.startsWith(`${path.resolve(cwd)}/`) ? cwd : path.dirname(module.folder), { signal });
}

/** The text of the file that --stdin names. @throws Failure `file-unreadable` */
export async function readInput(file: string): Promise<string> {
  return fs.readFile(file, 'utf8').catch((error: unknown) => {
    throw new Failure({ code: 'file-unreadable', what: `${file} was not read.`, why: 'It cannot be read here.', next: 'Check the path given with --stdin.', exitCode: ExitCode.usage }, { cause: error });
  });
}

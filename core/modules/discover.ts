// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../model';
import { parseKbuild, type KbuildFlags, type KbuildModule } from './kbuild';

/** A kernel module that a Kbuild file of the workspace describes. All relative paths use `/`. */
export interface ModuleDescription {
  readonly name: string;
  /** Absolute path of the folder that `make M=` takes. */
  readonly folder: string;
  /** `Kbuild` or `Makefile`, relative to the folder. */
  readonly kbuildFile: string;
  /** C files of the module, relative to the folder; `../` for those that lie beside it. */
  readonly sources: readonly string[];
  /** Files of the workspace that those include, relative to the folder; `../` for those that lie beside it. */
  readonly headers: readonly string[];
}

export interface DiscoverOptions {
  readonly signal?: AbortSignal;
  /** Told of everything that was not understood: nothing is ever evaluated. */
  readonly onSkipped?: (path: string, reason: string) => void;
}

const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', 'build', 'out']);
const MAX_DEPTH = 8;
const MAX_FOLDERS = 5_000;
const MAX_MODULES = 500;
const MAX_KBUILD_BYTES = 256 * 1024;
const MAX_SOURCE_BYTES = 4 * 1024 * 1024;
const MAX_HEADERS = 500;
const SOURCE_FILE = /\.(?:c|h|S|s|inc|def|inl|tbl)$/;

/** The text of a regular file of bounded size; null when there is none. */
export async function readText(file: string, maxBytes: number): Promise<string | null> {
  try {
    const stat = await fs.stat(file);
    return stat.isFile() && stat.size <= maxBytes ? await fs.readFile(file, 'utf8') : null;
  } catch {
    return null;
  }
}

/** Whether a path relative to the folder leads to a source in it or near it: headers of the kernel and files of other kinds are none of ours. */
function isNear(file: string): boolean {
  return !path.posix.isAbsolute(file) && !/^(?:\.\.\/){5}/.test(file) && !file.includes('\0') && SOURCE_FILE.test(file);
}

/** What the flags of a Kbuild file say of headers: folders to look in, and headers that come first. */
function includeFlags(flags: readonly KbuildFlags[]): { folders: string[]; forced: string[] } {
  const folders: string[] = [];
  const forced: string[] = [];
  for (const { words } of flags) {
    for (const [at, word] of words.entries()) {
      const [, option, joined = ''] = /^(-I|-iquote|-isystem|-include)(.*)$/.exec(word) ?? [];
      const value = joined === '' ? (words[at + 1] ?? '') : joined;
      if (option !== undefined && value !== '') (option === '-include' ? forced : folders).push(path.posix.normalize(value));
    }
  }
  return { folders, forced };
}

/** Files that the sources include, directly or through each other, as far as they lie in the folder or near it. */
async function findHeaders(folder: string, sources: readonly string[], flags: readonly KbuildFlags[]): Promise<string[]> {
  const { folders, forced } = includeFlags(flags);
  const found = new Set<string>();
  const missing = new Set<string>();
  const find = async (candidates: readonly string[]): Promise<string | null> => {
    for (const file of candidates) {
      if (!isNear(file) || missing.has(file)) continue;
      if (found.has(file) || sources.includes(file)) return null;
      if ((await readText(path.join(folder, file), MAX_SOURCE_BYTES)) !== null) return file;
      missing.add(file);
    }
    return null;
  };
  const toRead = [...sources];
  const accept = (header: string | null): void => {
    if (header === null) return;
    found.add(header);
    toRead.push(header);
  };
  for (const header of forced) accept(await find([header]));
  for (let file = toRead.pop(); file !== undefined && found.size < MAX_HEADERS; file = toRead.pop()) {
    const text = await readText(path.join(folder, file), MAX_SOURCE_BYTES);
    for (const [, quoted, system] of (text ?? '').matchAll(/^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]{1,255})"|<([^>\n]{1,255})>)/gm)) {
      const bases = quoted === undefined ? folders : [path.posix.dirname(file), ...folders];
      accept(await find(bases.map((base) => path.posix.join(base, quoted ?? system ?? ''))));
    }
  }
  return [...found].sort();
}

class Discovery {
  readonly modules: ModuleDescription[] = [];
  private folders = 0;

  constructor(private readonly options: DiscoverOptions) {}

  async visit(folder: string, depth: number): Promise<void> {
    if (this.options.signal?.aborted) throw Failure.cancelled('Looking for modules was stopped.');
    if (++this.folders > MAX_FOLDERS || this.modules.length >= MAX_MODULES) {
      if (this.folders === MAX_FOLDERS + 1) this.skip(folder, `More than ${MAX_FOLDERS} folders: the rest is not searched.`);
      return;
    }
    const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => []);
    const kbuildFile = ['Kbuild', 'Makefile'].find((name) => entries.some((entry) => entry.name === name && !entry.isDirectory()));
    if (kbuildFile !== undefined) await this.readKbuild(folder, kbuildFile);
    if (depth >= MAX_DEPTH) return;
    const children = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !SKIPPED_FOLDERS.has(entry.name));
    for (const child of children.map(({ name }) => name).sort()) await this.visit(path.join(folder, child), depth + 1);
  }

  private async readKbuild(folder: string, kbuildFile: string): Promise<void> {
    const file = path.join(folder, kbuildFile);
    const text = await readText(file, MAX_KBUILD_BYTES);
    if (text === null) {
      this.skip(file, 'It is no readable file of at most 256 KB.');
      return;
    }
    const { modules, flags, skipped } = parseKbuild(text);
    for (const reason of skipped) this.skip(file, reason);
    for (const module of modules) await this.describe(folder, kbuildFile, module, flags);
  }

  private async describe(folder: string, kbuildFile: string, module: KbuildModule, flags: readonly KbuildFlags[]): Promise<void> {
    const sources: string[] = [];
    for (const object of module.objects) {
      const source = `${object}.c`;
      if ((await readText(path.join(folder, source), MAX_SOURCE_BYTES)) !== null) sources.push(source);
      else this.skip(path.join(folder, kbuildFile), `${module.name} has a part without a C file: ${object}.o.`);
    }
    if (sources.length === 0) return;
    this.modules.push({ name: module.name, folder, kbuildFile, sources, headers: await findHeaders(folder, sources, flags) });
  }

  private skip(file: string, reason: string): void {
    this.options.onSkipped?.(file, reason);
  }
}

/** Finds the modules under a folder by reading its Kbuild files as text; runs nothing. @throws Failure `cancelled` */
export async function discoverModules(root: string, options: DiscoverOptions = {}): Promise<ModuleDescription[]> {
  const discovery = new Discovery(options);
  await discovery.visit(path.resolve(root), 0);
  return discovery.modules;
}

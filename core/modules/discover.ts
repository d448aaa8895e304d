// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../model';
import { parseKbuild, type KbuildModule } from './kbuild';

/** A kernel module that a Kbuild file of the workspace describes. All relative paths use `/`. */
export interface ModuleDescription {
  readonly name: string;
  /** Absolute path of the folder that `make M=` takes. */
  readonly folder: string;
  /** `Kbuild` or `Makefile`, relative to the folder. */
  readonly kbuildFile: string;
  /** C files of the module, relative to the folder. */
  readonly sources: readonly string[];
  /** Local files that those include (`"…"`) and that lie in the folder, relative to it. */
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

/** The text of a regular file of bounded size; null when there is none. */
async function readText(file: string, maxBytes: number): Promise<string | null> {
  try {
    const stat = await fs.stat(file);
    return stat.isFile() && stat.size <= maxBytes ? await fs.readFile(file, 'utf8') : null;
  } catch {
    return null;
  }
}

/** Local files that the sources include, directly or through each other, as far as they lie in the folder. */
async function findHeaders(folder: string, sources: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const toRead = [...sources];
  for (let file = toRead.pop(); file !== undefined && found.size < MAX_HEADERS; file = toRead.pop()) {
    const text = await readText(path.join(folder, file), MAX_SOURCE_BYTES);
    for (const [, included] of (text ?? '').matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"\n]{1,255})"/gm)) {
      const header = path.posix.join(path.posix.dirname(file), included ?? '');
      if (header.startsWith('../') || path.posix.isAbsolute(header) || found.has(header) || sources.includes(header)) continue;
      if ((await readText(path.join(folder, header), MAX_SOURCE_BYTES)) === null) continue;
      found.add(header);
      toRead.push(header);
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
    const { modules, skipped } = parseKbuild(text);
    for (const reason of skipped) this.skip(file, reason);
    for (const module of modules) await this.describe(folder, kbuildFile, module);
  }

  private async describe(folder: string, kbuildFile: string, module: KbuildModule): Promise<void> {
    const sources: string[] = [];
    for (const object of module.objects) {
      const source = `${object}.c`;
      if ((await readText(path.join(folder, source), MAX_SOURCE_BYTES)) !== null) sources.push(source);
      else this.skip(path.join(folder, kbuildFile), `${module.name} has a part without a C file: ${object}.o.`);
    }
    if (sources.length === 0) return;
    this.modules.push({ name: module.name, folder, kbuildFile, sources, headers: await findHeaders(folder, sources) });
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

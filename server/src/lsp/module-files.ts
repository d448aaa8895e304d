// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import type { SourceFile } from '../../../core/model/analysis';
import { parseKbuild } from '../../../core/modules/kbuild';

/** A file larger than this is not analysed. */
export const MAX_SOURCE_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 500;
/** Modules that a header is looked at with. */
const MAX_MODULES = 20;

/** The text of an open document by absolute path; undefined when it is not open. */
export type OpenText = (file: string) => string | undefined;

/** The files that are analysed together with one document: those of its module. */
export interface ModuleFiles {
  readonly folder: string;
  /** The document among the sources. */
  readonly own: string;
  readonly sources: readonly SourceFile[];
}

async function readDisk(file: string): Promise<string | undefined> {
  try {
    const stat = await fs.stat(file);
    return stat.isFile() && stat.size <= MAX_SOURCE_BYTES ? await fs.readFile(file, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

/**
 * C files of the modules that `name` may belong to, by the folder's Kbuild file: one for a `.c` file, all for a header.
 * The file alone when none names it.
 */
async function candidates(folder: string, name: string): Promise<string[][]> {
  const kbuild = (await readDisk(path.join(folder, 'Kbuild'))) ?? (await readDisk(path.join(folder, 'Makefile'))) ?? '';
  const groups = parseKbuild(kbuild).modules.map((module) => module.objects.map((object) => `${object}.c`));
  if (name.endsWith('.h')) return groups.length > 0 ? groups.slice(0, MAX_MODULES) : [[]];
  return [groups.find((files) => files.includes(name)) ?? [name]];
}

function localIncludes(file: SourceFile): string[] {
  const names = [...file.text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"\n]{1,255})"/gm)].map((match) => path.posix.join(path.posix.dirname(file.path), match[1] ?? ''));
  return names.filter((name) => !name.startsWith('../') && !path.posix.isAbsolute(name));
}

/**
 * Gathers the modules of a document: Kbuild siblings and the local headers they include, as open in the editor, else from
 * disk. A header belongs to every module that includes it, or stands alone. Runs nothing.
 * @param file absolute path of the document
 */
export async function gatherModules(file: string, open: OpenText): Promise<ModuleFiles[]> {
  const folder = path.dirname(file);
  const own = path.basename(file);
  const modules = await Promise.all((await candidates(folder, own)).map((files) => gather(folder, own, files, open)));
  const using = modules.filter((module) => module.sources.some((source) => source.path === own));
  return using.length > 0 ? using : [await gather(folder, own, [own], open)];
}

async function gather(folder: string, own: string, files: readonly string[], open: OpenText): Promise<ModuleFiles> {
  const sources = new Map<string, SourceFile>();
  const toRead = [...files];
  for (let name = toRead.shift(); name !== undefined && sources.size < MAX_FILES; name = toRead.shift()) {
    if (sources.has(name)) continue;
    const absolute = path.join(folder, name);
    const text = open(absolute) ?? (await readDisk(absolute));
    if (text === undefined) continue;
    const source = { path: name, text };
    sources.set(name, source);
    toRead.push(...localIncludes(source));
  }
  return { folder, own, sources: [...sources.values()] };
}

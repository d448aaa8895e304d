// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import type { SourceFile } from '../../../core/model/analysis';
import { parseKbuild } from '../../../core/modules/kbuild';

/** A file larger than this is not analysed. */
export const MAX_SOURCE_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 500;

/** The text of an open document by absolute path; undefined when it is not open. */
export type OpenText = (file: string) => string | undefined;

/** The files that are analysed together with one document: those of its module. */
export interface ModuleFiles {
  readonly folder: string;
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

/** C files of the module that `name` belongs to, by the folder's Kbuild file; the file alone when none names it. */
async function siblings(folder: string, name: string): Promise<string[]> {
  const kbuild = (await readDisk(path.join(folder, 'Kbuild'))) ?? (await readDisk(path.join(folder, 'Makefile'))) ?? '';
  const groups = parseKbuild(kbuild).modules.map((module) => module.objects.map((object) => `${object}.c`));
  if (name.endsWith('.h')) return groups.flat();
  return groups.find((files) => files.includes(name)) ?? [name];
}

function localIncludes(file: SourceFile): string[] {
  const names = [...file.text.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"\n]{1,255})"/gm)].map((match) => path.posix.join(path.posix.dirname(file.path), match[1] ?? ''));
  return names.filter((name) => !name.startsWith('../') && !path.posix.isAbsolute(name));
}

/**
 * Gathers the module of a document: its Kbuild siblings and the local headers they include, as open in the editor, else
 * from disk. Runs nothing.
 * @param file absolute path of the document
 */
export async function gatherModule(file: string, open: OpenText): Promise<ModuleFiles> {
  const folder = path.dirname(file);
  const own = path.basename(file);
  const sources = new Map<string, SourceFile>();
  const toRead = [own, ...(await siblings(folder, own))];
  for (let name = toRead.shift(); name !== undefined && sources.size < MAX_FILES; name = toRead.shift()) {
    if (sources.has(name)) continue;
    const absolute = path.join(folder, name);
    const text = open(absolute) ?? (await readDisk(absolute));
    if (text === undefined) continue;
    const source = { path: name, text };
    sources.set(name, source);
    toRead.push(...localIncludes(source));
  }
  return { folder, sources: [...sources.values()] };
}

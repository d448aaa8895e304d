// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import type { SourceFile } from '../model';
import type { ModuleDescription } from '../modules/discover';
import { maskC } from './parsers/place';

const EXPORT = /\bEXPORT_SYMBOL\w*\s*\(\s*([A-Za-z_]\w{0,255})/g;
const MAX_SOURCE_BYTES = 4 * 1024 * 1024;

async function exportsOf(module: ModuleDescription): Promise<Set<string>> {
  const names = new Set<string>();
  for (const source of module.sources) {
    const file = path.join(module.folder, source);
    const isReadable = await fs.stat(file).then((stat) => stat.isFile() && stat.size <= MAX_SOURCE_BYTES, () => false);
    const text = isReadable ? await fs.readFile(file, 'utf8').catch(() => '') : '';
    if (text.includes('EXPORT_SYMBOL')) for (const [, name = ''] of maskC(text).matchAll(EXPORT)) names.add(name);
  }
  return names;
}

/** Folders that lie between two of them. */
function distance(from: string, to: string): number {
  return path.relative(from, to).split(path.sep).length;
}

/** For each symbol the module that exports it, by the text of the sources; of several the one whose folder is nearest. */
export async function exportersOf(symbols: ReadonlySet<string>, modules: readonly ModuleDescription[], folder: string): Promise<ModuleDescription[]> {
  const nearest = [...modules].sort((a, b) => distance(folder, a.folder) - distance(folder, b.folder));
  const open = new Set(symbols);
  const found: ModuleDescription[] = [];
  for (const module of nearest) {
    if (open.size === 0) break;
    const names = [...(await exportsOf(module))].filter((name) => open.delete(name));
    if (names.length > 0) found.push(module);
  }
  return found;
}

/** Every name that sources use, outside comments and strings. */
export function namesIn(sources: readonly SourceFile[]): Set<string> {
  return new Set(sources.flatMap(({ text }) => maskC(text).match(/\b[A-Za-z_]\w*/g) ?? []));
}

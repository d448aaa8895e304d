// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileName, systemPath } from '../../server/src/workspace/file-names';

/** A folder with the names of its files, in order. */
export interface Folder {
  readonly path: string;
  readonly files: readonly string[];
}

const SKIPPED_FOLDERS = new Set(['node_modules']);
const MAX_DEPTH = 200;

/**
 * A folder and all below it, in the order of their names. Links to folders are not followed, so there are no loops; hidden
 * folders are passed over.
 * @param onUnreadable told of every folder that cannot be read
 */
export async function* walk(root: string, onUnreadable: (folder: string, error: unknown) => void): AsyncGenerator<Folder> {
  const toVisit = [{ folder: root, depth: 0 }];
  for (let next = toVisit.pop(); next; next = toVisit.pop()) {
    const { folder, depth } = next;
    try {
      const entries = (await fs.readdir(systemPath(folder), { withFileTypes: true, encoding: 'buffer' })).map((entry) => ({ entry, name: fileName(entry.name) }));
      entries.sort((a, b) => Buffer.compare(a.entry.name, b.entry.name));
      const isFolder = ({ entry, name }: (typeof entries)[number]): boolean => entry.isDirectory() && !name.startsWith('.') && !SKIPPED_FOLDERS.has(name);
      yield { path: folder, files: entries.filter(({ entry }) => entry.isFile() || entry.isSymbolicLink()).map(({ name }) => name) };
      if (depth === MAX_DEPTH) continue;
      const children = entries.filter(isFolder).map(({ name }) => ({ folder: path.join(folder, name), depth: depth + 1 }));
      toVisit.push(...children.reverse());
    } catch (error) {
      onUnreadable(folder, error);
    }
  }
}

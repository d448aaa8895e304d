// SPDX-License-Identifier: MIT
import path from 'node:path';

/** Characters of a folder's name that make and the shell lines of kbuild can carry. */
const USABLE = /^[A-Za-z0-9._+@-]+$/;

/** Where a module's files go in a private folder. */
export interface Layout {
  /** Folder of the module below the root, `.` for the root itself. */
  readonly place: string;
  /** By path relative to the root. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/**
 * Lays the files of a module out so that those outside of its folder (`../include/a.h`) are where it looks for them: the
 * folder lies as deep below the root as the farthest of them is above it, and under its own names.
 * @param files by path relative to the module's folder
 */
export function layOut(folder: string, files: ReadonlyMap<string, Buffer>): Layout {
  const levels = Math.max(0, ...[...files.keys()].map((name) => name.split('/').filter((part) => part === '..').length));
  const parts = levels === 0 ? [] : folder.split(/[/\\]/).filter((part) => part !== '').slice(-levels);
  const place = parts.map((part) => (USABLE.test(part) ? part : 'folder')).join('/');
  return { place: place === '' ? '.' : place, files: new Map([...files].map(([name, content]) => [path.posix.join(place, name), content])) };
}

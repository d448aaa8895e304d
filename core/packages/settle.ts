// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';

/** Top-level folders that Debian has merged into /usr; older packages still ship them. */
const merged = ['bin', 'sbin', 'lib', 'lib32', 'libx32', 'lib64'];

/** Where a path of the tree (absolute, the tree's root being `/`) lies after the merge. */
function mergedPath(file: string): string {
  return merged.includes(file.split('/')[1] ?? '') ? `/usr${file}` : file;
}

/**
 * Makes an unpacked set of packages usable at any place: everything lies under `usr/` (with links at the top, as
 * on an installed system), and no symbolic link leads out of the tree into the system.
 */
export function settle(root: string): void {
  const links = linksOf(root, '/');
  for (const name of merged) {
    const top = path.join(root, name);
    const below = path.join(root, 'usr', name);
    if (lstat(top)?.isDirectory() === true) mergeInto(top, below);
    if (lstat(top) === undefined && lstat(below) !== undefined) fs.symlinkSync(`usr/${name}`, top);
  }
  for (const { at, to } of links) {
    const file = path.join(root, mergedPath(at));
    fs.rmSync(file);
    fs.symlinkSync(path.relative(path.dirname(mergedPath(at)), mergedPath(to)) || '.', file);
  }
}

function lstat(file: string): fs.Stats | undefined {
  return fs.lstatSync(file, { throwIfNoEntry: false });
}

/** Symbolic links below a folder and what they mean, both as paths of the tree; the merged folders' own links excepted. */
function linksOf(root: string, folder: string): { at: string; to: string }[] {
  return fs.readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) return linksOf(root, at);
    if (!entry.isSymbolicLink() || (folder === '/' && merged.includes(entry.name))) return [];
    return [{ at, to: path.resolve(folder, fs.readlinkSync(path.join(root, at))) }];
  });
}

/** Moves the content of a folder into another and removes it; what exists there already stays. */
function mergeInto(from: string, to: string): void {
  fs.mkdirSync(to, { recursive: true });
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    const target = path.join(to, entry.name);
    const there = lstat(target);
    if (there === undefined) fs.renameSync(source, target);
    else if (entry.isDirectory() && there.isDirectory()) mergeInto(source, target);
  }
  fs.rmSync(from, { recursive: true, force: true });
}

// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../model';

const MANIFEST = '.kmodlab-mirror.json';

/** What was built of the modules of a folder, for all kernels: `CACHE/build/NAME-HASH`. */
export function buildRoot(cacheDir: string, folder: string): string {
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  return path.join(cacheDir, 'build', `${path.basename(folder).replaceAll(/[^A-Za-z0-9._+-]/g, '_')}-${hash}`);
}

/** The private folder in which the modules of a folder are built for one kernel, all of them together. */
export function buildFolder(cacheDir: string, folder: string, kernel: string): string {
  return path.join(buildRoot(cacheDir, folder), kernel.replaceAll(/[^A-Za-z0-9._+-]/g, '_'));
}

/** The files of the last mirror; null when there was none or it was left half done. */
function readManifest(folder: string): string[] | null {
  try {
    const parsed: unknown = JSON.parse(fs.readFileSync(path.join(folder, MANIFEST), 'utf8'));
    return Array.isArray(parsed) ? parsed.filter((entry) => typeof entry === 'string') : null;
  } catch {
    return null;
  }
}

function sameContent(file: string, content: Buffer): boolean {
  try {
    return fs.readFileSync(file).equals(content);
  } catch {
    return false;
  }
}

/**
 * Brings the build folder to the given texts. A file is written only when its content differs, so make builds again
 * exactly what changed, also when an older file came back; when one vanished the folder starts anew.
 * @throws Failure `disk-full`, `build-folder-unwritable`
 */
export function mirrorFiles(folder: string, files: ReadonlyMap<string, Buffer>): void {
  try {
    const before = readManifest(folder);
    if (!before || before.some((name) => !files.has(name))) fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const [name, content] of files) {
      const target = path.join(folder, name);
      if (sameContent(target, content)) continue;
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.writeFileSync(target, content);
    }
    fs.writeFileSync(path.join(folder, MANIFEST), JSON.stringify([...files.keys()]));
  } catch (error) {
    throw writeFailure(error);
  }
}

/** Why nothing could be written below the cache folder. */
export function writeFailure(error: unknown): Failure {
  if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return diskFull(error);
  return new Failure(
    {
      code: 'build-folder-unwritable',
      what: 'The module was not built.',
      why: error instanceof Error ? `${error.message}.` : 'Its build folder cannot be written.',
      next: 'Check the cache folder (KMODLAB_CACHE_DIR).',
    },
    { cause: error },
  );
}

export function diskFull(cause?: unknown): Failure {
  return new Failure(
    {
      code: 'disk-full',
      what: 'The module was not built.',
      why: 'The disk is full.',
      next: 'Free some space, then build again.',
    },
    { cause },
  );
}

/** Removes what was built of the modules of a folder, for all kernels. @returns how many bytes that were. @throws Failure `build-folder-unwritable` */
export function removeBuilds(cacheDir: string, folder: string): number {
  const root = buildRoot(cacheDir, folder);
  try {
    if (!fs.existsSync(root)) return 0;
    const sizes = fs.readdirSync(root, { recursive: true, withFileTypes: true }).map((entry) => (entry.isFile() ? fs.lstatSync(path.join(entry.parentPath, entry.name)).size : 0));
    fs.rmSync(root, { recursive: true });
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch (error) {
    throw writeFailure(error);
  }
}

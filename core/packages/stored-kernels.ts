// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { diskBytes } from '../platform/disk-bytes';

/** A kernel whose packages lie unpacked in the cache. */
export interface StoredKernel {
  /** `uname -r` */
  readonly release: string;
  readonly diskBytes: number;
}

interface StoredSet {
  readonly release: string;
  readonly folder: string;
}

/** Sets of packages are named `LABEL-HASH`; a kernel's label is `kernel-RELEASE`. */
function kernelSets(setsDir: string): StoredSet[] {
  const names = fs.existsSync(setsDir) ? fs.readdirSync(setsDir) : [];
  return names.flatMap((name) => {
    const release = /^kernel-(.+)-[0-9a-f]{16}$/.exec(name)?.[1];
    return release === undefined ? [] : [{ release, folder: path.join(setsDir, name) }];
  });
}

export async function listStoredKernels(setsDir: string): Promise<StoredKernel[]> {
  const bytes = new Map<string, number>();
  for (const { release, folder } of kernelSets(setsDir)) bytes.set(release, (bytes.get(release) ?? 0) + (await diskBytes(folder)));
  return [...bytes].map(([release, total]) => ({ release, diskBytes: total }));
}

/** Takes the packages of a kernel out of the cache: out of sight at once, so that nobody finds half of them. */
export async function removeStoredKernel(setsDir: string, makingDir: string, wanted: string): Promise<void> {
  fs.mkdirSync(makingDir, { recursive: true, mode: 0o700 });
  for (const { release, folder } of kernelSets(setsDir)) {
    if (release !== wanted) continue;
    const aside = fs.mkdtempSync(path.join(makingDir, 'removed-'));
    fs.renameSync(folder, path.join(aside, 'set'));
    await fs.promises.rm(aside, { recursive: true, force: true });
  }
}

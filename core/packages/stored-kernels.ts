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

/** `only`: the one release that is asked for. */
export async function listStoredKernels(setsDir: string, only?: string): Promise<StoredKernel[]> {
  const sets = kernelSets(setsDir).filter(({ release }) => only === undefined || release === only);
  const releases = [...new Set(sets.map(({ release }) => release))];
  return Promise.all(
    releases.map(async (release) => ({ release, diskBytes: await diskBytes(sets.filter((set) => set.release === release).map(({ folder }) => folder)) })),
  );
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

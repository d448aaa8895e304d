// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';

const BLOCK = 512;

/** What a file, or a folder with all below it, takes on disk; what disappears meanwhile counts nothing. Links are not followed. */
export async function diskBytes(at: string): Promise<number> {
  const stat = await fs.lstat(at).catch(() => null);
  if (stat === null) return 0;
  let bytes = stat.blocks * BLOCK;
  if (stat.isDirectory()) {
    for (const name of await fs.readdir(at).catch(() => [])) bytes += await diskBytes(path.join(at, name));
  }
  return bytes;
}

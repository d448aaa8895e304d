// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';

/** The repository. */
export const ROOT = path.resolve(__dirname, '../../..');

const BUILT = /\.(?:ko|o|mod|mod\.c|cmd|order|symvers)$/;

/**
 * Copies device2's sources below `dir`, without what a build left beside them, so that tests may break them.
 * @returns the copy
 */
export function copyModule(dir: string): string {
  const copy = path.join(dir, 'module');
  fs.cpSync(path.join(ROOT, 'module'), copy, { recursive: true, filter: (file) => !BUILT.test(file) });
  return copy;
}

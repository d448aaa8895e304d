// SPDX-License-Identifier: MIT
import fs from 'node:fs';

/** Milliseconds since a file or folder was changed; less than any number where there is none. */
export function fileAge(file: string): number {
  return Date.now() - (fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs';

/** Writes a file whole or not at all. @throws Error of the file system */
export function writeWhole(file: string, content: string | Uint8Array, options: { readonly mode?: number } = {}): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    fs.writeFileSync(temporary, content, options);
    fs.renameSync(temporary, file);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw error;
  }
}

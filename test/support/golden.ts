// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';

/** Compares a text with a committed file; `KMODLAB_UPDATE_GOLDEN=1` writes the file instead, to be reviewed. */
export function assertGolden(actual: string, file: string): void {
  if (process.env['KMODLAB_UPDATE_GOLDEN'] === '1') fs.writeFileSync(file, actual);
  assert.equal(actual, fs.readFileSync(file, 'utf8'));
}

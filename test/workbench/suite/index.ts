// SPDX-License-Identifier: MIT
// Loaded by VS Code inside its extension host.
import fs from 'node:fs';
import path from 'node:path';
import { runMocha, TEST_OUTPUT, writeResult } from '../rig/results';

const TIMEOUT_MS = 300_000;

export async function run(): Promise<void> {
  const resultFile = process.env['KMODLAB_SUITE_RESULT'];
  if (resultFile === undefined) throw new Error('KMODLAB_SUITE_RESULT does not name a file');
  const files = fs
    .readdirSync(__dirname)
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => path.join(__dirname, name));
  const result = await runMocha(files, (line) => console.log(TEST_OUTPUT + line), TIMEOUT_MS);
  writeResult(resultFile, result);
  if (result.failed > 0) throw new Error(`${result.failed} failed`);
}

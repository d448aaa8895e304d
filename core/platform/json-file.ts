// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type * as z from 'zod';
import { ensurePrivateDir } from './dirs';
import { writeWhole } from './whole-file';

const MAX_BYTES = 4 * 1024 * 1024;

/** The content of a small JSON file; null when it is not there, damaged or of another form. */
export function readJsonFile<T>(file: string, schema: z.ZodType<T>): T | null {
  try {
    if (fs.statSync(file).size > MAX_BYTES) return null;
    return schema.safeParse(JSON.parse(fs.readFileSync(file, 'utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/** Writes a JSON file of this user alone, whole or not at all. @throws Error of the file system */
export function writeJsonFile(file: string, content: unknown): void {
  ensurePrivateDir(path.dirname(file));
  writeWhole(file, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
}

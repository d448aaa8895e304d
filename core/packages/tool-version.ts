// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../model/failure';
import { run } from '../platform/process';
import { writeWhole } from '../platform/whole-file';
import { cancelOf, type WorkOptions } from './work';

export interface VersionQuestion {
  /** Asks for the version. */
  readonly argv: readonly string[];
  /** The program itself. */
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
  /** Its first group is the version. */
  readonly pattern: RegExp;
}

/**
 * The version that a program tells; null when it does not start, or says something else. What it said is remembered in `folder`
 * for as long as its file stays the same: to start QEMU and be told takes as long as a guest's kernel takes to wake up.
 * @throws Failure `cancelled`
 */
export async function toolVersion(question: VersionQuestion, folder: string, work: WorkOptions): Promise<string | null> {
  const { argv, file, env, pattern } = question;
  const { ino, size, mtimeMs, ctimeMs } = fs.statSync(file);
  const known = path.join(folder, createHash('sha256').update(JSON.stringify([argv, ino, size, mtimeMs, ctimeMs])).digest('hex').slice(0, 24));
  if (fs.existsSync(known)) return fs.readFileSync(known, 'utf8');
  const result = await run(argv, { ...cancelOf(work), env, timeoutMs: 30_000, maxOutputBytes: 65_536 });
  if (result.cancelled) throw Failure.cancelled('The tool is not ready.');
  const version = pattern.exec(`${result.stdout}\n${result.stderr}`)?.[1] ?? null;
  if (version !== null) remember(known, version);
  return version;
}

function remember(file: string, version: string): void {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeWhole(file, version, { mode: 0o600 });
  } catch {
    // It is asked again the next time.
  }
}

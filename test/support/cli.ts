// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { LoadSession } from '../../core/model';
import { run, type ProcessResult, type StartOptions } from '../../core/platform/process';

export const ROOT = path.resolve(__dirname, '../..');
const CLI = path.join(ROOT, 'dist', 'cli.js');

/** Guests and sessions of this test run, apart from those of whoever runs it. The packages' cache is shared. */
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-run-'));
process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
const SANDBOX = { KMODLAB_RUNTIME_DIR: path.join(scratch, 'run'), KMODLAB_STATE_DIR: path.join(scratch, 'state'), KMODLAB_FORBID_LOCAL: '1' };

/** Runs the built CLI as a user would. */
export function kmodlab(args: readonly string[], options: StartOptions = {}): Promise<ProcessResult> {
  return run([process.execPath, CLI, ...args], { ...options, env: { ...process.env, ...SANDBOX, ...options.env } });
}

/** A copy of module/ that a test may change; each edit must find its text. */
export function copyOfModule(edits: Readonly<Record<string, readonly (readonly [from: string, to: string])[]>> = {}): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-module-'));
  fs.cpSync(path.join(ROOT, 'module'), folder, { recursive: true });
  for (const [name, replacements] of Object.entries(edits)) {
    const file = path.join(folder, name);
    let text = fs.readFileSync(file, 'utf8');
    for (const [from, to] of replacements) {
      if (!text.includes(from)) throw new Error(`${name} does not contain ${JSON.stringify(from)}`);
      text = text.replaceAll(from, to);
    }
    fs.writeFileSync(file, text);
  }
  return folder;
}

export function parseSession(result: ProcessResult): LoadSession {
  if (result.stdout === '') throw new Error(`kmodlab printed no session; standard error:\n${result.stderr}`);
  return LoadSession.parse(JSON.parse(result.stdout));
}

/** What was not offered is skipped by its name; everything else is a failure. */
export function notOffered(result: ProcessResult): boolean {
  return result.exitCode === 3 && result.stderr.includes('is not offered');
}

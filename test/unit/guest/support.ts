// SPDX-License-Identifier: MIT
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Identity } from '../../../core/guest/agent-program';
import type { KeeperInputs } from '../../../core/guest/open';

/** A folder of this test alone, short enough for sockets. */
export function temporaryFolder(): { folder: string; remove: () => void } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kl-'));
  return { folder, remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}

/** A program that stands in for another one: a POSIX shell script, as an argument vector. */
export function fakeProgram(folder: string, name: string, script: string): { argv: string[]; env: Record<string, string> } {
  const file = path.join(folder, name);
  fs.writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { argv: [file], env: {} };
}

/** Keys of a guest that does not look at them. */
export const NOBODY: Identity = { hostKey: Buffer.alloc(83), authorizedKey: Buffer.alloc(89) };

/** What a fake QEMU does after its start: says that the guest is ready, and runs until it is killed. */
export const READY_AND_RUN = 'echo KMODLAB-READY; exec sleep 1000';

/** Boots `qemu` with an image that is not there. */
export function fakeInputs(folder: string, qemu: { argv: string[]; env: Record<string, string> }, bootTimeoutMs = 20_000): KeeperInputs {
  const machine = { qemu, qemuVersion: '7.2', accelerator: 'tcg' as const, memoryMiB: 256, cpus: 1, kernel: '/no/kernel', initrd: '/no/image', bootTimeoutMs };
  return { kernelRelease: '6.1.0-0-fake', machine, statesDir: null, kvmDir: null, hangSeconds: 1000 };
}

/** The keeper's program, straight from its source. */
export function keeperFromSource(folder: string): string {
  const file = path.join(folder, 'keeper.mjs');
  const load = (target: string): string => `await import(${JSON.stringify(pathToFileURL(target).href)});\n`;
  fs.writeFileSync(file, load(require.resolve('tsx')) + load(path.resolve('core/guest/keeper-main.ts')));
  return file;
}

/**
 * A line through which a test learns that a process has begun and that it has ended, however that was. `shell` opens
 * it in a fake program; `closed` resolves when the last process that has it open is gone.
 */
export function lifeline(folder: string): { shell: string; opened: Promise<void>; closed: Promise<void> } {
  const fifo = path.join(folder, 'lifeline');
  execFileSync('mkfifo', [fifo]);
  const reader = spawn('cat', [fifo], { stdio: ['ignore', 'pipe', 'inherit'] });
  return {
    shell: `exec 9>${fifo}; echo open >&9`,
    opened: new Promise((resolve) => reader.stdout.once('data', () => resolve())),
    closed: new Promise((resolve) => reader.on('exit', () => resolve())),
  };
}

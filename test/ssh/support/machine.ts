// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from 'node:child_process';
import { pickPort } from '../../../core/platform/loopback';
import { READY_LINE } from '../../../core/guest/agent-program';
import { qemuArguments } from '../../../core/guest/qemu';
import type { ProvidedTool } from '../../../core/packages';
import { LineSplitter } from '../../../core/platform/process';

const BOOT_MS = 120_000;

export interface TestMachine {
  /** Loopback port that leads to its sshd. */
  readonly port: number;
  /** Resolves when it has come up once more, after a reboot. */
  nextBoot(): Promise<void>;
  end(): Promise<void>;
}

export interface MachineParts {
  readonly kernel: string;
  readonly initrd: string;
  readonly memoryMiB: number;
  readonly cpus: number;
  /** A file that it sees as a disk, which it cannot write to; null: it has none. */
  readonly disk: string | null;
}

/** Boots a machine that, unlike the product's guest, comes up again when its kernel reboots; resolves when its sshd answers. */
export async function bootMachine(qemu: ProvidedTool, { disk, ...parts }: MachineParts): Promise<TestMachine> {
  const port = await pickPort();
  const program = { argv: [...qemu.argv], env: { ...qemu.env } };
  const argv = qemuArguments({ qemu: program, qemuVersion: qemu.version, accelerator: 'tcg', ...parts, bootTimeoutMs: BOOT_MS }, { kind: 'plain' }, port).filter((argument) => argument !== '-no-reboot');
  if (disk !== null) argv.push('-drive', `file=${disk.replaceAll(',', ',,')},if=none,id=disk,format=raw,readonly=on`, '-device', 'virtio-blk-pci,drive=disk');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...program.argv, ...argv], { env: { ...process.env, ...program.env }, stdio: ['ignore', 'pipe', 'inherit', 'pipe'] }); // the fourth: the port of an agent that it does not have
  let console = '';
  let boots = 0;
  const waiting = new Map<number, () => void>();
  const lines = new LineSplitter((line) => {
    console = `${console}${line}\n`.slice(-16_384);
    if (!line.includes(READY_LINE)) return;
    boots += 0.5; // the line is said twice
    waiting.get(Math.floor(boots))?.();
  });
  child.stdout?.on('data', (chunk: Buffer) => lines.push(chunk));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const boot = (number: number): Promise<void> => {
    if (boots >= number) return Promise.resolve();
    return new Promise((resolve, reject) => {
      waiting.set(number, resolve);
      void ended.then(() => reject(new Error(`the machine ended:\n${console}`)));
    });
  };
  await within(boot(1), child, () => console);
  return {
    port,
    nextBoot: () => within(boot(Math.floor(boots) + 1), child, () => console),
    end: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

async function within(booting: Promise<void>, child: ChildProcess, console: () => string): Promise<void> {
  const limit = setTimeout(() => {
    process.stderr.write(console());
    child.kill('SIGKILL');
  }, BOOT_MS);
  await booting.finally(() => clearTimeout(limit));
}

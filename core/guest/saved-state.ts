// SPDX-License-Identifier: MIT
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { createServer, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { fileAge } from '../platform/file-age';
import { run } from '../platform/process';
import { QemuProcess } from './process';
import { Accelerator, machineArguments, type MachineConfig } from './qemu';
import { saveMachine } from './qmp';

/** Change it when what is saved, or how, becomes another one for the same machine. */
const STATE_FORMAT = 3;
/** The set-up code has at most 64 sectors (Documentation/arch/x86/boot.rst). */
const KERNEL_HEAD_BYTES = 64 * 1024;
const STREAM_SOCKET = 'state';
/** Longer than any state is in the making. */
const LEFTOVER_MS = 900_000;

/** Files here are memory (shm_overview(7)): a guest whose memory is a file on disk takes a quarter more processor time to boot. */
const SHARED_MEMORY = '/dev/shm';
const [INFO_FILE, MEMORY_FILE, STATE_FILE, KERNEL_HEAD_FILE] = ['info.json', 'memory', 'state', 'kernel-head'] as const;

/** Written beside a state: what it is of. */
const StateInfo = z.object({ release: z.string(), memoryMiB: z.int(), cpus: z.int(), accelerator: Accelerator, savedAt: z.iso.datetime() });
type StateInfo = z.infer<typeof StateInfo>;

/** A state on disk, usable or not any more. */
export interface StoredState extends StateInfo {
  /** Allocated: the memory file has holes. */
  readonly diskBytes: number;
  /** Of its folder. */
  readonly inode: number;
  remove(): void;
}

/** The states in a folder; what is no state, or only half of one, is left out. */
export function listStates(statesDir: string): StoredState[] {
  const names = fs.existsSync(statesDir) ? fs.readdirSync(statesDir).filter((name) => /^[0-9a-f]+$/.test(name)) : [];
  return names.flatMap((name) => {
    const folder = path.join(statesDir, name);
    try {
      const info = StateInfo.parse(JSON.parse(fs.readFileSync(path.join(folder, INFO_FILE), 'utf8')));
      const blocks = fs.readdirSync(folder).map((file) => fs.lstatSync(path.join(folder, file)).blocks);
      return [{ ...info, inode: fs.statSync(folder).ino, diskBytes: blocks.reduce((sum, count) => sum + count * 512, 0), remove: () => fs.rmSync(folder, { recursive: true, force: true }) }];
    } catch {
      return [];
    }
  });
}

/** A guest as it waits for its introduction, on disk. It holds no key and nobody's data; many machines may begin from it at once. */
export class SavedState {
  private readonly folder: string;
  /** Says that QEMU cannot begin from such a state, and why: no further one is made. */
  private readonly refusal: string;

  /** The state of such a machine, there or not. `statesDir`: folder of all of them. */
  constructor(
    private readonly statesDir: string,
    private readonly config: MachineConfig,
  ) {
    this.folder = path.join(statesDir, stateKey(config));
    this.refusal = `${this.folder}.refused`;
  }

  get memoryFile(): string {
    return path.join(this.folder, MEMORY_FILE);
  }

  get stateFile(): string {
    return path.join(this.folder, STATE_FILE);
  }

  /** The set-up code of the kernel's file, for which QEMU asks although the kernel lies in the memory. */
  get kernelHead(): string {
    return path.join(this.folder, KERNEL_HEAD_FILE);
  }

  get exists(): boolean {
    return fs.existsSync(this.folder);
  }

  get isRefused(): boolean {
    return fs.existsSync(this.refusal);
  }

  refuse(reason: string): void {
    this.remove();
    fs.writeFileSync(this.refusal, `${reason}\n`, { mode: 0o600 });
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Boots a machine, saves it where it waits for its introduction, and ends it. Was another process faster, its state stays.
   * @throws Failure as {@link QemuProcess.until}; Error when the state cannot be written
   */
  async make(release: string, scratch: string, signal: AbortSignal): Promise<void> {
    fs.mkdirSync(this.statesDir, { recursive: true, mode: 0o700 });
    const made = fs.mkdtempSync(`${this.folder}.`);
    const { bootTimeoutMs } = this.config;
    try {
      const memoryFd = openMemory(this.config.memoryMiB, made);
      const qemu = new QemuProcess(this.config, { beginning: { kind: 'template' }, port: null, consoleLog: path.join(scratch, 'console.log'), memoryFd });
      try {
        await qemu.until('waiting', bootTimeoutMs, signal);
        await qemu.before(saveTo(path.join(made, STATE_FILE), path.join(scratch, STREAM_SOCKET), qemu), bootTimeoutMs, signal);
        await qemu.before(copyMemory(memoryFd, path.join(made, MEMORY_FILE)), bootTimeoutMs, signal);
      } finally {
        qemu.kill();
        await qemu.ended;
        fs.closeSync(memoryFd);
      }
      writeHead(this.config.kernel, path.join(made, KERNEL_HEAD_FILE));
      const { memoryMiB, cpus, accelerator } = this.config;
      const info: StateInfo = { release, memoryMiB, cpus, accelerator, savedAt: new Date().toISOString() };
      fs.writeFileSync(path.join(made, INFO_FILE), JSON.stringify(info), { mode: 0o600 });
      this.publish(made);
      this.removeFormer(info);
    } catch (error) {
      fs.rmSync(made, { recursive: true, force: true });
      throw error;
    }
  }

  /** Of the same kernel in the same machine, made with another QEMU or another image: nobody begins from it any more. */
  private removeFormer({ release, memoryMiB, cpus, accelerator }: StateInfo): void {
    const ours = fs.statSync(this.folder).ino;
    for (const state of listStates(this.statesDir)) {
      const isSameMachine = state.release === release && state.memoryMiB === memoryMiB && state.cpus === cpus && state.accelerator === accelerator;
      if (isSameMachine && state.inode !== ours) state.remove();
    }
  }

  private publish(made: string): void {
    try {
      fs.renameSync(made, this.folder);
    } catch (error) {
      if (!this.exists) throw error;
      fs.rmSync(made, { recursive: true, force: true });
    }
  }
}

/** Removes what makers left that were killed: up to the whole memory of a guest. What cannot be removed stays. */
export function sweepStates(statesDir: string): void {
  try {
    for (const name of fs.readdirSync(statesDir).filter((entry) => /^[0-9a-f]+\.[^.]{6}$/.test(entry))) {
      const folder = path.join(statesDir, name);
      if (fileAge(folder) > LEFTOVER_MS) fs.rmSync(folder, { recursive: true, force: true });
    }
  } catch {
    // The next keeper tries again.
  }
}

/** The set-up code of a bzImage, and some of what follows. */
function writeHead(kernel: string, to: string): void {
  const head = Buffer.alloc(KERNEL_HEAD_BYTES);
  const file = fs.openSync(kernel, 'r');
  try {
    fs.writeFileSync(to, head.subarray(0, fs.readSync(file, head, 0, head.length, 0)), { mode: 0o600 });
  } finally {
    fs.closeSync(file);
  }
}

/** Everything that a saved machine rests on. A KVM guest also sees this processor. */
function stateKey(config: MachineConfig): string {
  const kernel = fs.statSync(config.kernel, { throwIfNoEntry: false });
  const host = config.accelerator === 'kvm' ? [os.cpus()[0]?.model, os.release()] : [];
  const inputs = [STATE_FORMAT, config.qemu, config.qemuVersion, machineArguments(config), kernel?.size, kernel?.mtimeMs, host];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 24);
}

async function saveTo(file: string, socketPath: string, qemu: QemuProcess): Promise<void> {
  const server = createServer();
  try {
    const connected = new Promise<Socket>((resolve) => server.once('connection', resolve));
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(socketPath, resolve));
    const written = connected.then((socket) => pipeline(socket, fs.createWriteStream(file, { mode: 0o600 })));
    await Promise.all([saveMachine(qemu.qmp, socketPath), written]);
  } finally {
    server.close();
  }
}

/**
 * An empty file that no folder has, for the memory of a template: whatever becomes of us, it goes with the last that has it open. It lies in
 * `folder` where there is no shared memory, or too little, as in many containers. QEMU leaves memory out of a state only where it is a named file.
 */
function openMemory(mebibytes: number, folder: string): number {
  const file = path.join(hasRoom(SHARED_MEMORY, mebibytes) ? SHARED_MEMORY : folder, `kmodlab-${randomBytes(12).toString('hex')}`);
  const fd = fs.openSync(file, 'wx+', 0o600);
  fs.unlinkSync(file);
  return fd;
}

function hasRoom(folder: string, mebibytes: number): boolean {
  try {
    fs.accessSync(folder, fs.constants.W_OK);
    const { bavail, bsize } = fs.statfsSync(folder);
    return bavail * bsize > mebibytes * 1024 * 1024;
  } catch {
    return false;
  }
}

/** The memory of a stopped template, with holes where it holds nothing. @throws Error when it cannot be read or written */
async function copyMemory(fd: number, file: string): Promise<void> {
  fs.writeFileSync(file, '', { mode: 0o600 });
  const { exitCode, stderr } = await run(['cp', '--sparse=always', `/proc/${process.pid}/fd/${fd}`, file]);
  if (exitCode !== 0) throw new Error(`the memory was not copied: ${stderr}`);
}

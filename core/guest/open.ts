// SPDX-License-Identifier: MIT
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../model';
import { fileAge } from '../platform/file-age';
import { withFileLock } from '../platform/file-lock';
import { ensurePrivateDir } from '../platform/dirs';
import { run } from '../platform/process';
import type { Lease } from './lease';
import { GuestLease } from './owner';
import { LISTENING_LINE, type GuestEndpoint, type KeeperConfig } from './protocol';

/** What a guest is booted from; made only when none runs. */
export type KeeperInputs = Omit<KeeperConfig, 'folder' | 'lockFile' | 'removeLockFile'>;

export interface AcquireRequest {
  /** Folder of all guests of this user. */
  readonly guestsDir: string;
  /** Name of the shared guest; null for one that is this process's alone. */
  readonly name: string | null;
  readonly lease: Lease;
  readonly keeperPath: string;
  /** A guest that is lost, or not wanted any more: its keeper has the next one, if that still lives. */
  readonly insteadOf?: { readonly folder: string; readonly pid: number };
  /** Says what to boot; called with the guest's lock held, so that the work is done once. */
  readonly prepare: () => Promise<KeeperInputs>;
  readonly onBoot: () => void;
  /** Another process is opening the same guest. */
  readonly onWait: () => void;
  readonly signal?: AbortSignal | undefined;
}

export interface AcquiredGuest {
  readonly lease: GuestLease;
  readonly endpoint: GuestEndpoint;
}

const FRESH_PREFIX = 'fresh-';
/** An old keeper on its way out still holds the lock for a moment. */
const LOCK_WAIT_SECONDS = 20;
/** A keeper has taken its lock by then. */
const LEFTOVER_MS = 60_000;
const MAX_GUEST_FOLDER = 82;

/**
 * Takes a lease on the running guest of that name, or boots it. Of several processes that do so at once one boots and
 * the others share.
 * @throws Failure what `prepare` throws, `guest-boot-timeout`, `guest-boot-failed`, `keeper-failed`, `cancelled`
 */
export async function acquireGuest(request: AcquireRequest): Promise<AcquiredGuest> {
  const { guestsDir, name, signal } = request;
  const id = name ?? `${FRESH_PREFIX}${randomBytes(4).toString('hex')}`;
  assertSocketsFit(path.join(guestsDir, id));
  ensurePrivateDir(guestsDir);
  if (request.insteadOf !== undefined) {
    const next = await GuestLease.connect(request.insteadOf.folder, request.lease, request.insteadOf.pid);
    if (next !== null) return await whenReady(next, signal);
  }
  if (name === null) return await whenReady(await boot(request, id), signal);
  const folder = path.join(guestsDir, name);
  const running = await GuestLease.connect(folder, request.lease);
  if (running !== null) return await whenReady(running, signal);
  return await withFileLock(path.join(guestsDir, `${name}.open.lock`), signal, request.onWait, async () => {
    const meanwhile = await GuestLease.connect(folder, request.lease);
    return await whenReady(meanwhile ?? (await boot(request, name)), signal);
  });
}

/** A Unix socket's path has at most 107 bytes; ssh's own is a name of 8 in the guest's folder, and 17 more while it makes it. */
function assertSocketsFit(folder: string): void {
  if (Buffer.byteLength(folder) <= MAX_GUEST_FOLDER) return;
  throw new Failure({
    code: 'runtime-path-too-long',
    what: 'The guest was not opened.',
    why: `The path of its folder, ${folder}, is too long for Unix sockets.`,
    next: 'Set KMODLAB_RUNTIME_DIR to a short path.',
  });
}

async function whenReady(lease: GuestLease, signal: AbortSignal | undefined): Promise<AcquiredGuest> {
  const onAbort = (): void => void lease.close();
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    const endpoint = await lease.ready;
    return { lease, endpoint };
  } catch (error) {
    await lease.close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function boot(request: AcquireRequest, id: string): Promise<GuestLease> {
  const folder = path.join(request.guestsDir, id);
  const lockFile = path.join(request.guestsDir, `${id}.lock`);
  const removeLockFile = request.name === null;
  const keeper = new StartedKeeper(lockFile, request.keeperPath); // it comes up while we prepare
  try {
    const inputs = await prepareFor(request).catch(async (error: unknown) => {
      await keeper.giveUp();
      if (removeLockFile) fs.rmSync(lockFile, { force: true });
      throw error;
    });
    request.onBoot();
    await keeper.configure({ ...inputs, folder, lockFile, removeLockFile });
    const lease = await GuestLease.connect(folder, request.lease);
    if (lease === null) throw keeperFailed('it listened, and then was gone');
    return lease;
  } finally {
    keeper.letGo();
  }
}

async function prepareFor(request: AcquireRequest): Promise<KeeperInputs> {
  const [inputs] = await Promise.all([request.prepare(), sweep(request.guestsDir)]);
  throwIfAborted(request.signal);
  return inputs;
}

/** The detached process that will be a guest's keeper when it is told which one. Until we let go we hold its guest by a pipe. */
class StartedKeeper {
  private readonly ended: Promise<void>;
  private readonly listens: Promise<void>;
  private readonly child: ChildProcessWithoutNullStreams;

  constructor(lockFile: string, keeperPath: string) {
    const flock = ['--no-fork', '--timeout', String(LOCK_WAIT_SECONDS), lockFile, process.execPath, keeperPath];
    const child = spawn('flock', flock, { detached: true, cwd: '/', env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, stdio: 'pipe' });
    this.child = child;
    let output = '';
    const collect = (text: string): void => void (output += text);
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', collect);
    this.listens = new Promise((resolve, reject) => {
      child.on('error', (error) => reject(keeperFailed(error.message)));
      child.on('close', () => reject(keeperFailed(output)));
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        collect(text);
        if (output.includes(LISTENING_LINE)) resolve();
      });
    });
    this.listens.catch(() => undefined); // who configures it hears of it
    this.ended = new Promise((resolve) => child.on('error', () => resolve()).on('exit', () => resolve()));
  }

  /** Resolves when it listens. @throws Failure `keeper-failed` */
  async configure(config: KeeperConfig): Promise<void> {
    this.child.stdin.write(`${JSON.stringify(config)}\n`);
    await this.listens;
  }

  /** Ends it before it has a guest. */
  async giveUp(): Promise<void> {
    this.child.kill();
    await this.ended;
  }

  letGo(): void {
    this.child.stdin.destroy();
    this.child.stdout.destroy();
    this.child.stderr.destroy();
    this.child.unref();
  }
}

/** Removes what killed keepers left: folders, and locks of guests that nobody shares, whose lock nobody holds. */
async function sweep(guestsDir: string): Promise<void> {
  for (const entry of fs.readdirSync(guestsDir, { withFileTypes: true })) {
    const name = entry.isDirectory() ? entry.name : entry.name.replace(/\.lock$/, '');
    const isFresh = name.startsWith(FRESH_PREFIX);
    const lockFile = path.join(guestsDir, `${name}.lock`);
    // A lock without a folder may be one that is about to be taken.
    if (!entry.isDirectory() && (!isFresh || fileAge(lockFile) < LEFTOVER_MS)) continue;
    const leftovers = isFresh ? [path.join(guestsDir, name), lockFile] : [path.join(guestsDir, name)];
    await run(['flock', '--nonblock', lockFile, 'rm', '-rf', '--', ...leftovers]);
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw Failure.cancelled('The guest was not opened.');
}

function keeperFailed(detail: string): Failure {
  return new Failure({
    code: 'keeper-failed',
    what: 'The guest was not started.',
    why: 'The process that keeps it could not be started.',
    next: 'Check that flock and setpriv of util-linux are installed, and see the log.',
    detail,
  });
}

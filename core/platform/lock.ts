// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Failure } from '../model/failure';
import { ensurePrivateDir } from './dirs';

export interface HeldLock {
  /** Tells others from now on another purpose. */
  describe(purpose: string): void;
  release(): void;
}

export interface LockOptions {
  /** What the lock is held for, as others are told: `loading device2`. */
  readonly purpose: string;
  /** What is locked, for the failure that says who has it: `The host`. */
  readonly subject: string;
  /** Told of the holder's purpose and process; true waits until it is done, false fails with `host-busy`. */
  readonly onBusy: (holder: string) => boolean;
  readonly signal?: AbortSignal;
}

const OWNER_LIMIT_MS = 2_000;
const MAX_PURPOSE = 200;

/** A connection to the process that holds a lock: it closes when the lock is given back, however that process ends. */
export interface LockHolder {
  readonly purpose: string;
  /** Its process; null when it did not answer in time. */
  readonly pid: number | null;
  /** Resolves as well when it is left. */
  readonly released: Promise<void>;
  leave(): void;
}

function inode(file: string): number | undefined {
  return fs.lstatSync(file, { throwIfNoEntry: false })?.ino;
}

function lockFailed(cause: unknown): Failure {
  return new Failure(
    {
      code: 'lock-failed',
      what: 'The lock of the host could not be taken.',
      why: cause instanceof Error ? `${cause.message}.` : 'Its socket cannot be made.',
      next: 'Check the runtime folder (KMODLAB_RUNTIME_DIR): it must be private and its path short.',
    },
    { cause },
  );
}

/** Listens on a socket of our own, then gives it the lock's name: link(2) fails when the name is taken. */
async function bind(file: string, firstPurpose: string): Promise<HeldLock | null> {
  let purpose = firstPurpose;
  const own = `${file}.${randomBytes(4).toString('hex')}`;
  const connections = new Set<net.Socket>();
  const server = net.createServer((connection) => {
    connections.add(connection);
    connection.on('error', () => undefined).on('close', () => connections.delete(connection));
    connection.unref().write(`${process.pid} ${purpose.slice(0, MAX_PURPOSE)}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(lockFailed(error)));
    server.listen(own, resolve);
  });
  server.unref();
  const ours = inode(own);
  const close = (): void => {
    server.close();
    for (const connection of connections) connection.destroy();
  };
  try {
    fs.linkSync(own, file);
  } catch (error) {
    close();
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw lockFailed(error);
  } finally {
    fs.rmSync(own, { force: true });
  }
  return {
    describe: (next) => (purpose = next),
    release: () => {
      if (inode(file) === ours) fs.rmSync(file, { force: true });
      close();
    },
  };
}

/** Connects to the holder. `dead`: nobody listens on the socket any more; `released`: the lock was given back just now. */
function findHolder(file: string): Promise<LockHolder | 'dead' | 'released'> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(file);
    const released = new Promise<void>((done) => socket.once('close', () => done()));
    const found = (purpose: string, pid: number | null): void => resolve({ purpose, pid, released, leave: () => socket.destroy() });
    const limit = setTimeout(() => found('it does not answer', null), OWNER_LIMIT_MS);
    socket.once('data', (data) => {
      const [, pid = '', purpose = ''] = /^(\d{1,10}) (.*)/.exec(data.toString('utf8')) ?? [];
      found(purpose.slice(0, MAX_PURPOSE), pid === '' ? null : Number(pid));
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve('dead');
      else if (error.code !== 'ENOENT' && error.code !== 'ECONNRESET') reject(lockFailed(error));
    });
    socket.once('close', () => {
      clearTimeout(limit);
      resolve('released');
    });
  });
}

/** Removes the socket of a dead holder. Renaming shows which socket was taken away: a fresh one is put back. */
function removeStale(file: string, stale: number): void {
  const aside = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    fs.renameSync(file, aside);
    if (inode(aside) !== stale) fs.linkSync(aside, file);
  } catch {
    return; // somebody else removed it or took the lock meanwhile
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

function waitFor(holder: LockHolder, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      holder.leave();
      reject(Failure.cancelled('Waiting for the host has stopped.'));
    };
    if (signal?.aborted) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    void holder.released.then(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}

/**
 * Takes a lock between processes of this user: a Unix socket that its holder listens on, so a crash leaves none behind
 * and waiting needs no polling.
 * @param file a short path in the runtime folder
 * @throws Failure `host-busy`, `lock-failed`, `cancelled`
 */
export async function takeLock(file: string, options: LockOptions): Promise<HeldLock> {
  ensurePrivateDir(path.dirname(file));
  for (;;) {
    if (options.signal?.aborted) throw Failure.cancelled('Nothing was done.');
    const lock = await bind(file, options.purpose);
    if (lock) return lock;
    const there = inode(file);
    const holder = await findHolder(file);
    if (holder === 'dead' && there !== undefined) removeStale(file, there);
    if (holder === 'dead' || holder === 'released') continue;
    const says = holder.pid === null ? holder.purpose : `${holder.purpose}, from process ${holder.pid}`;
    if (!options.onBusy(says)) {
      holder.leave();
      throw new Failure({
        code: 'host-busy',
        what: `${options.subject} is in use.`,
        why: holder.pid === process.pid ? `It is in use here: ${holder.purpose}.` : `Another process of yours uses it: ${says}.`,
        next: 'Wait until that is done, or end it there, then try again.',
      });
    }
    await waitFor(holder, options.signal);
  }
}

/** Who holds a lock now; null when nobody does. Whoever asks leaves the holder in the end. @throws Failure `lock-failed` */
export async function findLockHolder(file: string): Promise<LockHolder | null> {
  const holder = await findHolder(file);
  return typeof holder === 'string' ? null : holder;
}

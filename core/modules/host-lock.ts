// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Dirs } from '../platform/dirs';
import { findLockHolder, takeLock, type HeldLock, type LockHolder } from '../platform/lock';
import { kernelNameOf } from './examine';
import type { LoadDeps } from './types';

type Deps = Pick<LoadDeps, 'dirs' | 'signal' | 'waitForModule' | 'progress'>;

/** Works while no other process puts a module into the kernel of a host, or takes one out; waits for its turn. @throws Failure `cancelled`, `lock-failed`, and what `work` throws */
export async function inTurn<T>(hostId: string, purpose: string, deps: Deps, work: () => Promise<T>): Promise<T> {
  const turn = await take(hostFile(hostId, deps.dirs), purpose, 'The host', true, deps);
  try {
    return await work();
  } finally {
    turn.release();
  }
}

/** One process at a time loads, follows or unloads a module of a host. @throws Failure `host-busy`, `cancelled`, `lock-failed` */
export function lockModule(hostId: string, name: string, purpose: string, deps: Deps): Promise<HeldLock> {
  return take(moduleFile(hostId, name, deps.dirs), purpose, name, deps.waitForModule === true, deps);
}

/** The process that loads, follows or unloads a module of a host now; null: nobody. The caller leaves it in the end. @throws Failure `lock-failed` */
export function moduleHolder(hostId: string, name: string, dirs: Pick<Dirs, 'runtime'>): Promise<LockHolder | null> {
  return findLockHolder(moduleFile(hostId, name, dirs));
}

function take(file: string, purpose: string, subject: string, waits: boolean, { signal, progress }: Deps): Promise<HeldLock> {
  return takeLock(file, {
    purpose,
    subject,
    onBusy: (holder) => {
      if (waits) progress?.step(`Waiting for its turn (${holder})`);
      return waits;
    },
    ...(signal ? { signal } : {}),
  });
}

function hostFile(hostId: string, { runtime }: Pick<Dirs, 'runtime'>): string {
  return path.join(runtime, 'locks', `host-${digest(hostId)}`);
}

function moduleFile(hostId: string, name: string, { runtime }: Pick<Dirs, 'runtime'>): string {
  return path.join(runtime, 'locks', `module-${digest(`${hostId}\0${kernelNameOf({ name })}`)}`);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

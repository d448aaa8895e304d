// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import path from 'node:path';
import { takeLock, type HeldLock } from '../platform/lock';
import type { LoadDeps } from './types';

/** One load or unload at a time on a host. @throws Failure `host-busy`, `cancelled`, `lock-failed` */
export function lockHost(hostId: string, purpose: string, deps: Pick<LoadDeps, 'dirs' | 'signal' | 'waitForHost' | 'progress'>): Promise<HeldLock> {
  const name = createHash('sha256').update(hostId).digest('hex').slice(0, 16);
  return takeLock(path.join(deps.dirs.runtime, 'locks', `host-${name}`), {
    purpose,
    onBusy: (other) => {
      if (deps.waitForHost === true) deps.progress?.step(`Waiting for the host (${other})`);
      return deps.waitForHost === true;
    },
    ...(deps.signal ? { signal: deps.signal } : {}),
  });
}

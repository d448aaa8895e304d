// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';
import { Failure } from '../model/failure';
import { start } from './process';

/** Holds the lock for as long as its standard input is open, so it is freed also when this process is killed. */
const HOLDER = 'echo locked; exec cat';

/**
 * Runs `work` while no other process holds the lock of that file; waits for its turn.
 * The lock is the kernel's own (`flock`), so a crash leaves none behind.
 * @throws Failure `cancelled`, `lock-failed`
 */
export async function withFileLock<T>(file: string, signal: AbortSignal | undefined, onWait: () => void, work: () => Promise<T>): Promise<T> {
  const input = new PassThrough();
  let locked: () => void = () => undefined;
  const granted = new Promise<'granted'>((resolve) => (locked = () => resolve('granted')));
  const holder = start(['flock', file, 'sh', '-c', HOLDER], {
    stdin: input,
    onStdoutLine: () => locked(),
    ...(signal ? { signal } : {}),
  });
  const waiting = setTimeout(onWait, 500);
  try {
    const first = await Promise.race([granted, holder.result]);
    if (first !== 'granted') {
      if (first.cancelled) throw Failure.cancelled('Waiting for another Kernel Module Lab process has stopped.');
      throw new Failure({
        code: 'lock-failed',
        what: 'Another Kernel Module Lab process could not be waited for.',
        why: first.startError ? `The program flock cannot be started: ${first.startError.message}.` : 'Its lock file cannot be used.',
        next: 'Check that util-linux is installed and that the cache and runtime folders are writable.',
        detail: first.stderr,
      });
    }
    clearTimeout(waiting);
    return await work();
  } finally {
    clearTimeout(waiting);
    input.end();
    await holder.result;
  }
}

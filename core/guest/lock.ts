// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { Failure } from '../model';

const HOLD = 'echo held && exec cat';

/**
 * Takes a lock that the kernel gives back however its holder ends: flock(1) on a file, by a child that lives as long
 * as our end of its pipe. Waits until the lock is free.
 * @returns a function that gives the lock back
 * @throws Failure `cancelled`, `lock-failed`
 */
export function takeLock(file: string, signal?: AbortSignal): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const cancelled = Failure.cancelled('The guest was not opened.');
    if (signal?.aborted) {
      reject(cancelled);
      return;
    }
    const child = spawn('flock', ['--no-fork', file, 'sh', '-c', HOLD], { stdio: ['pipe', 'pipe', 'pipe'] });
    let stderr = '';
    const onAbort = (): void => {
      child.kill();
      reject(cancelled);
    };
    const failed = (why: string): void => {
      signal?.removeEventListener('abort', onAbort);
      reject(
        new Failure({
          code: 'lock-failed',
          what: 'The guest was not opened.',
          why: 'Its lock could not be taken.',
          next: 'Check that flock(1) of util-linux is installed and that the runtime folder can be written.',
          detail: why,
        }),
      );
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => failed(error.message));
    child.on('close', () => failed(stderr)); // once resolved this does nothing
    child.stdout.once('data', () => {
      signal?.removeEventListener('abort', onAbort);
      resolve(() => child.stdin.end());
    });
  });
}

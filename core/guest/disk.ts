// SPDX-License-Identifier: MIT
import { Failure } from '../model/failure';

/** The failure that a full disk is; null when the error is another one. */
export function diskFailure(error: unknown): Failure | null {
  if (!(error instanceof Error) || !('code' in error) || (error.code !== 'ENOSPC' && error.code !== 'EDQUOT')) return null;
  const where = 'path' in error && typeof error.path === 'string' ? error.path : 'a file of the guest';
  return new Failure(
    {
      code: 'disk-full',
      what: 'The guest could not be prepared.',
      why: `There is no space left to write ${where}.`,
      next: 'Free some space, or point KMODLAB_CACHE_DIR and KMODLAB_RUNTIME_DIR to another disk.',
      ...(error.stack === undefined ? {} : { detail: error.stack }),
    },
    { cause: error },
  );
}

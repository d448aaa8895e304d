// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import type { Host } from '../hosts/host';
import { Failure } from '../model';
import type { ProcessResult } from '../platform/process';
import { TEMPORARY } from './host-scripts';

/** A name for a private folder on a host, known before it is made so that it can be removed whatever happens. */
export function stageFolder(): string {
  return `${TEMPORARY}/kmodlab-${randomBytes(8).toString('hex')}`;
}

/** Why that folder was not made. */
export function stageFailed(host: Pick<Host, 'name'>, result: ProcessResult): Failure {
  const full = result.stderr.includes('No space left on device');
  return new Failure({
    code: full ? 'host-disk-full' : 'host-not-writable',
    what: `The module was not copied to ${host.name}.`,
    why: full ? `${TEMPORARY} is full there.` : `No folder can be made in ${TEMPORARY} there.`,
    next: full ? 'Free some space on that host.' : 'Check that folder on the host.',
    detail: result.stderr,
  });
}

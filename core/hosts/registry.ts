// SPDX-License-Identifier: MIT
import type { Lease } from '../guest/lease';
import { openGuest, type GuestDeps } from './guest';
import type { Host } from './host';

export interface HostDeps extends GuestDeps {
  /** How a guest is held. Default: `process`. */
  readonly lease?: Lease;
}

/**
 * Opens a host by its id: `guest`, `guest:SPEC` (`guest:newest-cloud`), `ssh:NAME` (a name of the user's ssh configuration), `local`.
 * @throws Failure `host-unknown` for any other id, and what the host's own opening throws.
 */
export function openHost(id: string, deps: HostDeps): Promise<Host> {
  if (id === 'guest') return openGuest({ lease: deps.lease ?? { kind: 'process' } }, deps);
  return Promise.reject(new Error('not built yet'));
}

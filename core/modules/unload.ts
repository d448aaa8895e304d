// SPDX-License-Identifier: MIT
import type { Host } from '../hosts/host';
import type { LoadSession } from '../model';
import type { LoadDeps } from './load';

/**
 * Unloads a module. The newest session that left it loaded on this host is continued and ended; without one
 * it is a plain rmmod and the answer is null. @throws Failure `local-forbidden`, `not-loaded`, `unload-refused`, `host-busy`, `cancelled`
 */
export function unloadModule(target: { readonly name: string; readonly host: Host }, deps: LoadDeps): Promise<LoadSession | null> {
  return Promise.reject(new Error(`not built yet: ${target.name} ${deps.dirs.state}`));
}

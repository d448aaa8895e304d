// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { Identity } from './agent-program';
import { makeSshKey } from './keys';

/** Keys of one guest. */
export interface Instance {
  readonly keyFile: string;
  readonly knownHosts: string;
  /** For the guest itself. */
  readonly identity: Identity;
}

/** The name under which the guest's host key is known, whatever port it has. */
export const HOST_KEY_ALIAS = 'kmodlab-guest';

/**
 * Makes the keys of one guest, for it alone, in a private folder: a user key, and a host key that the guest is handed
 * and the user's ssh gets in a known_hosts file, so that already the first connection is checked.
 * @param number tells the files of one guest in this folder from those of the next
 * @throws Error when a file cannot be written
 */
export function makeInstance(folder: string, number: number): Instance {
  const [user, host] = [makeSshKey(), makeSshKey()];
  const keyFile = path.join(folder, `key${number}`);
  fs.writeFileSync(keyFile, user.openSshPrivate, { mode: 0o600 });
  const knownHosts = path.join(folder, `known_hosts${number}`);
  fs.writeFileSync(knownHosts, `${HOST_KEY_ALIAS} ${host.publicLine}\n`, { mode: 0o600 });
  return { keyFile, knownHosts, identity: { hostKey: host.dropbearPrivate, authorizedKey: Buffer.from(`${user.publicLine}\n`) } };
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import type * as z from 'zod';
import { Failure } from '../model';
import { run } from '../platform/process';
import { dropbearHostKey } from './keys';
import type { Program } from './qemu';

/** Keys of one guest. */
export interface Instance {
  readonly keyFile: string;
  readonly knownHosts: string;
  /** For the guest's agent: host key and authorized keys. */
  readonly introduction: readonly Uint8Array[];
}

/** The name under which the guest's host key is known, whatever port it has. */
export const HOST_KEY_ALIAS = 'kmodlab-guest';

/**
 * Makes the keys of one guest, for it alone, in a private folder: a user key, and a host key that the guest is handed
 * and the user's ssh gets in a known_hosts file, so that already the first connection is checked.
 * @param number tells the files of one guest in this folder from those of the next
 * @throws Failure `ssh-keygen-failed`
 */
export async function makeInstance(folder: string, number: number, sshKeygen: z.infer<typeof Program>): Promise<Instance> {
  const keyFile = path.join(folder, `key${number}`);
  const hostKeyFile = path.join(folder, `host_key${number}`);
  await Promise.all([keygen(keyFile, sshKeygen), keygen(hostKeyFile, sshKeygen)]);
  const hostKey = dropbearHostKey(await fs.readFile(hostKeyFile, 'utf8'));
  const hostPublic = await fs.readFile(`${hostKeyFile}.pub`, 'utf8');
  await Promise.all([fs.rm(hostKeyFile), fs.rm(`${hostKeyFile}.pub`)]);

  const knownHosts = path.join(folder, `known_hosts${number}`);
  await fs.writeFile(knownHosts, `${HOST_KEY_ALIAS} ${hostPublic.trim()}\n`, { mode: 0o600 });
  const authorized = await fs.readFile(`${keyFile}.pub`);
  return { keyFile, knownHosts, introduction: [hostKey, authorized] };
}

async function keygen(file: string, tool: z.infer<typeof Program>): Promise<void> {
  const argv = [...tool.argv, '-q', '-t', 'ed25519', '-N', '', '-C', 'kmodlab', '-f', file];
  const result = await run(argv, { env: { ...process.env, ...tool.env }, timeoutMs: 30_000 });
  if (result.exitCode === 0) return;
  throw new Failure({
    code: 'ssh-keygen-failed',
    what: 'The guest has no keys.',
    why: 'ssh-keygen did not make them.',
    next: 'Check that OpenSSH is installed and that the disk is not full.',
    detail: result.stderr || String(result.startError),
  });
}

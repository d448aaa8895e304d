// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';
import { Failure } from '../model';
import { run } from '../platform/process';
import { GUEST_AUTHORIZED_KEYS, GUEST_HOST_KEY } from './init';
import { dropbearHostKey } from './keys';
import { NewcArchive } from './newc';
import type { Program } from './qemu';

export interface InstanceFiles {
  /** The shared image and this guest's keys. */
  readonly initrd: string;
  readonly keyFile: string;
  readonly knownHosts: string;
}

/** The name under which the guest's host key is known, whatever port it has. */
export const HOST_KEY_ALIAS = 'kmodlab-guest';

/**
 * Makes the keys of one guest, for it alone, in its private folder: a user key, and a host key that the guest gets in
 * its initramfs and the user's ssh in a known_hosts file, so that already the first connection is checked.
 * @throws Failure `ssh-keygen-failed`
 */
export async function prepareInstance(folder: string, image: string, sshKeygen: z.infer<typeof Program>): Promise<InstanceFiles> {
  const keyFile = path.join(folder, 'key');
  const hostKeyFile = path.join(folder, 'host_key');
  await Promise.all([keygen(keyFile, sshKeygen), keygen(hostKeyFile, sshKeygen)]);
  const hostKey = dropbearHostKey(await fs.readFile(hostKeyFile, 'utf8'));
  const hostPublic = await fs.readFile(`${hostKeyFile}.pub`, 'utf8');
  await Promise.all([fs.rm(hostKeyFile), fs.rm(`${hostKeyFile}.pub`)]);

  const knownHosts = path.join(folder, 'known_hosts');
  await fs.writeFile(knownHosts, `${HOST_KEY_ALIAS} ${hostPublic.trim()}\n`, { mode: 0o600 });
  const own = new NewcArchive()
    .directory('/root', 0o700)
    .directory('/root/.ssh', 0o700)
    .file(GUEST_AUTHORIZED_KEYS, await fs.readFile(`${keyFile}.pub`), 0o600)
    .file(GUEST_HOST_KEY, hostKey, 0o600);
  const initrd = path.join(folder, 'initrd');
  // The kernel unpacks archives that follow each other; the plain one is padded, so that the next begins aligned.
  await fs.writeFile(initrd, Buffer.concat([own.bytes(), await fs.readFile(image)]), { mode: 0o600 });
  return { initrd, keyFile, knownHosts };
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

// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ExitCode, Failure } from '../model/failure';
import { ensurePrivateDir } from '../platform/dirs';
import { writeWhole } from '../platform/whole-file';

/** Environment variable of the setting: a further keyring that the archives of hosts may be signed by. */
export const ARCHIVE_KEYRING = 'KMODLAB_ARCHIVE_KEYRING';

/** Where the package ubuntu-keyring puts the keys of Ubuntu's archive, on Ubuntu and on Debian. */
export const UBUNTU_KEYRING = '/usr/share/keyrings/ubuntu-archive-keyring.gpg';

const MAX_BYTES = 1024 * 1024;
const ARMORED = '-----BEGIN PGP PUBLIC KEY BLOCK-----';

/**
 * A copy of the user's keyring under a name that a line of sources.list can hold, and apt can tell the form by.
 * @throws Failure `keyring-unreadable`
 */
export function copyKeyring(file: string, folder: string): string {
  const content = readKeyring(file);
  const name = `${createHash('sha256').update(content).digest('hex').slice(0, 16)}.${content.toString('latin1').trimStart().startsWith(ARMORED) ? 'asc' : 'gpg'}`;
  const copy = path.join(ensurePrivateDir(folder), name);
  writeWhole(copy, content);
  return copy;
}

function readKeyring(file: string): Buffer {
  try {
    const { size } = fs.statSync(file);
    if (size === 0 || size > MAX_BYTES) throw new Error(size === 0 ? 'it is empty' : 'it is too large for one');
    return fs.readFileSync(file);
  } catch (error) {
    throw new Failure({
      code: 'keyring-unreadable',
      what: 'The archives of the host are not trusted.',
      why: `The keyring ${file} cannot be read: ${error instanceof Error ? error.message : ''}.`,
      next: `Correct the setting kmodlab.build.archiveKeyring (${ARCHIVE_KEYRING}).`,
      exitCode: ExitCode.usage,
    });
  }
}

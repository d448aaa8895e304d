// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { PackageStore } from '../../../core/packages';
import { parseLibraries } from '../../../core/packages/userland';
import { run } from '../../../core/platform/process';

const LOADER = 'usr/lib64/ld-linux-x86-64.so.2';
const LIBRARIES = ['usr/lib/x86_64-linux-gnu', 'usr/libexec/sudo'];
const PAM = 'usr/lib/x86_64-linux-gnu/security';

/** Debian's openssh-server and sudo, unpacked without being installed. */
export interface ServerPackages {
  readonly root: string;
  readonly loader: string;
  /** Folders for the loader's `--library-path`. */
  readonly libraryPath: string;
}

export async function provideServer(packages: PackageStore): Promise<ServerPackages> {
  const { root } = await packages.provideTree({ packages: ['openssh-server', 'sudo'], suite: 'bookworm' });
  return { root, loader: path.join(root, LOADER), libraryPath: LIBRARIES.map((folder) => path.join(root, folder)).join(':') };
}

export const SSHD = '/usr/sbin/sshd';
export const PAM_UNIX = `/${PAM}/pam_unix.so`;
export const PAM_PERMIT = `/${PAM}/pam_permit.so`;

const PROGRAMS: readonly (readonly [file: string, mode: number])[] = [
  [SSHD, 0o755],
  ['/usr/lib/openssh/sftp-server', 0o755],
  ['/usr/bin/sudo', 0o4755],
  ['/usr/libexec/sudo/sudoers.so', 0o644],
  [PAM_UNIX, 0o644],
  [PAM_PERMIT, 0o644],
];

export interface PackedFile {
  readonly from: string;
  /** Absolute path in the guest. */
  readonly to: string;
  readonly mode: number;
}

/** The servers' programs with all libraries that they load, at the places where the packages have them. */
export async function serverFiles(server: ServerPackages): Promise<PackedFile[]> {
  const found = new Map<string, PackedFile>();
  for (const [file, mode] of PROGRAMS) {
    const from = path.join(server.root, file);
    found.set(file, { from, to: file, mode });
    const { stdout } = await run([server.loader, '--library-path', server.libraryPath, '--list', from], { env: { LC_ALL: 'C' } });
    for (const library of parseLibraries(stdout)) {
      if (library.path?.startsWith(`${server.root}/`) !== true) throw new Error(`${file} needs ${library.name}, which its packages do not have`);
      const to = library.path.slice(server.root.length);
      found.set(to, { from: fs.realpathSync(library.path), to, mode: 0o755 });
    }
  }
  found.set('/lib64/ld-linux-x86-64.so.2', { from: fs.realpathSync(server.loader), to: '/lib64/ld-linux-x86-64.so.2', mode: 0o755 });
  return [...found.values()];
}

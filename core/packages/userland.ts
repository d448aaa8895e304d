// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../model/failure';
import { run } from '../platform/process';
import { cancelOf, type WorkOptions } from './work';

export interface UserlandFile {
  /** Path on this machine. */
  readonly from: string;
  /** Absolute path in the guest, e.g. `/bin/busybox`. */
  readonly to: string;
  /** Permission bits, e.g. 0o755. */
  readonly mode: number;
}

export interface ProvidedUserland {
  readonly files: readonly UserlandFile[];
  /** Changes whenever a file does: it names the package versions. */
  readonly contentId: string;
}

/** Programs of the guest and their libraries; a library that is missing here is reported, not left out. */
export const userlandPackages = [
  'busybox-static',
  'dropbear-bin',
  'openssh-sftp-server',
  'libc6',
  'libcrypt1',
  'libgmp10',
  'libtomcrypt1',
  'libtommath1',
  'zlib1g',
];

const loader = 'usr/lib64/ld-linux-x86-64.so.2';
const programs = [
  { from: 'usr/bin/busybox', to: '/bin/busybox' },
  { from: 'usr/sbin/dropbear', to: '/usr/sbin/dropbear' },
  // Where Debian's dropbear looks for it.
  { from: 'usr/lib/openssh/sftp-server', to: '/usr/lib/sftp-server' },
];

/** Parses `ld.so --list`: `name => path (address)`; a library that is not found has no path. */
export function parseLibraries(output: string): { name: string; path: string | null }[] {
  return output.split('\n').flatMap((line) => {
    const match = /^\s*(\S+) => (?:not found|(\S+) \(0x[0-9a-f]+\))/.exec(line);
    return match ? [{ name: match[1] ?? '', path: match[2] ?? null }] : [];
  });
}

/** The files that the guest's first file system needs, out of the unpacked packages. @throws Failure `userland-incomplete` */
export async function userlandFrom(root: string, work: WorkOptions): Promise<ProvidedUserland> {
  const libraries = new Map<string, string>();
  const search = ['usr/lib/x86_64-linux-gnu', 'usr/lib'].map((folder) => path.join(root, folder)).join(':');
  const listings = programs.map(({ from }) => run([path.join(root, loader), '--library-path', search, '--list', path.join(root, from)], { ...cancelOf(work), env: { LC_ALL: 'C' } }));
  for (const result of await Promise.all(listings)) {
    if (result.cancelled) throw Failure.cancelled('The programs of the guest are not ready.');
    for (const library of parseLibraries(result.stdout)) {
      if (library.name.startsWith('/')) continue; // the loader itself
      // A library of this system would do here and be missing in the guest.
      if (library.path?.startsWith(`${root}/`) !== true) throw incomplete(library.name, result.stdout);
      libraries.set(library.name, fs.realpathSync(library.path));
    }
  }
  const files: UserlandFile[] = [
    ...programs.map(({ from, to }) => ({ from: path.join(root, from), to, mode: 0o755 })),
    { from: fs.realpathSync(path.join(root, loader)), to: '/lib64/ld-linux-x86-64.so.2', mode: 0o755 },
    ...[...libraries].map(([name, from]) => ({ from, to: `/lib/x86_64-linux-gnu/${name}`, mode: 0o644 })),
  ];
  return { files, contentId: path.basename(root) };
}

function incomplete(library: string, detail: string): Failure {
  return new Failure({
    code: 'userland-incomplete',
    what: 'The programs of the guest cannot be put together.',
    why: `The library ${library} is in none of the packages that are fetched for them.`,
    next: 'Report this: a package has changed what it depends on.',
    detail,
  });
}

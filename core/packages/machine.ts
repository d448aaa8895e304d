// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import { Failure } from '../model/failure';
import { archiveOfSuite } from './suites';

/** Where this machine gets Debian packages from, as its own apt sources say. */
export interface DebianArchives {
  /** Base URIs of the main archive, in the order of the sources. */
  readonly main: readonly string[];
  /** Base URIs of the security archive. */
  readonly security: readonly string[];
}

/** Where the package debian-archive-keyring puts its keys (`.pgp` from Debian 13 on). */
const keyrings = ['/usr/share/keyrings/debian-archive-keyring.pgp', '/usr/share/keyrings/debian-archive-keyring.gpg'];

/**
 * Reads the archives out of `apt-get update --print-uris`: apt itself parses the machine's sources, in every
 * format that it knows, `mirror+file:` included. Sources without the component `main` and with a suite name that is not
 * Debian's own belong to somebody else.
 */
export function archivesFromUris(output: string): DebianArchives {
  const withMain = new Set<string>();
  const suites: { base: string; suite: string }[] = [];
  for (const line of output.split('\n')) {
    const uri = /^'([^'\s]+)'/.exec(line)?.[1];
    const release = uri && /^(.+?)\/+dists\/(.+)\/InRelease$/.exec(uri);
    const index = uri && /^(.+?)\/+dists\/(.+)\/main\/binary-[^/]+\/Packages/.exec(uri);
    if (release) suites.push({ base: release[1] ?? '', suite: release[2] ?? '' });
    else if (index) withMain.add(`${index[1]} ${index[2]}`);
  }
  const bases = (archive: 'main' | 'security'): string[] => [
    ...new Set(suites.filter(({ base, suite }) => withMain.has(`${base} ${suite}`) && archiveOfSuite(suite) === archive).map(({ base }) => base)),
  ];
  return { main: bases('main'), security: bases('security') };
}

/** `PRETTY_NAME` of /etc/os-release, for messages. */
export function systemName(osRelease = '/etc/os-release'): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(fs.readFileSync(osRelease, 'utf8'))?.[1] ?? 'this system';
  } catch {
    return 'this system';
  }
}

/** @throws Failure `debian-keyring-missing` */
export function debianKeyring(): string {
  const found = keyrings.find((file) => fs.existsSync(file));
  if (found !== undefined) return found;
  throw new Failure({
    code: 'debian-keyring-missing',
    what: 'Kernels for the guest cannot be fetched.',
    why: "Debian's archive keys are not installed, so packages cannot be verified.",
    next: 'Install the package debian-archive-keyring, or use an SSH host instead of the guest.',
  });
}

export function unsupportedSystem(why: string): Failure {
  return new Failure({
    code: 'unsupported-system',
    what: `The disposable guest is not available on ${systemName()}.`,
    why,
    next: 'Use Debian 12 or newer, or load modules on an SSH host.',
  });
}

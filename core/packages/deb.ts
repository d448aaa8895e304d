// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../model/failure';
import { ensurePrivateDir } from '../platform/dirs';
import { run } from '../platform/process';
import type { AptRoot } from './apt';
import { fileFailure, packageFailure } from './apt-failures';
import { withFileLock } from '../platform/file-lock';
import { settle } from './settle';
import { cancelOf, progressOf, sizeText, type WorkOptions } from './work';

/** One package file of the archive. */
export interface Deb {
  readonly name: string;
  readonly version: string;
  readonly arch: string;
  /** Bytes to download. */
  readonly size: number;
}

/** Raised when what {@link settle} or a finisher does to an unpacked set changes: older sets are then not used. */
const SET_FORMAT = 1;
/** Smaller packages are announced together. */
const ANNOUNCED_BYTES = 1_000_000;

/** Parses `--print-uris`: `'URI' name_version_arch.deb size hash`. */
export function parseUris(output: string): Deb[] {
  const debs: Deb[] = [];
  for (const line of output.split('\n')) {
    const match = /^'[^']*' ([^\s_]+)_([^\s_]+)_([^\s_]+)\.deb (\d+)/.exec(line);
    if (!match) continue;
    const [, name = '', version = '', arch = '', size = '0'] = match;
    debs.push({ name, version: decodeURIComponent(version), arch, size: Number(size) });
  }
  return debs;
}

/** Identity of a set of packages: the same packages in the same versions give the same name. */
export function setName(label: string, debs: readonly Deb[]): string {
  const lines = debs.map(({ name, version, arch }) => `${name}_${version}_${arch}`).sort();
  const hash = createHash('sha256').update([`format ${SET_FORMAT}`, ...lines].join('\n'));
  return `${label}-${hash.digest('hex').slice(0, 16)}`;
}

/**
 * The packages and everything that they depend on, nothing being installed.
 * @throws Failure `package-not-offered`, `apt-failed`, …
 */
export function resolveClosure(apt: AptRoot, packages: readonly string[], work: WorkOptions): Promise<Deb[]> {
  return resolve(apt, ['install', '--print-uris', '--yes', '-qq', ...packages], packages, work);
}

/** The named packages alone, in the newest version that the release would install. @throws as {@link resolveClosure} */
export function resolveNamed(apt: AptRoot, packages: readonly string[], work: WorkOptions): Promise<Deb[]> {
  return resolve(apt, ['download', '--print-uris', '-qq', ...packages], packages, work);
}

function resolve(apt: AptRoot, args: readonly string[], packages: readonly string[], work: WorkOptions): Promise<Deb[]> {
  return apt.memo(`1 ${args.join(' ')}`, work, async () => {
    const result = await apt.run('apt-get', args, cancelOf(work));
    const debs = parseUris(result.stdout);
    if (result.exitCode === 0 && debs.length >= packages.length) return debs;
    const what = `The packages ${packages.join(', ')} cannot be had from ${apt.source.title}.`;
    const missing = /Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation candidate/.exec(result.stderr);
    if (!missing) throw packageFailure(what, result, work.signal);
    throw new Failure({
      code: 'package-not-offered',
      what,
      why: `The archive does not offer ${missing[1] ?? missing[2] ?? 'one of them'}.`,
      next: 'Check that the mirror of this machine carries the whole release.',
      detail: result.stderr,
    });
  });
}

/**
 * Downloads packages through apt (which verifies them), unpacks them together and returns the folder. The folder's
 * name follows from its content; it appears whole or not at all, once for all processes.
 */
export class PackageSets {
  constructor(
    /** Holds `sets/` and, while something is made, `making/`. */
    private readonly dir: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /**
   * @param finish Last changes to the unpacked tree, before it gets its final path.
   * @throws Failure `package-gone`, `package-corrupt`, `packages-unreachable`, `disk-full`, `cancelled`, …
   */
  async provide(
    apt: AptRoot,
    label: string,
    debs: readonly Deb[],
    work: WorkOptions,
    finish: (made: string, final: string) => void = () => undefined,
  ): Promise<string> {
    const name = setName(label, debs);
    const final = path.join(this.dir, 'sets', name);
    if (fs.existsSync(final)) return final;
    const what = `The packages for ${label} cannot be made ready.`;
    try {
      for (const folder of ['sets', 'making', 'locks']) ensurePrivateDir(path.join(this.dir, folder));
      const waiting = (): void => progressOf(work).step(`Waiting for another Kernel Module Lab process to unpack ${label}`);
      await withFileLock(path.join(this.dir, 'locks', name), work.signal, waiting, async () => {
        if (fs.existsSync(final)) return;
        const making = path.join(this.dir, 'making', name);
        // The lock is ours: what lies there was left by a process that was killed.
        fs.rmSync(making, { recursive: true, force: true });
        try {
          await this.make(apt, making, debs, work);
          const root = path.join(making, 'root');
          settle(root);
          finish(root, final);
          fs.renameSync(root, final);
        } finally {
          fs.rmSync(making, { recursive: true, force: true });
        }
      });
    } catch (error) {
      throw fileFailure(what, error);
    }
    return final;
  }

  private async make(apt: AptRoot, making: string, debs: readonly Deb[], work: WorkOptions): Promise<void> {
    const folder = path.join(making, 'debs');
    const root = path.join(making, 'root');
    fs.mkdirSync(folder, { recursive: true });
    fs.mkdirSync(root);
    await this.download(apt, folder, debs, work);
    const files = fs.readdirSync(folder).filter((name) => name.endsWith('.deb'));
    const progress = progressOf(work);
    progress.step(files.length === 1 ? `Unpacking ${debs[0]?.name ?? ''}` : `Unpacking ${files.length} packages`);
    for (const [index, file] of files.entries()) {
      progress.fraction?.(index / files.length);
      const archive = path.join(folder, file);
      const result = await run(['dpkg-deb', '-x', archive, root], { ...cancelOf(work), env: { ...this.env, LC_ALL: 'C' } });
      if (result.exitCode !== 0) throw packageFailure(`The package ${file} cannot be unpacked.`, result, work.signal);
      fs.rmSync(archive);
    }
  }

  private async download(apt: AptRoot, folder: string, debs: readonly Deb[], work: WorkOptions): Promise<void> {
    const progress = progressOf(work);
    const sizes = new Map(debs.map((deb) => [deb.name, deb.size]));
    const total = debs.reduce((sum, deb) => sum + deb.size, 0);
    let begun = 0;
    if (debs.length > 1) progress.step(`Downloading ${debs.length} packages (${sizeText(total)})`);
    const onStdoutLine = (line: string): void => {
      progress.log(`apt: ${line}`);
      const name = /^Get:\d+ \S+ \S+ \S+ (\S+) \S+ \S+/.exec(line)?.[1];
      const size = name === undefined ? undefined : sizes.get(name);
      if (name === undefined || size === undefined) return;
      if (size >= ANNOUNCED_BYTES || debs.length === 1) progress.step(`Downloading ${name} (${sizeText(size)})`);
      progress.fraction?.(total === 0 ? 0 : begun / total);
      begun += size;
    };
    const args = ['download', '-q', ...debs.map(({ name, version }) => `${name}=${version}`)];
    const result = await apt.run('apt-get', args, { ...cancelOf(work), cwd: folder, onStdoutLine });
    const count = fs.readdirSync(folder).filter((name) => name.endsWith('.deb')).length;
    if (result.exitCode === 0 && count === debs.length) return;
    const names = debs.length <= 3 ? debs.map((deb) => deb.name).join(', ') : `${debs[0]?.name ?? ''} and ${debs.length - 1} more packages`;
    throw packageFailure(`Downloading ${names} has failed.`, result, work.signal);
  }
}

/**
 * Does `work` with the package lists at hand, and once more with fresh ones when they were out of date.
 * @param outdated failures that say so
 * @throws what the second try throws
 */
export async function withFreshLists<T>(apt: AptRoot, work: WorkOptions, inside: () => Promise<T>, outdated: readonly string[] = ['package-gone']): Promise<T> {
  try {
    return await inside();
  } catch (error) {
    if (!(error instanceof Failure) || !outdated.includes(error.code)) throw error;
    await apt.ensureLists(work, { force: true });
    return inside();
  }
}

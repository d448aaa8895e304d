// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { BuildEnvironment } from '../hosts/host';
import { Failure } from '../model/failure';
import { AptRoot, type AptSource } from './apt';
import { PackageSets, resolveClosure, withFreshLists } from './deb';
import type { ArchiveEntry, HostArchives } from './host-sources';
import { buildEnvironmentFor, headersDir, relocateHeaders, type KernelBuild } from './toolchain';
import type { WorkOptions } from './work';

/** `uname -r` as the name of a package can hold it. */
const RELEASE = /^\d+\.\d+[a-z0-9.+-]{0,80}[a-z0-9]$/;
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/** A mirror of a host's own network may swallow what comes from here. */
const IMPATIENT = ['Acquire::http::Timeout=10', 'Acquire::https::Timeout=10', 'Acquire::Retries=0'];

/** What {@link provideHostHeaders} works with. */
export interface HostHeaderTools {
  /** The folder of the apt roots. */
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly sets: PackageSets;
  /** Files that hold the keys which the archives are signed by. */
  readonly keyrings: readonly string[];
}

/**
 * The headers of a host's kernel, and the compiler that it wants where this machine's does not do, from the archives that the
 * host's own apt sources name. What is not signed by one of the given keys is not taken.
 * @throws Failure `kernel-not-offered`, `archive-untrusted`, `packages-unreachable`, `package-corrupt`, `compiler-unknown`, …
 */
export async function provideHostHeaders(archives: HostArchives, release: string, tools: HostHeaderTools, work: WorkOptions): Promise<BuildEnvironment> {
  const what = `The headers of ${release} cannot be fetched here.`;
  const next = 'Install its headers on that host.';
  const { entries } = archives;
  if (!RELEASE.test(release)) throw new Failure({ code: 'kernel-not-offered', what, why: 'No package can have the name of that kernel.', next });
  if (entries.length === 0) throw new Failure({ code: 'no-host-archive', what, why: 'Its apt sources name no http or https archive of its release.', next });
  const from = (some: readonly ArchiveEntry[]): Promise<BuildEnvironment> => {
    const source = hostSource(archives, some, tools.keyrings);
    const apt = new AptRoot(source, path.join(tools.dir, source.label), tools.env, tools.log);
    return withFreshLists(apt, work, () => headersFrom(apt, release, tools, work), ['package-gone', 'package-not-offered']);
  };
  // Most kernels are in main; the lists of the other components are ten times as long.
  const isNotInMain = (error: unknown): boolean => error instanceof Failure && error.code === 'package-not-offered' && entries.some(({ components }) => components.length > 1);
  try {
    return await from(entries.map((entry) => ({ ...entry, components: ['main'] }))).catch((error: unknown) => {
      if (isNotInMain(error)) return from(entries);
      throw error;
    });
  } catch (error) {
    throw error instanceof Failure ? explained(error, what, placesOf(entries)) : error;
  }
}

/** Host names of the archives, for people. */
function placesOf(entries: readonly ArchiveEntry[]): string {
  return [...new Set(entries.map(({ uri }) => new URL(uri).host))].join(', ').slice(0, 200);
}

/** The source is named by all that its packages rest on: another host's lists, or other keys, never stand in for it. */
function hostSource({ system, codename }: HostArchives, entries: readonly ArchiveEntry[], keyrings: readonly string[]): AptSource {
  const lines = entries.map(({ uri, suite, components }) => `deb [arch=amd64 signed-by=${keyrings.join(',')}] ${uri} ${suite} ${components.join(' ')}`);
  const keys = keyrings.map((file) => fs.readFileSync(file));
  const hash = createHash('sha256').update(lines.join('\n'));
  for (const key of keys) hash.update(key);
  const name = system === 'ubuntu' ? 'Ubuntu' : 'Debian';
  return {
    title: `${name}${codename === null ? '' : ` ${codename}`} at ${placesOf(entries)}`,
    label: `${system}-${codename ?? 'host'}-${hash.digest('hex').slice(0, 12)}`,
    suites: [...new Set(entries.map(({ suite }) => suite))],
    mainSuite: null,
    settings: IMPATIENT,
    entries: () => Promise.resolve(lines),
  };
}

async function headersFrom(apt: AptRoot, release: string, { sets, env }: HostHeaderTools, work: WorkOptions): Promise<BuildEnvironment> {
  const name = `linux-headers-${release}`;
  const closure = await resolveClosure(apt, [name], work);
  const headers = closure.find((deb) => deb.name === name); // else apt took the name for a pattern
  if (!headers) throw new Failure({ code: 'package-not-offered', what: `The package ${name} cannot be had.`, why: `The archive does not offer ${name}.`, next: 'Install the headers on that host.' });
  const debs = closure.filter((deb) => /^linux-(?!libc-dev)/.test(deb.name));
  const root = await sets.provide(apt, `headers-${release}-${apt.source.label}`, debs, work, (made, final) => {
    if (!fs.existsSync(path.join(headersDir(made, release), 'Makefile'))) throw incomplete(release);
    relocateHeaders(made, final, release);
  });
  const kernel: KernelBuild = { release, gcc: gccOf(headersDir(root, release), release), programs: [`${name}=${headers.version}`], namesCompiler: false };
  return buildEnvironmentFor(kernel, root, apt, sets, env, work);
}

function incomplete(release: string): Failure {
  return new Failure({ code: 'headers-incomplete', what: `Modules for ${release} cannot be built here.`, why: 'The packages of its headers hold no Makefile where it is looked for.', next: 'Install its headers and its compiler on that host.' });
}

/** Major version of the GCC that built the kernel, as its configuration tells. @throws Failure `compiler-unknown` */
function gccOf(folder: string, release: string): number {
  const file = path.join(folder, '.config');
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const text = size === 0 || size > MAX_CONFIG_BYTES ? '' : fs.readFileSync(file, 'utf8');
  const version = /^CONFIG_CC_VERSION_TEXT="[^"\n]*gcc[^"\n]* (\d{1,2})\.\d+\.\d+[^"\n]*"$/m.exec(text)?.[1] ?? /^CONFIG_GCC_VERSION=(\d{1,2})\d{4}$/m.exec(text)?.[1];
  if (version !== undefined && Number(version) > 0) return Number(version);
  throw new Failure({
    code: 'compiler-unknown',
    what: `Modules for ${release} cannot be built here.`,
    why: 'Its configuration does not name the GCC that built it.',
    next: 'Install its headers and its compiler on that host.',
  });
}

/** What a failure of the package tools means where the archive is a host's. */
function explained(failure: Failure, what: string, places: string): Failure {
  const because = (code: string, why: string, next: string): Failure => new Failure({ code, what, why, next, detail: `${failure.message}\n${failure.detail ?? ''}` });
  switch (failure.code) {
    case 'package-not-offered':
      return because(failure.why.includes(' linux-headers-') ? 'kernel-not-offered' : failure.code, failure.why.replace(/^The archive/, `The archive ${places}`), 'Update that host and restart it.');
    case 'suite-not-offered':
      return because(failure.code, `The archive ${places} does not have the release that its apt sources name.`, 'Correct the apt sources of that host.');
    case 'packages-unreachable':
      return because(failure.code, `The archive ${places} that its apt sources name cannot be reached from here.`, 'Check the network and the proxy settings of apt, or install the headers on that host.');
    case 'archive-keys-too-old':
      return because('archive-untrusted', `The archive ${places} is signed by no key that is trusted here.`, 'Name the keyring of that archive.');
    case 'package-corrupt':
      return because(failure.code, `What the archive ${places} sent is not what its signed package list promises.`, failure.next);
    default:
      return failure;
  }
}

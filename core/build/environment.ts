// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { LOOK_FOR_TOOLS } from '../hosts/facts';
import type { BuildEnvironment, Host, HostFacts } from '../hosts/host';
import { Failure } from '../model';
import { SOURCES_SCRIPT, type HostArchives, type ProvidedHeaders, type WorkOptions } from '../packages';
import { run } from '../platform/process';
import { missingOnHost, type HostTools, type NotHere } from './missing';

/** The part of the package store that building for a host needs. */
export interface HeaderPackages {
  provideHeaders(release: string, work?: WorkOptions): Promise<ProvidedHeaders>;
  hostArchives(text: string): HostArchives | null;
  provideHostHeaders(archives: HostArchives, release: string, work?: WorkOptions): Promise<BuildEnvironment>;
}

/**
 * What a host has, asked anew: somebody may have installed something since its facts were read. Prints `key=value` lines, the
 * host's os-release and its apt sources. `$1`: its kernel.
 */
const LOOK_SCRIPT = `kernel=$1
${LOOK_FOR_TOOLS}if command -v make >/dev/null; then echo make=yes; fi
cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null
${SOURCES_SCRIPT}`;
const MAX_LOOK_BYTES = 512 * 1024;

/** Kernels of Debian, which the package store knows. */
const DEBIAN_RELEASE = /^\d+\.\d+\.\S+-(?:cloud-)?amd64$/;

/**
 * How a module is built for a host: there, when it has its kernel's headers, a compiler and make; else here against the
 * headers of the same release, when this machine has them or Debian offers them.
 * @throws Failure `no-build-environment` that says what is missing and how it is installed, `cancelled`, `host-lost`
 */
export async function findBuildEnvironment(host: Host, packages: HeaderPackages | null, work: WorkOptions = {}): Promise<BuildEnvironment> {
  const facts = await host.facts(work.signal);
  const known = { build: facts.kernelBuildDir, compiler: facts.compiler, hasMake: true, system: '' };
  const tools = known.build !== null && known.compiler !== null ? known : await look(host, facts, work.signal);
  if (tools.build !== null && tools.compiler !== null && tools.hasMake) {
    return { host, kernel: facts.kernel, kernelDir: tools.build, makeArgs: [], compiler: tools.compiler, wrap: unwrapped };
  }
  const here = await buildHere(facts, () => Promise.resolve(tools.system), packages, work);
  if ('kernelDir' in here) return here;
  throw missingOnHost({ host: host.name, isLocal: host.kind === 'local', kernel: facts.kernel, tools, here });
}

/** Headers of a host's kernel on this machine, for what reads them here; null when they cannot be had. @throws Failure `cancelled`, `host-lost` */
export async function headersHere(host: Host, packages: HeaderPackages, work: WorkOptions = {}): Promise<BuildEnvironment | null> {
  const facts = await host.facts(work.signal);
  const found = await buildHere(facts, async () => (await look(host, facts, work.signal)).system, packages, work);
  return 'kernelDir' in found ? found : null;
}

const nowhere = (why: string): NotHere => ({ why, failure: null, fromItsArchives: false });

const unwrapped: BuildEnvironment['wrap'] = (argv) => ({ argv: [...argv], env: { ...process.env, LC_ALL: 'C' } });

function thisArchitecture(): string {
  return { x64: 'x86_64', arm64: 'arm64', ia32: 'i386' }[process.arch as string] ?? process.arch;
}

async function look(host: Host, { kernel }: HostFacts, signal?: AbortSignal): Promise<HostTools> {
  const result = await host.script(LOOK_SCRIPT, [kernel], { maxOutputBytes: MAX_LOOK_BYTES, ...(signal ? { signal } : {}) });
  if (result.cancelled) throw Failure.cancelled(`${host.name} was not asked what it can build with.`);
  const value = (key: string): string | null => new RegExp(`^${key}=(.+)$`, 'm').exec(result.stdout)?.[1] ?? null;
  return { build: value('build'), compiler: value('compiler')?.slice(0, 200) ?? null, hasMake: value('make') !== null, system: result.stdout };
}

/** @param system what the host printed of its system, for {@link HeaderPackages.hostArchives}; asked when it is needed */
async function buildHere({ kernel, arch }: HostFacts, system: () => Promise<string>, packages: HeaderPackages | null, work: WorkOptions): Promise<BuildEnvironment | NotHere> {
  if (arch !== thisArchitecture() || process.platform !== 'linux') return nowhere('Modules for it cannot be built on this machine.');
  const installed = [`/lib/modules/${kernel}/build`, `/usr/src/linux-headers-${kernel}`, `/usr/src/kernels/${kernel}`].find((folder) => fs.existsSync(path.join(folder, 'Makefile')));
  if (installed !== undefined) {
    const gcc = await run(['gcc', '--version'], { env: { ...process.env, LC_ALL: 'C' }, ...(work.signal ? { signal: work.signal } : {}) });
    if (gcc.exitCode === 0) return { kernel, kernelDir: installed, makeArgs: [], compiler: gcc.stdout.split('\n')[0] ?? 'gcc', wrap: unwrapped };
  }
  const archives = packages && arch === 'x86_64' ? packages.hostArchives(await system()) : null;
  const isDebians = archives?.system !== 'ubuntu' && DEBIAN_RELEASE.test(kernel);
  if (!packages || (!archives && !isDebians)) return nowhere('Its headers are not on this machine, and Debian has no kernel of that name.');
  const ways = [
    ...(isDebians ? [async (): Promise<BuildEnvironment> => (await packages.provideHeaders(kernel, work)).buildEnvironment] : []),
    ...(archives ? [(): Promise<BuildEnvironment> => packages.provideHostHeaders(archives, kernel, work)] : []),
  ];
  const failures: Failure[] = [];
  for (const way of ways) {
    try {
      return await way();
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'cancelled') throw error;
      failures.push(error);
      if (error.code !== 'kernel-not-offered') break;
    }
  }
  const why = failures.map(({ what, why: because, detail = '' }) => `Its headers cannot be fetched: ${what} ${because}\n${detail}`.trimEnd()).join('\n');
  return { why, failure: failures.at(-1) ?? null, fromItsArchives: failures.length > (isDebians ? 1 : 0) };
}

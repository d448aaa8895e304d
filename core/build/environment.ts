// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { LOOK_FOR_TOOLS } from '../hosts/facts';
import type { BuildEnvironment, Host, HostFacts } from '../hosts/host';
import { Failure } from '../model';
import type { ProvidedHeaders, WorkOptions } from '../packages';
import { run } from '../platform/process';
import { missingOnHost, type HostTools } from './missing';

/** The part of the package store that building for a host needs. */
export interface HeaderPackages {
  provideHeaders(release: string, work?: WorkOptions): Promise<ProvidedHeaders>;
}

/**
 * What a host has, asked anew: somebody may have installed something since its facts were read. Prints `key=value` lines
 * and the host's os-release. `$1`: its kernel.
 */
const LOOK_SCRIPT = `kernel=$1
${LOOK_FOR_TOOLS}if command -v make >/dev/null; then echo make=yes; fi
cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null
`;

/** Kernels of Debian, which the package store knows. */
const DEBIAN_RELEASE = /^\d+\.\d+\.\S+-(?:cloud-)?amd64$/;

/**
 * How a module is built for a host: there, when it has its kernel's headers, a compiler and make; else here against the
 * headers of the same release, when this machine has them or Debian offers them.
 * @throws Failure `no-build-environment` that says what is missing and how it is installed, `cancelled`, `host-lost`
 */
export async function findBuildEnvironment(host: Host, packages: HeaderPackages | null, signal?: AbortSignal): Promise<BuildEnvironment> {
  const facts = await host.facts(signal);
  const known = { build: facts.kernelBuildDir, compiler: facts.compiler, hasMake: true, osRelease: '' };
  const tools = known.build !== null && known.compiler !== null ? known : await look(host, facts, signal);
  if (tools.build !== null && tools.compiler !== null && tools.hasMake) {
    return { host, kernel: facts.kernel, kernelDir: tools.build, makeArgs: [], compiler: tools.compiler, wrap: unwrapped };
  }
  const here = facts.arch === thisArchitecture() && process.platform === 'linux' ? await buildHere(facts, packages, signal) : nowhere('Modules for it cannot be built on this machine.');
  if ('kernelDir' in here) return here;
  throw missingOnHost({ host: host.name, isLocal: host.kind === 'local', kernel: facts.kernel, tools, here: here.why, isGone: here.isGone });
}

/** Headers of a host's kernel on this machine, for what reads them here; null when they cannot be had. @throws Failure `cancelled`, `host-lost` */
export async function headersHere(host: Host, packages: HeaderPackages, signal?: AbortSignal): Promise<BuildEnvironment | null> {
  const found = await buildHere(await host.facts(signal), packages, signal);
  return 'kernelDir' in found ? found : null;
}

/** Why a module cannot be built on this machine. */
interface Nowhere {
  readonly why: string;
  /** Debian does not offer that kernel's headers. */
  readonly isGone: boolean;
}

const nowhere = (why: string, isGone = false): Nowhere => ({ why, isGone });

const unwrapped: BuildEnvironment['wrap'] = (argv) => ({ argv: [...argv], env: { ...process.env, LC_ALL: 'C' } });

function thisArchitecture(): string {
  return { x64: 'x86_64', arm64: 'arm64', ia32: 'i386' }[process.arch as string] ?? process.arch;
}

async function look(host: Host, { kernel }: HostFacts, signal?: AbortSignal): Promise<HostTools> {
  const result = await host.script(LOOK_SCRIPT, [kernel], { maxOutputBytes: 64 * 1024, ...(signal ? { signal } : {}) });
  if (result.cancelled) throw Failure.cancelled(`${host.name} was not asked what it can build with.`);
  const value = (key: string): string | null => new RegExp(`^${key}=(.+)$`, 'm').exec(result.stdout)?.[1] ?? null;
  return { build: value('build'), compiler: value('compiler')?.slice(0, 200) ?? null, hasMake: value('make') !== null, osRelease: result.stdout };
}

async function buildHere({ kernel }: HostFacts, packages: HeaderPackages | null, signal?: AbortSignal): Promise<BuildEnvironment | Nowhere> {
  const installed = [`/lib/modules/${kernel}/build`, `/usr/src/linux-headers-${kernel}`, `/usr/src/kernels/${kernel}`].find((folder) => fs.existsSync(path.join(folder, 'Makefile')));
  if (installed !== undefined) {
    const gcc = await run(['gcc', '--version'], { env: { ...process.env, LC_ALL: 'C' }, ...(signal ? { signal } : {}) });
    if (gcc.exitCode === 0) return { kernel, kernelDir: installed, makeArgs: [], compiler: gcc.stdout.split('\n')[0] ?? 'gcc', wrap: unwrapped };
  }
  if (!packages || !DEBIAN_RELEASE.test(kernel)) return nowhere('Its headers are not on this machine, and Debian has no kernel of that name.');
  try {
    return (await packages.provideHeaders(kernel, signal ? { signal } : {})).buildEnvironment;
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'cancelled') throw error;
    return nowhere(`Its headers cannot be fetched: ${error.what} ${error.why}`, error.code === 'kernel-not-offered');
  }
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { BuildEnvironment } from '../hosts/host';
import { Failure } from '../model/failure';
import { run } from '../platform/process';
import type { AptRoot } from './apt';
import { packageFailure } from './apt-failures';
import type { PackageSets } from './deb';
import type { KernelSource } from './kernels';
import { provideTree } from './tree';
import { cancelOf, type WorkOptions } from './work';

/** Without a vmlinux there is nothing to make a module's BTF from, and pahole need not be there. */
const withoutBtf = 'CONFIG_DEBUG_INFO_BTF_MODULES=';

/** `W=1` would also check comments, with Perl or Python, which the private trees go without. */
const withoutDocCheck = 'cmd_checkdoc=';

/** What building modules for an unpacked kernel takes. */
export interface KernelBuild {
  /** `uname -r` */
  readonly release: string;
  /** Major version of the GCC that built the kernel. */
  readonly gcc: number;
  /** Packages, as `NAME=VERSION`, whose dependencies the kernel's own programs (modpost, objtool) want. */
  readonly programs: readonly string[];
  /** Whether the headers call their compiler by name; else make is told. */
  readonly namesCompiler: boolean;
}

export function debianBuild({ offer, gcc, debs }: KernelSource): KernelBuild {
  const programs = debs.filter(({ name }) => name.startsWith('linux-kbuild-')).map(({ name, version }) => `${name}=${version}`);
  return { release: offer.release, gcc, programs, namesCompiler: true };
}

interface Compiler {
  readonly program: string;
  readonly version: string;
}

/** The folder that `make -C` takes, in an unpacked kernel. */
export function headersDir(root: string, release: string): string {
  return path.join(root, 'usr/src', `linux-headers-${release}`);
}

/**
 * Last changes to an unpacked kernel: Debian's headers Makefiles name `/usr/src/`, which is elsewhere here.
 * @param final Where the tree will lie.
 */
export function relocateHeaders(made: string, final: string, release: string): void {
  const makefile = path.join(headersDir(made, release), 'Makefile');
  const text = fs.readFileSync(makefile, 'utf8');
  fs.writeFileSync(makefile, text.replaceAll(/(?<=^|[\s=:])\/usr\/src\//gm, `${final}/usr/src/`));
}

/** Characters that make and the shell lines of kbuild cannot carry in the path of the kernel's folder. */
const unusableInMake = /[\s:#%$'"\\;&|<>*?()`]/;

/** @throws Failure `cache-path-unusable` */
export function checkCachePath(dir: string): void {
  if (!unusableInMake.test(dir)) return;
  throw new Failure({
    code: 'cache-path-unusable',
    what: 'Modules cannot be built with kernel headers in the cache folder.',
    why: `Its path holds a blank or another character that make cannot carry: ${dir}`,
    next: 'Set KMODLAB_CACHE_DIR to a folder with a plain path.',
  });
}

/**
 * How to build modules for an unpacked kernel: with this machine's tools where they fit, else in a private tree of
 * packages of the kernel's own release.
 */
export async function buildEnvironmentFor(
  kernel: KernelBuild,
  root: string,
  apt: AptRoot,
  sets: PackageSets,
  env: NodeJS.ProcessEnv,
  work: WorkOptions,
): Promise<BuildEnvironment> {
  const common = { kernel: kernel.release, kernelDir: headersDir(root, kernel.release) };
  const own = await machineCompiler(kernel.gcc, common.kernelDir, env, work);
  if (own) {
    const clean = { PATH: env['PATH'] ?? '/usr/bin:/bin', HOME: env['HOME'] ?? '/', LC_ALL: 'C' };
    return {
      ...common,
      makeArgs: [`CC=${own.program}`, withoutBtf],
      compiler: `${own.program} ${own.version}`,
      wrap: (argv) => ({ argv: [...argv], env: { ...clean } }),
    };
  }
  const gcc = `gcc-${kernel.gcc}`;
  const packages = [gcc, 'binutils', 'make', 'diffutils', 'findutils', 'grep', 'mawk', 'sed', ...kernel.programs];
  const tree = await provideTree(apt, sets, packages, work, (name) => !name.startsWith('linux-'));
  const { argv, env: inside } = tree.wrap([gcc, '-dumpfullversion']);
  const version = await run(argv, { ...cancelOf(work), env: inside });
  if (version.exitCode !== 0) throw packageFailure(`The private ${gcc} for the kernel ${kernel.release} does not start.`, version, work.signal);
  return {
    ...common,
    makeArgs: [...(kernel.namesCompiler ? [] : [`CC=${gcc}`]), withoutBtf, withoutDocCheck],
    compiler: `${gcc} ${version.stdout.trim()}`,
    wrap: (argv, folders) => tree.wrap(argv, { bind: [root, ...folders] }),
  };
}

/**
 * This machine's compiler, when it can build for that kernel: GCC at least as new as the kernel's own (an older one
 * lacks options that the kernel's configuration names), make, and the libraries that the kernel's host tools want.
 */
async function machineCompiler(gcc: number, kernelDir: string, env: NodeJS.ProcessEnv, work: WorkOptions): Promise<Compiler | null> {
  const ask = async (argv: readonly string[]): Promise<string | null> => {
    const result = await run(argv, { ...cancelOf(work), env: { PATH: env['PATH'], LC_ALL: 'C' } });
    if (result.cancelled) throw Failure.cancelled('The compiler is not chosen.');
    return result.exitCode === 0 ? result.stdout : null;
  };
  const compilers = [`gcc-${gcc}`, 'gcc'];
  const [needed, libraries, versions] = await Promise.all([
    Promise.all(['make', 'ld', 'as'].map((program) => ask([program, '--version']))),
    // The loader lists what a program would load, without running it, and fails when a library or its version is missing.
    Promise.all(hostTools(kernelDir).map((tool) => ask(['/lib64/ld-linux-x86-64.so.2', '--list', tool]))),
    Promise.all(compilers.map((program) => ask([program, '-dumpfullversion']))),
  ]);
  if (needed.includes(null) || libraries.some((text) => text?.includes('not found') !== false)) return null;
  const found = compilers.map((program, index) => ({ program, version: versions[index]?.trim() ?? '' }));
  return found.find(({ version }) => Number.parseInt(version) >= gcc) ?? null;
}

function hostTools(kernelDir: string): string[] {
  return ['scripts/basic/fixdep', 'scripts/mod/modpost', 'tools/objtool/objtool'].map((tool) => path.join(kernelDir, tool)).filter((file) => fs.existsSync(file));
}

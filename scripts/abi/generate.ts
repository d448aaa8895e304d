// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { AbiArgument, AbiSyscall, PointerFailure } from '../../core/abi/types';
import type { Architecture } from '../../core/model/analysis';
import type { ProvidedKernel } from '../../core/packages';
import { commandsOf } from './commands';
import { directionOf, isAddress, isLookedAtFirst, lengthOf } from './facts';
import { readNumbers, readPrototypes, type DeclaredArgument, type KernelHeaders, type SyscallNumber } from './headers';
import classes from './pointer-classes.json' with { type: 'json' };

/** Kernels whose tables are joined, oldest first; of two the newer one's prototype counts. */
export const SERIES = ['6.1', '6.12', '7.3'] as const;

const ARCHITECTURES: readonly Architecture[] = ['x86_64', 'i386', 'arm64'];

export interface GeneratedAbi {
  readonly arch: Architecture;
  /** Content of the file. */
  readonly text: string;
  /** One line for people. */
  readonly summary: string;
}

/** Where the headers of a fetched kernel lie. */
export function headersOf({ modulesDir, offer }: Pick<ProvidedKernel, 'modulesDir' | 'offer'>): KernelHeaders {
  const sources = path.resolve(modulesDir, '../../../src');
  const common = fs.readdirSync(sources).find((name) => /^linux-headers-.*-common$/.test(name));
  if (common === undefined) throw new Error(`${sources} has no common headers`);
  return { own: path.join(sources, `linux-headers-${offer.release}`), common: path.join(sources, common) };
}

/** The tables of all architectures, as they are committed. */
export function generateAbi(kernels: readonly { readonly series: string; readonly headers: KernelHeaders }[]): GeneratedAbi[] {
  return ARCHITECTURES.map((arch) => {
    const syscalls = new Map<number, AbiSyscall>();
    for (const { headers } of kernels) {
      const prototypes = readPrototypes(headers, arch);
      for (const row of readNumbers(headers, arch)) {
        const list = prototypes.get(row.entry);
        if (list || !syscalls.has(row.number)) syscalls.set(row.number, list ? { ...row, arguments: describeArguments(arch, row, list) } : { ...row, entry: row.name, arguments: null });
      }
    }
    const sorted = [...syscalls.values()].sort((a, b) => a.number - b.number).map(({ number, name, entry, arguments: list }) => ({ number, name, entry, arguments: list }));
    const rows = sorted.map((row) => `    ${JSON.stringify(row)}`).join(',\n');
    const source = `Linux ${kernels.map(({ series }) => series).join(', ')}: syscall tables and include/linux/syscalls.h`;
    const known = sorted.filter((row) => row.arguments !== null);
    const pointers = known.flatMap((row) => row.arguments ?? []).filter(({ user }) => user);
    return {
      arch,
      text: `{\n  "arch": ${JSON.stringify(arch)},\n  "source": ${JSON.stringify(source)},\n  "syscalls": [\n${rows}\n  ]\n}\n`,
      summary: `${arch}: ${sorted.length} numbers, ${known.length} with a prototype, ${pointers.length} user pointers, ${pointers.filter(({ direction }) => direction !== undefined).length} with a direction, ${pointers.filter(({ failure }) => failure !== 'unknown').length} with a class`,
    };
  });
}

function describeArguments(arch: Architecture, { entry }: SyscallNumber, list: readonly DeclaredArgument[]): AbiArgument[] {
  let mutable = 0;
  return list.map((argument, index) => {
    const address = isAddress(entry, index);
    const pointerFor = argument.user ? undefined : commandsOf(arch, entry, index);
    const isPointer = argument.user || address || pointerFor !== undefined;
    const direction = argument.user ? directionOf(entry, argument.type, argument.type.startsWith('const ') ? 0 : mutable++) : undefined;
    const length = argument.user ? lengthOf(entry, index) : undefined;
    return {
      ...argument,
      ...(address ? { address: true as const } : {}),
      ...(isPointer ? { failure: failureOf(entry, index) } : {}),
      ...(isLookedAtFirst(entry, index) ? { first: true as const } : {}),
      ...(direction ? { direction } : {}),
      ...(length ? { length } : {}),
      ...(pointerFor ? { pointerFor } : {}),
    };
  });
}

/**
 * Entries of 32-bit x86 that read the same arguments as one of x86-64, by the same code: narrower times, user ids and
 * offsets.
 */
function sameOn64(entry: string): string {
  const stat = /^(?:(f|l)?stat|fstat(at))64$/.exec(entry);
  if (stat) return stat[2] === undefined ? `new${stat[1] ?? ''}stat` : 'newfstatat';
  return entry.replace(/^ia32_(\w+?)(?:64)?$/, (_all, name: string) => (/^p(?:read|write)$/.test(name) ? `${name}64` : name)).replace(/_time32$|(?<=^(?:clock|timer|timerfd)_\w+|^s?time|^utime)32$|16$/, '');
}

/** What running kernels did with a kernel address there; test/guest/abi-oracle.test.ts holds this to the truth. */
function failureOf(declared: string, index: number): PointerFailure {
  const entry = sameOn64(declared);
  for (const failure of ['faults', 'otherwise', 'silent'] as const) {
    const table: Readonly<Record<string, readonly number[] | undefined>> = classes[failure];
    if (table[entry]?.includes(index)) return failure;
  }
  return 'unknown';
}

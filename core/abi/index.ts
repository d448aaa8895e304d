// SPDX-License-Identifier: MIT
import type { Architecture } from '../model/analysis';
import arm64 from './generated/arm64.json' with { type: 'json' };
import i386 from './generated/i386.json' with { type: 'json' };
import x86 from './generated/x86_64.json' with { type: 'json' };
import type { AbiArgument, AbiSyscall } from './types';

export type { AbiArgument, AbiFunction, AbiSyscall } from './types';

/** The syscalls of one architecture. */
export interface SyscallAbi {
  readonly arch: Architecture;
  readonly syscalls: readonly AbiSyscall[];
  byName(name: string): AbiSyscall | undefined;
  byNumber(number: number): AbiSyscall | undefined;
  /** By the kernel function's name without `sys_` (`newstat`), as in `__x64_sys_newstat`. */
  byEntry(entry: string): AbiSyscall | undefined;
  /** The number of a command that makes an argument a pointer, by its name: `PR_SET_NAME`, `TCGETS`; null when it is none. */
  command(name: string): bigint | null;
  /** `struct pt_regs` fields that hold the arguments, in order: `di`, `si`, …; `regs[1]` on arm64. */
  readonly registers: readonly string[];
}

/**
 * Argument order in struct pt_regs: arch/x86/include/asm/syscall_wrapper.h (SC_X86_64_REGS_TO_ARGS,
 * SC_IA32_REGS_TO_ARGS) and arch/arm64/include/asm/syscall_wrapper.h (SC_ARM64_REGS_TO_ARGS).
 */
const REGISTERS: Readonly<Record<Architecture, readonly string[]>> = {
  x86_64: ['di', 'si', 'dx', 'r10', 'r8', 'r9'],
  i386: ['bx', 'cx', 'dx', 'si', 'di', 'bp'],
  arm64: ['regs[0]', 'regs[1]', 'regs[2]', 'regs[3]', 'regs[4]', 'regs[5]'],
};

const GENERATED: Readonly<Record<Architecture, { syscalls: unknown }>> = { x86_64: x86, i386, arm64 };

/** Builds the lookups for an architecture: keep the result, it is not cached here. */
export function syscallAbi(arch: Architecture): SyscallAbi {
  const syscalls = GENERATED[arch].syscalls as readonly AbiSyscall[];
  const names = new Map(syscalls.map((syscall) => [syscall.name, syscall]));
  const numbers = new Map(syscalls.map((syscall) => [syscall.number, syscall]));
  const entries = new Map(syscalls.map((syscall) => [syscall.entry, syscall]));
  const commands = new Map(syscalls.flatMap((syscall) => (syscall.arguments ?? []).flatMap(({ pointerFor }) => Object.entries(pointerFor?.values ?? {}).map(([name, value]) => [name, BigInt(value)] as const))));
  return {
    arch,
    syscalls,
    byName: (name) => names.get(name),
    byNumber: (number) => numbers.get(number),
    byEntry: (entry) => entries.get(entry),
    command: (name) => commands.get(name) ?? null,
    registers: REGISTERS[arch],
  };
}

/** The prototype as a person reads it, with the register of each argument: `write(unsigned int fd [di], …)`. */
export function describePrototype(abi: SyscallAbi, syscall: AbiSyscall): string {
  const list = (syscall.arguments ?? []).map((argument, index) => `${declare(argument)} [${abi.registers[index] ?? '?'}]`);
  return `${syscall.name}(${list.join(', ')})`;
}

/** An argument as in a prototype: `const char __user *buf`. */
export function declare(argument: AbiArgument): string {
  return `${argument.type}${argument.type.endsWith('*') ? '' : ' '}${argument.name}`;
}

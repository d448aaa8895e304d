// SPDX-License-Identifier: MIT

/**
 * What a syscall does with a kernel address in one of its user pointers: `faults` returns -EFAULT, `otherwise` fails
 * with another error, `silent` takes it, `unknown` is not established (or depends on another argument).
 * Where it is reached, that is:
 * another argument may fail the call before. Seen on running x86-64 kernels (test/guest/abi-oracle.test.ts).
 */
export type PointerFailure = 'faults' | 'otherwise' | 'silent' | 'unknown';

/** `in`: the kernel reads what the pointer points to; `out`: it writes there. */
export type Direction = 'in' | 'out' | 'inout';

/** How much memory a pointer stands for: another argument counts bytes, items, or points to the number of bytes. */
export interface Length {
  readonly argument: number;
  readonly unit: 'bytes' | 'items' | 'pointed';
}

/** A pointer for some values of the argument `command` only. `encoded`: also for an ioctl number that carries a direction. */
export interface Commands {
  readonly command: number;
  readonly values: Readonly<Record<string, number>>;
  readonly encoded?: true;
}

export interface AbiArgument {
  readonly name: string;
  /** As in the kernel's prototype, with `__user`. */
  readonly type: string;
  /** The kernel reads or writes through it as a user-space address, whatever the other arguments are. */
  readonly user: boolean;
  /** A user-space address that is not read or written through, such as munmap's. */
  readonly address?: true;
  /** Only for user pointers and addresses. */
  readonly failure?: PointerFailure;
  /** Looked at before any other argument can fail the call: a kernel address there decides the result. */
  readonly first?: true;
  /** Only for user pointers, where known. */
  readonly direction?: Direction;
  readonly length?: Length;
  /** The commands that make it a user pointer; `user` is false then. */
  readonly pointerFor?: Commands;
}

/** Something with arguments: a syscall, or a function of the kernel that takes user pointers as one does. */
export interface AbiFunction {
  readonly name: string;
  /** Null when the number has no implementation (or no prototype). */
  readonly arguments: readonly AbiArgument[] | null;
}

export interface AbiSyscall extends AbiFunction {
  readonly number: number;
  /** As in `__NR_name`. */
  readonly name: string;
  /** The kernel's function, without `sys_` (`newstat` behind `stat`). */
  readonly entry: string;
}

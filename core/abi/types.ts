// SPDX-License-Identifier: MIT

/**
 * What a syscall does with a kernel address in one of its user pointers: `faults` returns -EFAULT, `otherwise` fails
 * with another error, `silent` takes it, `unknown` is not established (or depends on another argument).
 */
export type PointerFailure = 'faults' | 'otherwise' | 'silent' | 'unknown';

export interface AbiArgument {
  readonly name: string;
  /** As in the kernel's prototype, with `__user`. */
  readonly type: string;
  /** The kernel reads or writes through it as a user-space address. */
  readonly user: boolean;
  /** Only for user pointers. */
  readonly failure?: PointerFailure;
}

export interface AbiSyscall {
  readonly number: number;
  /** As in `__NR_name`. */
  readonly name: string;
  /** The kernel's function, without `sys_` (`newstat` behind `stat`). */
  readonly entry: string;
  /** Null when the number has no implementation (or no prototype). */
  readonly arguments: readonly AbiArgument[] | null;
}

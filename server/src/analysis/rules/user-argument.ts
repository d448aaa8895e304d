// SPDX-License-Identifier: MIT
import type { AbiArgument, AbiFunction } from '../../../../core/abi';
import type { CallArgument, RecordedCall } from '../flow/recorder';
import type { AddressSpace } from '../flow/values';

/** What one path brings to an argument. */
export interface Brought extends CallArgument {
  readonly space: AddressSpace;
  /** The call is under set_fs(KERNEL_DS) there; null when that is not known. */
  readonly underSetFs: boolean | null;
}

/** An argument that the syscall (or function) takes as a pointer into user space. */
export interface UserArgument {
  readonly call: RecordedCall;
  readonly callee: AbiFunction;
  readonly index: number;
  readonly argument: AbiArgument;
  /** What the paths bring that count. */
  readonly brought: readonly Brought[];
}

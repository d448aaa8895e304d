// SPDX-License-Identifier: MIT
import { errnoNumber } from '../../../core/abi/errno';
import type { PointerFailure } from '../../../core/abi/types';

const EFAULT = -(errnoNumber('EFAULT') ?? 0);
const ENOSYS = -(errnoNumber('ENOSYS') ?? 0);

/** `absent`: the kernel has no such syscall; `unreached`: another check decided before the pointer was looked at. */
export type Observed = Exclude<PointerFailure, 'unknown'> | 'absent' | 'unreached';

/**
 * What the results of one call say of the pointer in which it got a kernel address.
 * brk() never fails: it returns the break that stands, so an address that is none of the kernel's is a refusal.
 * @param valid result with valid arguments, null when that was not tried
 */
export function observe(syscall: string, valid: bigint | null, result: bigint): Observed {
  const bad = result >= 0xfffff001n && result <= 0xffffffffn ? BigInt.asIntN(32, result) : result; // modify_ldt() returns 32 bits
  if (bad === BigInt(ENOSYS)) return 'absent';
  if (syscall === 'brk') return bad >= 0n ? 'otherwise' : 'silent';
  if (bad === BigInt(EFAULT)) return valid === bad ? 'unreached' : 'faults';
  if (bad >= 0n || bad < -4095n) return valid === null || (valid < 0n && valid >= -4095n) ? 'unreached' : 'silent';
  return valid === null || bad === valid ? 'unreached' : 'otherwise';
}

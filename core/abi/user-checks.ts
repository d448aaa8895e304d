// SPDX-License-Identifier: MIT
import type { Architecture } from '../model/analysis';
import { rangeCheck, type RangeCheck } from './address-space';
import type { AbiFunction } from './types';

/** Calls whose buffer is checked as a whole before anything else looks at it (fs/read_write.c). */
const CHECKED_BY_RANGE = new Set(['read', 'write', 'pread64', 'pwrite64', 'vfs_read', 'vfs_write']);
/** A number that is read or written by itself. */
const NUMBER = /^(?:const )?(?:unsigned )?(?:int|long|u(?:nsigned|32|64|id_t)|__u32|__u64|old_[ug]id_t|gid_t|pid_t|loff_t|off_t|size_t|compat_\w+_t|__kernel_old_time_t|timer_t|key_serial_t) __user \*$/;

/** The function of the kernel that a kernel address in this argument fails in: `access_ok()`, `strncpy_from_user()`, … */
export function userCheck({ name, arguments: list }: AbiFunction, index: number): string {
  const argument = list?.[index];
  if (index === 1 && CHECKED_BY_RANGE.has(name)) return 'access_ok()';
  if (!argument) return 'the kernel';
  const isRead = argument.direction ? argument.direction !== 'out' : argument.type.startsWith('const ');
  if (/^const char __user \*$/.test(argument.type) && !argument.length) return 'strncpy_from_user()';
  if (NUMBER.test(argument.type) && !argument.length) return isRead ? 'get_user()' : 'put_user()';
  return isRead ? 'copy_from_user()' : 'copy_to_user()';
}

const WHY: Readonly<Record<RangeCheck, string>> = {
  addrLimit: "it lies above the task's address limit (USER_DS)",
  taskSize: 'it lies above TASK_SIZE_MAX',
  signBit: 'its highest bit is set',
  userPtrMax: 'it lies above USER_PTR_MAX',
};

/** Why an address of the kernel is no user address for these checks. `version` as LINUX_VERSION_CODE, null when not known. */
export function whyNoUserAddress(arch: Architecture, version: number | null): string {
  const check = rangeCheck(arch, version);
  return check === null ? 'it lies outside of user space' : WHY[check];
}

// SPDX-License-Identifier: MIT
import type { Architecture } from '../model/analysis';
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

/**
 * Why an address of the kernel is no user address for these checks, as in `it lies above TASK_SIZE_MAX`. `version` as
 * LINUX_VERSION_CODE, null when not known. x86-64: the limit of the task until 5.9, then TASK_SIZE_MAX
 * (arch/x86/include/asm/uaccess.h of 5.10, include/asm-generic/access_ok.h of 6.1), the sign since 6.4 (commit
 * 6014bc27561f), USER_PTR_MAX since 6.12 (arch/x86/include/asm/uaccess_64.h).
 */
export function whyNoUserAddress(arch: Architecture, version: number | null): string {
  if (version === null) return 'it lies outside of user space';
  const hasLimit = version < (arch === 'arm64' ? 0x050b00 : 0x050a00);
  if (hasLimit) return "it lies above the task's address limit (USER_DS)";
  if (arch !== 'x86_64' || version < 0x060400) return 'it lies above TASK_SIZE_MAX';
  return version < 0x060c00 ? 'its highest bit is set' : 'it lies above USER_PTR_MAX';
}

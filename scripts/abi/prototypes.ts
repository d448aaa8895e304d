// SPDX-License-Identifier: MIT
import type { DeclaredArgument, Prototypes } from './headers';

const user = (name: string, type: string): DeclaredArgument => ({ name, type, user: true });
const plain = (name: string, type: string): DeclaredArgument => ({ name, type, user: false });

/**
 * Documented exceptions. SYSCALL_DEFINEs under arch/x86 (kernel/ldt.c, process.c, ioport.c, sys_ia32.c, tls.c, vm86_32.c) have no prototype
 * in include/linux/syscalls.h; five arguments of that header lack the `__user` that the definitions
 * (kernel/bpf/syscall.c, fs/open.c, kernel/futex/syscalls.c, fs/aio.c) have.
 */
export const MISSING_PROTOTYPES: Prototypes = new Map([
  ['modify_ldt', [plain('func', 'int'), user('ptr', 'void __user *'), plain('bytecount', 'unsigned long')]],
  ['arch_prctl', [plain('option', 'int'), plain('arg2', 'unsigned long')]],
  ['iopl', [plain('level', 'unsigned int')]],
  ['rt_sigreturn', []],
  ['sigreturn', []],
  ['set_thread_area', [user('u_info', 'struct user_desc __user *')]],
  ['get_thread_area', [user('u_info', 'struct user_desc __user *')]],
  ['vm86old', [user('user_vm86', 'struct vm86_struct __user *')]],
  ['vm86', [plain('cmd', 'unsigned long'), plain('arg', 'unsigned long')]],
  ['ia32_pread64', [plain('fd', 'unsigned int'), user('ubuf', 'char __user *'), plain('count', 'u32'), plain('poslo', 'u32'), plain('poshi', 'u32')]],
  ['ia32_pwrite64', [plain('fd', 'unsigned int'), user('ubuf', 'const char __user *'), plain('count', 'u32'), plain('poslo', 'u32'), plain('poshi', 'u32')]],
  ['ia32_truncate64', [user('filename', 'const char __user *'), plain('offset_low', 'unsigned long'), plain('offset_high', 'unsigned long')]],
  ['ia32_ftruncate64', [plain('fd', 'unsigned int'), plain('offset_low', 'unsigned long'), plain('offset_high', 'unsigned long')]],
  ['ia32_readahead', [plain('fd', 'int'), plain('off_lo', 'unsigned int'), plain('off_hi', 'unsigned int'), plain('count', 'size_t')]],
  ['ia32_fadvise64', [plain('fd', 'int'), plain('offset_lo', 'unsigned int'), plain('offset_hi', 'unsigned int'), plain('len', 'size_t'), plain('advice', 'int')]],
  ['ia32_fadvise64_64', [plain('fd', 'int'), plain('offset_low', '__u32'), plain('offset_high', '__u32'), plain('len_low', '__u32'), plain('len_high', '__u32'), plain('advice', 'int')]],
  ['ia32_sync_file_range', [plain('fd', 'int'), plain('off_low', 'unsigned int'), plain('off_hi', 'unsigned int'), plain('n_low', 'unsigned int'), plain('n_hi', 'unsigned int'), plain('flags', 'int')]],
  ['ia32_fallocate', [plain('fd', 'int'), plain('mode', 'int'), plain('offset_lo', 'unsigned int'), plain('offset_hi', 'unsigned int'), plain('len_lo', 'unsigned int'), plain('len_hi', 'unsigned int')]],
]);
export const MISSING_USER: readonly (readonly [entry: string, argument: number])[] = [
  ['bpf', 1], ['openat2', 2], ['futex_waitv', 0], ['io_pgetevents', 5], ['io_pgetevents_time32', 5],
];

/** Names for arguments that the prototypes leave out, from the SYSCALL_DEFINEs. */
export const ARGUMENT_NAMES: Readonly<Record<string, readonly string[]>> = {
  socket: ['family', 'type', 'protocol'],
  socketpair: ['family', 'type', 'protocol', 'usockvec'],
  bind: ['fd', 'umyaddr', 'addrlen'],
  listen: ['fd', 'backlog'],
  accept: ['fd', 'upeer_sockaddr', 'upeer_addrlen'],
  accept4: ['fd', 'upeer_sockaddr', 'upeer_addrlen', 'flags'],
  connect: ['fd', 'uservaddr', 'addrlen'],
  getsockname: ['fd', 'usockaddr', 'usockaddr_len'],
  getpeername: ['fd', 'usockaddr', 'usockaddr_len'],
  sendto: ['fd', 'buff', 'len', 'flags', 'addr', 'addr_len'],
  recvfrom: ['fd', 'ubuf', 'size', 'flags', 'addr', 'addr_len'],
  shutdown: ['fd', 'how'],
  rt_sigaction: ['sig', 'act', 'oact', 'sigsetsize'],
  pselect6: ['n', 'inp', 'outp', 'exp', 'tsp', 'sig'],
  ppoll: ['ufds', 'nfds', 'tsp', 'sigmask', 'sigsetsize'],
  clone: ['clone_flags', 'newsp', 'parent_tidptr', 'child_tidptr', 'tls'],
  clone_backwards: ['clone_flags', 'newsp', 'parent_tidptr', 'tls', 'child_tidptr'],
  old_mmap: ['arg'],
  old_select: ['arg'],
  old_readdir: ['fd', 'dirent', 'count'],
  sigaction: ['sig', 'act', 'oact'],
  olduname: ['name'],
  uname: ['name'],
  pselect6_time32: ['n', 'inp', 'outp', 'exp', 'tsp', 'sig'],
  ppoll_time32: ['ufds', 'nfds', 'tsp', 'sigmask', 'sigsetsize'],
  io_submit: ['ctx_id', 'nr', 'iocbpp'],
};


// SPDX-License-Identifier: MIT
/**
 * What the headers do not say of an argument: its direction, what bounds its length, commands that make it a pointer.
 * Facts of the syscalls' definitions (linux-source 6.1 and 6.12) and of the manual's section 2, entry by entry.
 */
import type { Direction, Length } from '../../core/abi/types';

/**
 * User pointers that are not `const`, in order: `i` the kernel reads, `o` it writes, `b` both. `const` alone means `i`,
 * and what is not listed has no known direction.
 */
const DIRECTIONS: Readonly<Record<string, string>> = {
  accept: 'ob', accept4: 'ob', adjtimex: 'b', adjtimex_time32: 'b', bind: 'i', bpf: 'bi', cachestat: 'io', capget: 'bo', capset: 'i', clock_adjtime: 'b', clock_adjtime32: 'b',
  clock_getres: 'o', clock_getres_time32: 'o', clock_gettime: 'o', clock_gettime32: 'o', clock_nanosleep: 'o', clock_nanosleep_time32: 'io', clock_settime32: 'i', clone: 'oo', clone3: 'i',
  connect: 'i', copy_file_range: 'bb', epoll_ctl: 'i', epoll_pwait: 'o', epoll_pwait2: 'o', epoll_wait: 'o', fgetxattr: 'o', file_getattr: 'o', file_setattr: 'i', flistxattr: 'o', fstat: 'o',
  fstat64: 'o', fstatat64: 'o', fstatfs: 'o', fstatfs64: 'o', futex: 'bb', futex_requeue: 'i', futex_time32: 'bb', futex_wait: 'ii', futex_waitv: 'ii', futex_wake: 'i', futimesat: 'i',
  futimesat_time32: 'i', get_mempolicy: 'oo', get_robust_list: 'oo', getcpu: 'oo', getcwd: 'o', getdents: 'o', getdents64: 'o', getgroups: 'o', getgroups16: 'o', getitimer: 'o', getpeername: 'ob',
  getrandom: 'o', getresgid: 'ooo', getresgid16: 'ooo', getresuid: 'ooo', getresuid16: 'ooo', getrlimit: 'o', getrusage: 'o', getsockname: 'ob', getsockopt: 'ob', gettimeofday: 'oo',
  getxattr: 'o', getxattrat: 'i', init_module: 'i', io_cancel: 'io', io_getevents: 'oi', io_getevents_time32: 'oi', io_pgetevents: 'oi', io_pgetevents_time32: 'oi', io_setup: 'b', io_submit: 'i',
  io_uring_setup: 'b', kexec_load: 'i', lgetxattr: 'o', listmount: 'o', listns: 'o', listxattr: 'o', listxattrat: 'o', llistxattr: 'o', llseek: 'o', lookup_dcookie: 'o', lsm_get_self_attr: 'ob',
  lsm_list_modules: 'ob', lsm_set_self_attr: 'i', lstat: 'o', lstat64: 'o', mincore: 'o', modify_ldt: 'b', mount: 'iiii', mount_setattr: 'i', move_pages: 'o', mq_getsetattr: 'o', mq_open: 'i',
  mq_timedreceive: 'oo', mq_timedreceive_time32: 'oo', msgctl: 'b', msgrcv: 'o', msgsnd: 'i', name_to_handle_at: 'bo', nanosleep: 'io', nanosleep_time32: 'io', newfstat: 'o', newfstatat: 'o',
  newlstat: 'o', newstat: 'o', newuname: 'o', old_getrlimit: 'o', old_mmap: 'i', old_readdir: 'o', old_select: 'i', oldumount: 'i', olduname: 'o', open_by_handle_at: 'i', open_tree_attr: 'i',
  openat2: 'i', perf_event_open: 'b', pidfd_send_signal: 'i', pipe: 'o', pipe2: 'o', poll: 'b', ppoll: 'bb', ppoll_time32: 'bb', pread64: 'o', ia32_pread64: 'o', prlimit64: 'o',
  pselect6: 'bbbbi', pselect6_time32: 'bbbbi', quotactl: 'b', quotactl_fd: 'b', read: 'o', readlink: 'o', readlinkat: 'o', reboot: 'i', recvfrom: 'oob', recvmmsg: 'bb', recvmmsg_time32: 'bb',
  recvmsg: 'b', rseq: 'b', rt_sigaction: 'o', rt_sigpending: 'o', rt_sigprocmask: 'io', rt_sigqueueinfo: 'i', rt_sigsuspend: 'i', rt_sigtimedwait: 'o', rt_sigtimedwait_time32: 'o',
  rt_tgsigqueueinfo: 'i', sched_getaffinity: 'o', sched_getattr: 'o', sched_getparam: 'o', sched_rr_get_interval: 'o', sched_rr_get_interval_time32: 'o', sched_setaffinity: 'i', sched_setattr: 'b',
  sched_setparam: 'i', sched_setscheduler: 'i', seccomp: 'b', select: 'bbbb', semop: 'i', semtimedop: 'i', sendfile: 'b', sendfile64: 'b', sendmmsg: 'b', sendmsg: 'i', sendto: 'ii',
  set_robust_list: 'i', set_tid_address: 'o', setdomainname: 'i', setgroups: 'i', setgroups16: 'i', sethostname: 'i', setitimer: 'io', setrlimit: 'i', setsockopt: 'i', settimeofday: 'ii',
  shmctl: 'b', sigaction: 'o', sigaltstack: 'o', signalfd: 'i', signalfd4: 'i', sigpending: 'o', sigprocmask: 'io', socketcall: 'i', socketpair: 'o', splice: 'bb', stat: 'o', stat64: 'o',
  statfs: 'o', statfs64: 'o', statmount: 'o', statx: 'o', stime32: 'i', sysinfo: 'o', syslog: 'o', time: 'o', time32: 'o', timer_create: 'io', timer_gettime: 'o', timer_gettime32: 'o',
  timer_settime: 'o', timer_settime32: 'io', timerfd_gettime: 'o', timerfd_gettime32: 'o', timerfd_settime: 'o', timerfd_settime32: 'io', times: 'o', umount: 'i', uname: 'o', ustat: 'o',
  utime: 'ii', utime32: 'i', utimensat: 'i', utimensat_time32: 'i', utimes: 'ii', utimes_time32: 'i', set_thread_area: 'b', get_thread_area: 'o', vm86old: 'b', io_uring_register: 'b', wait4: 'oo', waitid: 'oo', waitpid: 'o',
};

const LETTERS: Readonly<Record<string, Direction>> = { i: 'in', o: 'out', b: 'inout' };

/** Direction of the user pointer that is the `at`-th of the entry's pointers without `const`. */
export function directionOf(entry: string, type: string, at: number): Direction | undefined {
  return type.startsWith('const ') ? 'in' : LETTERS[DIRECTIONS[entry]?.[at] ?? ''];
}

/**
 * `pointer:length` by argument number: the length is a number of bytes; `*` before it, of items of what the pointer
 * points to; `@`, it stands where that pointer argument points to.
 */
const LENGTHS: Readonly<Record<string, string>> = {
  read: '1:2', write: '1:2', pread64: '1:2', pwrite64: '1:2', ia32_pread64: '1:2', ia32_pwrite64: '1:2', readv: '1:*2', writev: '1:*2', preadv: '1:*2', pwritev: '1:*2', preadv2: '1:*2', pwritev2: '1:*2',
  vmsplice: '1:*2', process_vm_readv: '1:*2 3:*4', process_vm_writev: '1:*2 3:*4', process_madvise: '1:*2', poll: '0:*1', ppoll: '0:*1 3:4', ppoll_time32: '0:*1 3:4', rt_sigaction: '1:3 2:3',
  rt_sigprocmask: '1:3 2:3', rt_sigpending: '0:1', rt_sigtimedwait: '0:3', rt_sigtimedwait_time32: '0:3', rt_sigsuspend: '0:1', connect: '1:2', bind: '1:2', accept: '1:@2', accept4: '1:@2',
  getsockname: '1:@2', getpeername: '1:@2', sendto: '1:2 4:5', recvfrom: '1:2 4:@5', setsockopt: '3:4', getsockopt: '3:@4', sendmmsg: '1:*2', recvmmsg: '1:*2', recvmmsg_time32: '1:*2',
  getdents: '1:2', getdents64: '1:2', getcwd: '0:1', readlink: '1:2', readlinkat: '2:3', syslog: '1:2', getgroups: '1:*0', setgroups: '1:*0', getgroups16: '1:*0', setgroups16: '1:*0',
  modify_ldt: '1:2', sethostname: '0:1', setdomainname: '0:1', init_module: '0:1', setxattr: '2:3', lsetxattr: '2:3', fsetxattr: '2:3', getxattr: '2:3', lgetxattr: '2:3', fgetxattr: '2:3',
  listxattr: '1:2', llistxattr: '1:2', flistxattr: '1:2', setxattrat: '4:5', getxattrat: '4:5', listxattrat: '3:4', sched_setaffinity: '2:1', sched_getaffinity: '2:1', sched_getattr: '1:2',
  io_getevents: '3:*2', io_getevents_time32: '3:*2', io_pgetevents: '3:*2', io_pgetevents_time32: '3:*2', io_submit: '2:*1', lookup_dcookie: '1:2', epoll_wait: '1:*2', epoll_pwait: '1:*2 4:5',
  epoll_pwait2: '1:*2 4:5', mq_timedsend: '1:2', mq_timedsend_time32: '1:2', mq_timedreceive: '1:2', mq_timedreceive_time32: '1:2', msgsnd: '1:2', msgrcv: '1:2', semop: '1:*2', semtimedop: '1:*2',
  kexec_load: '2:*1', add_key: '2:3', set_robust_list: '0:1', get_robust_list: '1:@2', move_pages: '2:*1 3:*1 4:*1', signalfd: '1:2', signalfd4: '1:2', getrandom: '0:1', kexec_file_load: '3:2',
  bpf: '1:2 3:4', rseq: '0:1', io_uring_enter: '4:5', clone3: '0:1', openat2: '2:3', mount_setattr: '3:4', open_tree_attr: '3:4', landlock_create_ruleset: '0:1', futex_waitv: '0:*1',
  file_getattr: '2:3', file_setattr: '2:3', statmount: '1:2', listmount: '1:*2', listns: '1:*2', lsm_get_self_attr: '1:@2', lsm_set_self_attr: '1:2', lsm_list_modules: '0:@1',
};

/** What bounds the memory behind an argument, where another argument says it. */
export function lengthOf(entry: string, index: number): Length | undefined {
  for (const pair of (LENGTHS[entry] ?? '').split(' ')) {
    const [, pointer, mark, argument] = /^(\d):([*@]?)(\d)$/.exec(pair) ?? [];
    if (pointer === undefined || Number(pointer) !== index) continue;
    return { argument: Number(argument), unit: mark === '*' ? 'items' : mark === '@' ? 'pointed' : 'bytes' };
  }
  return undefined;
}

/** Arguments that are addresses of the caller's memory without being read or written through. */
const ADDRESSES: Readonly<Record<string, readonly number[]>> = {
  mmap: [0], old_mmap: [], mmap_pgoff: [0], munmap: [0], mprotect: [0], pkey_mprotect: [0], brk: [0], mremap: [0, 4], msync: [0], mincore: [0], madvise: [0], mlock: [0], mlock2: [0], munlock: [0],
  remap_file_pages: [0], mbind: [0], set_mempolicy_home_node: [0], mseal: [0], map_shadow_stack: [0], clone: [1], get_mempolicy: [3],
};

/** Whether the argument is such an address. */
export function isAddress(entry: string, index: number): boolean {
  return ADDRESSES[entry]?.includes(index) === true;
}

/** User pointers that are looked at before any other argument can fail the call: paths taken by getname(), and results of calls that check nothing. */
const LOOKED_AT_FIRST: Readonly<Record<string, readonly number[]>> = {
  creat: [0], newstat: [0], newlstat: [0], mkdir: [0], mkdirat: [1], rmdir: [0], unlink: [0], rename: [0], renameat: [1], link: [0], symlink: [0, 1], symlinkat: [0, 2], chdir: [0], chroot: [0], chmod: [0],
  fchmodat: [1], chown: [0], lchown: [0], statfs: [0], execve: [0], pipe: [0], newuname: [0], sysinfo: [0], times: [0], time: [0], gettimeofday: [0, 1], nanosleep: [0], getresuid: [0, 1, 2],
  getresgid: [0, 1, 2], capget: [0],
};

/** Whether a kernel address there decides the result, whatever the other arguments are. */
export function isLookedAtFirst(entry: string, index: number): boolean {
  return LOOKED_AT_FIRST[entry]?.includes(index) === true;
}

// SPDX-License-Identifier: MIT

/**
 * A valid argument of a call that the test module makes. A number; a resource that the module prepares (`FILE`, an open
 * descriptor of /tmp/oracle/file: see test/fixtures/oracle/oracle.c); or memory of the caller, which is what a kernel
 * address is tried in place of: `u` zeros, `s:` a string, `w:` 64-bit words, `i:` 32-bit words, `h:` bytes in
 * hexadecimal. A word is a number, a resource or `pN`, the address of page N of that memory. `a:` is a number or resource
 * in whose place a kernel address is tried.
 */
export type Token = number | string;

/** `syscall` or `syscall/case` → its arguments; one that the syscall does not read only prepares. Every pointer among them is tried. */
export const ROWS: Readonly<Record<string, readonly Token[]>> = {
  read: ['FILE', 'u', 4], write: ['FILE', 'u', 4], open: ['s:/tmp/oracle/file', 0, 0], stat: ['s:/tmp/oracle/file', 'u'], fstat: ['FILE', 'u'], lstat: ['s:/tmp/oracle/file', 'u'],
  poll: ['w:0', 1, 0], rt_sigaction: [10, 'u', 'u', 8], rt_sigprocmask: [0, 'u', 'u', 8], pread64: ['FILE', 'u', 4, 0], pwrite64: ['FILE', 'u', 4, 0], readv: ['FILE', 'w:p8,4', 1],
  writev: ['FILE', 'w:p8,4', 1], access: ['s:/tmp/oracle/file', 0], pipe: ['u'], select: [1, 'u', 'u', 'u', 'w:0,0'], mincore: ['MEMORY', 4096, 'u'], shmat: ['SHM', 'a:0', 0], shmctl: ['SHM', 2, 'u'],
  nanosleep: ['w:9,0', 'u', 'SIGNAL'], getitimer: [0, 'u'], setitimer: [0, 'u', 'u'], sendfile: ['PIPE_OUT', 'FILE', 'u', 4], connect: ['SOCKET', 'h:01000078', 4], accept: ['LISTEN', 'u', 'i:110'],
  sendto: ['DATAGRAM', 'u', 4, 64, 'h:0100006f7261636c652d61', 11], recvfrom: ['DATAGRAM', 'u', 16, 64, 'u', 'i:110'], sendmsg: ['STREAM', 'u', 64], recvmsg: ['STREAM', 'u', 64], bind: ['SOCKET', 'h:01000078', 4],
  getsockname: ['DATAGRAM', 'u', 'i:110'], getpeername: ['STREAM', 'u', 'i:110'], socketpair: [1, 1, 0, 'u'], setsockopt: ['SOCKET', 1, 2, 'i:1', 4], getsockopt: ['SOCKET', 1, 3, 'u', 'i:4'],
  execve: ['s:/bin/true', 'w:0', 'w:0'], wait4: [-1, 'u', 0, 'u'], uname: ['u'], semop: ['SEM', 'w:0x080000010000', 1], shmdt: ['a:SHMAT'], msgsnd: ['MSG', 'w:1,2', 8, 2048], msgrcv: ['MSG', 'u', 64, 0, 2048],
  msgctl: ['MSG', 2, 'u'], truncate: ['s:/tmp/oracle/file', 3], getdents: ['DIR', 'u', 4096], getcwd: ['u', 4096], chdir: ['s:/tmp/oracle'], rename: ['s:/tmp/oracle/file', 's:/tmp/oracle/new'], mkdir: ['s:/tmp/oracle/new', 448],
  rmdir: ['s:/tmp/oracle/dir'], creat: ['s:/tmp/oracle/new', 384], link: ['s:/tmp/oracle/file', 's:/tmp/oracle/new'], unlink: ['s:/tmp/oracle/file'], symlink: ['s:file', 's:/tmp/oracle/new'],
  readlink: ['s:/tmp/oracle/link', 'u', 100], chmod: ['s:/tmp/oracle/file', 384], chown: ['s:/tmp/oracle/file', 0, 0], lchown: ['s:/tmp/oracle/file', 0, 0], gettimeofday: ['u', 'u'], getrlimit: [7, 'u'],
  getrusage: [0, 'u'], sysinfo: ['u'], times: ['u'], syslog: [3, 'u', 100], getgroups: ['GROUPS', 'u'], setgroups: [1, 'u'], getresuid: ['u', 'u', 'u'], getresgid: ['u', 'u', 'u'], capget: ['i:0x20080522,0', 'u'],
  capset: ['i:0x20080522,0', 'u'], rt_sigpending: ['u', 8], rt_sigtimedwait: ['u', 0, 'w:0,0', 8], 'rt_sigtimedwait/info': ['PENDING', 'u', 'w:0,0', 8], rt_sigqueueinfo: ['PID', 0, 'i:0,0,-1'], rt_sigsuspend: ['u', 8],
  sigaltstack: ['w:p8,0,8192', 'u'], utime: ['s:/tmp/oracle/file', 'u'], mknod: ['s:/tmp/oracle/new', 4480, 0], ustat: ['DEV', 'u'], statfs: ['s:/tmp/oracle', 'u'], fstatfs: ['FILE', 'u'], sched_setparam: [0, 'u'],
  sched_getparam: [0, 'u'], sched_setscheduler: [0, 0, 'u'], sched_rr_get_interval: [0, 'u'], modify_ldt: [1, 'i:0,0,0,0', 16], pivot_root: ['s:/tmp/oracle', 's:/tmp/oracle/dir'], adjtimex: ['u'], setrlimit: [7, 'w:512,1024'],
  chroot: ['s:/tmp/oracle'], acct: ['s:/nonexistent'], settimeofday: ['w:1000000000,0', 'u'], mount: ['s:none', 's:/nonexistent', 's:tmpfs', 0, 's:size=64k'], umount2: ['s:/nonexistent', 0], swapon: ['s:/nonexistent', 0],
  swapoff: ['s:/nonexistent'], reboot: [0xfee1dead, 672274793, 0xa1b2c3d4, 's:'], sethostname: ['s:oracle', 6], setdomainname: ['s:oracle', 6], init_module: ['u', 4096, 's:'], delete_module: ['s:nonexistent', 2048],
  quotactl: [0x80000100, 's:/tmp/oracle/file', 0, 'u'], setxattr: ['s:/tmp/oracle/file', 's:trusted.a', 's:v', 1, 0], lsetxattr: ['s:/tmp/oracle/file', 's:trusted.a', 's:v', 1, 0], fsetxattr: ['FILE', 's:trusted.a', 's:v', 1, 0],
  getxattr: ['s:/tmp/oracle/file', 's:trusted.a', 'u', 16, 'XATTR'], lgetxattr: ['s:/tmp/oracle/file', 's:trusted.a', 'u', 16, 'XATTR'], fgetxattr: ['XATTR', 's:trusted.a', 'u', 16], listxattr: ['s:/tmp/oracle/file', 'u', 100, 'XATTR'],
  llistxattr: ['s:/tmp/oracle/file', 'u', 100, 'XATTR'], flistxattr: ['XATTR', 'u', 100], removexattr: ['s:/tmp/oracle/file', 's:trusted.b'], lremovexattr: ['s:/tmp/oracle/file', 's:trusted.b'], fremovexattr: ['FILE', 's:trusted.b'],
  time: ['u'], futex: ['i:1', 0, 2, 'w:0,0', 0, 0], 'futex/wait': ['u', 128, 0, 'w:0,1', 0, 0], 'futex/requeue': ['u', 4, 1, 1, 'i:0', 0], sched_setaffinity: [0, 8, 'w:0xff'], sched_getaffinity: [0, 1024, 'u'],
  io_setup: [4, 'u'], io_getevents: ['AIO', 0, 1, 'u', 'w:0,0'], io_submit: ['AIO', 1, 'w:p8'], io_cancel: ['AIO', 'u', 'u'], getdents64: ['DIR', 'u', 4096], set_tid_address: ['u'],
  semtimedop: ['SEM', 'w:0x080000010000', 1, 'w:0,0'], timer_create: [1, 'w:0,0x100000000', 'u'], timer_settime: ['TIMER', 0, 'w:0,0,0,0', 'u'], timer_gettime: ['TIMER', 'u'], clock_settime: [0, 'w:1000000000,0'],
  clock_gettime: [1, 'u'], clock_getres: [1, 'u'], clock_nanosleep: [1, 0, 'w:9,0', 'u', 'SIGNAL'], epoll_wait: ['EPOLL', 'u', 4, 0], epoll_ctl: ['EPOLL', 1, 'PIPE_IN', 'w:1,0'], utimes: ['s:/tmp/oracle/file', 'w:0,0,0,0'],
  mbind: ['MEMORY', 4096, 0, 'u', 64, 0], set_mempolicy: [2, 'w:1', 64], get_mempolicy: ['u', 'u', 1025, 0, 0], mq_open: ['s:oracle', 66, 384, 'w:0,10,8,0'], mq_unlink: ['s:nonexistent'], mq_timedsend: ['MQ', 'u', 8, 0, 'w:0,0'],
  mq_timedreceive: ['MQ', 'u', 64, 'u', 'w:0,0'], mq_notify: ['MQ', 'w:0,0x100000000'], mq_getsetattr: ['MQ', 'u', 'u'], kexec_load: [0, 1, 'u', 0], waitid: [0, 0, 'u', 4, 'u'], add_key: ['s:user', 's:other', 's:payload', 7, -2],
  request_key: ['s:user', 's:nonexistent', 's:x', 0], inotify_add_watch: ['INOTIFY', 's:/tmp/oracle', 1], migrate_pages: ['PID', 64, 'w:1', 'w:1'], openat: [-100, 's:/tmp/oracle/file', 0, 0], mkdirat: [-100, 's:/tmp/oracle/new', 448],
  mknodat: [-100, 's:/tmp/oracle/new', 4480, 0], fchownat: [-100, 's:/tmp/oracle/file', 0, 0, 0], futimesat: [-100, 's:/tmp/oracle/file', 'w:0,0,0,0'], newfstatat: [-100, 's:/tmp/oracle/file', 'u', 0], unlinkat: [-100, 's:/tmp/oracle/file', 0],
  renameat: [-100, 's:/tmp/oracle/file', -100, 's:/tmp/oracle/new'], linkat: [-100, 's:/tmp/oracle/file', -100, 's:/tmp/oracle/new', 0], symlinkat: ['s:file', -100, 's:/tmp/oracle/new'], readlinkat: [-100, 's:/tmp/oracle/link', 'u', 100],
  fchmodat: [-100, 's:/tmp/oracle/file', 384], faccessat: [-100, 's:/tmp/oracle/file', 0], pselect6: [1, 'u', 'u', 'u', 'w:0,0', 'w:0,8'], ppoll: ['w:0', 1, 'w:0,0', 'u', 8], set_robust_list: ['u', 24], get_robust_list: [0, 'u', 'u'],
  splice: ['FILE', 'u', 'PIPE_OUT', 0, 4, 2], 'splice/out': ['PIPE_IN', 0, 'FILE', 'u', 4, 2], vmsplice: ['PIPE_OUT', 'w:p8,4', 1, 2], move_pages: [0, 1, 'w:p8', 'i:0', 'u', 2], utimensat: [-100, 's:/tmp/oracle/file', 'w:0,0,0,0', 0],
  epoll_pwait: ['EPOLL', 'u', 4, 0, 'u', 8], signalfd: [-1, 'u', 8], timerfd_settime: ['TIMERFD', 0, 'w:0,0,0,0', 'u'], timerfd_gettime: ['TIMERFD', 'u'], accept4: ['LISTEN', 'u', 'i:110', 0], signalfd4: [-1, 'u', 8, 0], pipe2: ['u', 0],
  preadv: ['FILE', 'w:p8,4', 1, 0, 0], pwritev: ['FILE', 'w:p8,4', 1, 0, 0], rt_tgsigqueueinfo: ['PID', 'PID', 0, 'i:0,0,-1'], perf_event_open: ['i:1,128', 0, -1, -1, 0], recvmmsg: ['STREAM', 'u', 1, 64, 'w:0,0'],
  fanotify_mark: ['FANOTIFY', 1, 0x20, -100, 's:/tmp/oracle'], prlimit64: [0, 7, 'w:512,1024', 'u'], name_to_handle_at: [-100, 's:/tmp/oracle/file', 'i:64', 'u', 0], open_by_handle_at: [-100, 'i:8,1', 0], clock_adjtime: [0, 'u'],
  sendmmsg: ['STREAM', 'u', 1, 64], getcpu: ['u', 'u', 'u'], process_vm_readv: ['PID', 'w:p8,4', 1, 'w:p9,4', 1, 0], process_vm_writev: ['PID', 'w:p8,4', 1, 'w:p9,4', 1, 0], sched_setattr: [0, 'i:48', 0], sched_getattr: [0, 'u', 48, 0],
  renameat2: [-100, 's:/tmp/oracle/file', -100, 's:/tmp/oracle/new', 0], seccomp: [2, 0, 'i:0x7fff0000'], getrandom: ['u', 8, 1], memfd_create: ['s:oracle', 0], bpf: [0, 'u', 16], 'bpf/common': [0x10000, 'u', 16, 'u', 16], execveat: [-100, 's:/bin/true', 'w:0', 'w:0', 0],
  copy_file_range: ['FILE', 'u', 'FILE', 'w:8', 2, 0], preadv2: ['FILE', 'w:p8,4', 1, 0, 0, 0], pwritev2: ['FILE', 'w:p8,4', 1, 0, 0, 0], statx: [-100, 's:/tmp/oracle/file', 0, 0x7ff, 'u'],
  io_pgetevents: ['AIO', 0, 1, 'u', 'w:0,0', 'w:0,8'], rseq: ['u', 32, 0, 1], pidfd_send_signal: ['PIDFD', 0, 'i:0,0,-1', 0], io_uring_setup: [4, 'u'], io_uring_enter: ['URING', 0, 1, 1, 'u', 8], io_uring_register: ['URING', 4, 'i:-1', 1],
  open_tree: [-100, 's:/tmp/oracle', 0], move_mount: [-100, 's:/nonexistent', -100, 's:/tmp/oracle', 0], 'move_mount/to': [-100, 's:/tmp/oracle', -100, 's:/nonexistent', 0], fsopen: ['s:tmpfs', 0], fsconfig: ['FSFD', 1, 's:size', 's:1M', 0],
  fspick: [-100, 's:/tmp', 0], clone3: ['u', 64], openat2: [-100, 's:/tmp/oracle/file', 'u', 24], faccessat2: [-100, 's:/tmp/oracle/file', 0, 0], process_madvise: ['PIDFD', 'w:MEMORY,4096', 1, 20, 0],
  epoll_pwait2: ['EPOLL', 'u', 4, 'w:0,0', 'u', 8], mount_setattr: [-100, 's:/tmp/oracle', 0, 'w:0x10,0x70,0,0', 32], quotactl_fd: ['FILE', 0x80000100, 0, 'u'], landlock_create_ruleset: ['w:1', 8, 0], landlock_add_rule: ['RULESET', 1, 'u', 0],
  futex_waitv: ['w:1,p8,130', 1, 0, 'w:0,1', 1], cachestat: ['FILE', 'u', 'u', 0], fchmodat2: [-100, 's:/tmp/oracle/file', 384, 0], futex_wake: ['u', 1, 1, 130], futex_wait: ['u', 1, 1, 130, 'w:0,1', 1],
  futex_requeue: ['w:0,p8,130,0,p9,130', 0, 1, 1], statmount: ['w:24,MOUNT,1', 'u', 512, 0], listmount: ['w:24,-1,0', 'u', 4, 0], lsm_get_self_attr: [100, 'u', 'i:4096', 0], lsm_set_self_attr: [100, 'u', 32, 0], lsm_list_modules: ['u', 'i:4096', 0],
  setxattrat: [-100, 's:/tmp/oracle/file', 0, 's:trusted.a', 'w:p8,1', 16], getxattrat: [-100, 's:/tmp/oracle/file', 0, 's:trusted.a', 'w:p8,16', 16], listxattrat: [-100, 's:/tmp/oracle/file', 0, 'u', 100, 'XATTR'],
  removexattrat: [-100, 's:/tmp/oracle/file', 0, 's:trusted.b'], open_tree_attr: [-100, 's:/tmp/oracle', 1, 'w:0,0,0,0', 32], file_getattr: [-100, 's:/tmp/oracle/file', 'u', 24, 0], file_setattr: [-100, 's:/tmp/oracle/file', 'u', 24, 0],
  listns: ['w:32,0,0,0', 'u', 4, 0],

  'get_mempolicy/address': [0, 0, 0, 'a:MEMORY', 2],
  brk: ['a:0'], mmap: ['a:MEMORY', 4096, 3, 0x32, -1, 0], munmap: ['a:MEMORY', 4096], mprotect: ['a:MEMORY', 4096, 1], pkey_mprotect: ['a:MEMORY', 4096, 1, -1], mremap: ['a:MEMORY', 4096, 8192, 3, 'a:0x700000000000'],
  msync: ['a:MEMORY', 4096, 1], 'mincore/start': ['a:MEMORY', 4096, 'u'], madvise: ['a:MEMORY', 4096, 4], mlock: ['a:MEMORY', 4096], mlock2: ['a:MEMORY', 4096, 0],
  munlock: ['a:MEMORY', 4096], 'mbind/start': ['a:MEMORY', 4096, 0, 0, 0, 0], set_mempolicy_home_node: ['a:MEMORY', 4096, 0, 0], mseal: ['a:MEMORY', 4096, 0],

  fcntl: ['FILE', 5, 'w:0,0,0,0'], ioctl: ['PIPE_IN', 0x541b, 'u'], prctl: [15, 's:oracle', 0, 0, 0], 'prctl/PR_SET_SECCOMP': [22, 2, 'u', 0, 0], 'prctl/PR_SET_VMA': [0x53564d41, 0, 'MEMORY', 4096, 's:oracle'],
  arch_prctl: [0x1003, 'u'], semctl: ['SEM', 0, 2, 'u'], keyctl: [1, 's:oracle'], 'keyctl/KEYCTL_READ': [6, 'KEY', 'u', 100], 'keyctl/KEYCTL_SEARCH': [10, -2, 's:user', 's:nonexistent', 0], 'keyctl/query': [24, 'KEY', 0, 's:', 'u'],
  sysfs: [1, 's:tmpfs', 0], 'sysfs/name': [2, 0, 'u'], kcmp: ['PID', 'PID', 7, 'PIPE_IN', 'i:EPOLL,EVENT,0'],
};

/** Calls for which the process needs a child that ended. */
export const WITH_CHILD: ReadonlySet<string> = new Set(['wait4', 'waitid']);

/** Calls that are made with a kernel address only: with valid arguments they would end the process, change the clock or the root, or wait. */
export const ONLY_BAD: ReadonlySet<string> = new Set(['execve', 'execveat', 'reboot', 'init_module', 'rt_sigsuspend', 'clone3', 'settimeofday', 'clock_settime', 'adjtimex', 'clock_adjtime', 'io_uring_enter', 'pivot_root']);

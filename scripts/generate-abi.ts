// SPDX-License-Identifier: MIT
/**
 * Writes core/abi/generated/ARCH.json from Debian's kernel packages, unpacked with `dpkg-deb -x`:
 *
 *   npx tsx scripts/generate-abi.ts LIBC_DEV_ROOT HEADERS_COMMON [OUTPUT]
 *
 * LIBC_DEV_ROOT   root of linux-libc-dev:amd64 (has usr/include/x86_64-linux-gnu/asm/unistd_64.h)
 * HEADERS_COMMON  usr/src/linux-headers-VERSION-common (has include/linux/syscalls.h)
 *
 * Only facts leave the packages: numbers, names, argument names and types.
 */
import fs from 'node:fs';
import path from 'node:path';
import { evaluateCondition } from '../server/src/analysis/syntax/condition';
import { tokenize } from '../server/src/analysis/syntax/lexer';
import type { AbiArgument, AbiSyscall, PointerFailure } from '../core/abi/types';

type Arch = 'x86_64' | 'i386' | 'arm64';
type Prototypes = ReadonlyMap<string, readonly AbiArgument[]>;

/** What decides the `#if`s of the two headers that hold numbers and prototypes. */
const DEFINED: Readonly<Record<Arch, readonly string[]>> = {
  x86_64: ['__ARCH_WANT_SYS_UTIME', 'CONFIG_OLD_SIGSUSPEND3', 'CONFIG_OLD_SIGACTION'],
  i386: ['__ARCH_WANT_STAT64', '__ARCH_WANT_SYS_UTIME', 'CONFIG_OLD_SIGSUSPEND3', 'CONFIG_OLD_SIGACTION', 'CONFIG_HAVE_UID16', '__ARCH_WANT_SYS_OLD_GETRLIMIT', 'CONFIG_ARCH_SPLIT_ARG64', 'CONFIG_CLONE_BACKWARDS'],
  arm64: ['__ARCH_WANT_RENAMEAT', '__ARCH_WANT_NEW_STAT', '__ARCH_WANT_SET_GET_RLIMIT', '__ARCH_WANT_TIME32_SYSCALLS', '__ARCH_WANT_SYS_CLONE3', '__ARCH_WANT_MEMFD_SECRET', 'CONFIG_CLONE_BACKWARDS'],
};

/** Number's name → kernel function, where they differ (arch/x86/entry/syscalls/syscall_64.tbl, syscall_32.tbl). */
const ENTRIES: Readonly<Record<Arch, Readonly<Record<string, string>>>> = {
  x86_64: { stat: 'newstat', fstat: 'newfstat', lstat: 'newlstat', uname: 'newuname', sendfile: 'sendfile64', umount2: 'umount' },
  i386: {
    stat: 'newstat', fstat: 'newfstat', lstat: 'newlstat', uname: 'newuname', umount2: 'umount', umount: 'oldumount', oldstat: 'stat', oldfstat: 'fstat',
    oldlstat: 'lstat', oldolduname: 'olduname', olduname: 'uname', lchown: 'lchown16', chown: 'chown16', fchown: 'fchown16', setuid: 'setuid16', getuid: 'getuid16',
    setgid: 'setgid16', getgid: 'getgid16', geteuid: 'geteuid16', getegid: 'getegid16', setreuid: 'setreuid16', setregid: 'setregid16', getgroups: 'getgroups16',
    setgroups: 'setgroups16', setfsuid: 'setfsuid16', setfsgid: 'setfsgid16', setresuid: 'setresuid16', getresuid: 'getresuid16', setresgid: 'setresgid16',
    getresgid: 'getresgid16', chown32: 'chown', lchown32: 'lchown', fchown32: 'fchown', setuid32: 'setuid', getuid32: 'getuid', setgid32: 'setgid', getgid32: 'getgid',
    geteuid32: 'geteuid', getegid32: 'getegid', setreuid32: 'setreuid', setregid32: 'setregid', getgroups32: 'getgroups', setgroups32: 'setgroups',
    setresuid32: 'setresuid', getresuid32: 'getresuid', setresgid32: 'setresgid', getresgid32: 'getresgid', setfsuid32: 'setfsuid', setfsgid32: 'setfsgid',
    select: 'old_select', mmap: 'old_mmap', mmap2: 'mmap_pgoff', readdir: 'old_readdir', getrlimit: 'old_getrlimit', ugetrlimit: 'getrlimit', _llseek: 'llseek',
    _newselect: 'select', time: 'time32', stime: 'stime32', utime: 'utime32', utimes: 'utimes_time32', futimesat: 'futimesat_time32', adjtimex: 'adjtimex_time32',
    sched_rr_get_interval: 'sched_rr_get_interval_time32', nanosleep: 'nanosleep_time32', rt_sigtimedwait: 'rt_sigtimedwait_time32', futex: 'futex_time32',
    io_getevents: 'io_getevents_time32', timer_settime: 'timer_settime32', timer_gettime: 'timer_gettime32', clock_settime: 'clock_settime32',
    clock_gettime: 'clock_gettime32', clock_getres: 'clock_getres_time32', clock_nanosleep: 'clock_nanosleep_time32', mq_timedsend: 'mq_timedsend_time32',
    mq_timedreceive: 'mq_timedreceive_time32', pselect6: 'pselect6_time32', ppoll: 'ppoll_time32', utimensat: 'utimensat_time32', timerfd_settime: 'timerfd_settime32',
    timerfd_gettime: 'timerfd_gettime32', recvmmsg: 'recvmmsg_time32', clock_adjtime: 'clock_adjtime32', semtimedop_time64: 'semtimedop', clock_gettime64: 'clock_gettime',
    clock_settime64: 'clock_settime', clock_adjtime64: 'clock_adjtime', clock_getres_time64: 'clock_getres', clock_nanosleep_time64: 'clock_nanosleep',
    timer_gettime64: 'timer_gettime', timer_settime64: 'timer_settime', timerfd_gettime64: 'timerfd_gettime', timerfd_settime64: 'timerfd_settime',
    utimensat_time64: 'utimensat', pselect6_time64: 'pselect6', ppoll_time64: 'ppoll', io_pgetevents_time64: 'io_pgetevents', recvmmsg_time64: 'recvmmsg',
    mq_timedsend_time64: 'mq_timedsend', mq_timedreceive_time64: 'mq_timedreceive', rt_sigtimedwait_time64: 'rt_sigtimedwait', futex_time64: 'futex',
    sched_rr_get_interval_time64: 'sched_rr_get_interval', io_pgetevents: 'io_pgetevents_time32',
  },
  arm64: {},
};

const user = (name: string, type: string): AbiArgument => ({ name, type, user: true });
const plain = (name: string, type: string): AbiArgument => ({ name, type, user: false });

/**
 * Documented exceptions. SYSCALL_DEFINEs under arch/x86 (kernel/ldt.c, process.c, ioport.c) have no prototype
 * in include/linux/syscalls.h; five arguments of that header lack the `__user` that the definitions
 * (kernel/bpf/syscall.c, fs/open.c, kernel/futex/syscalls.c, fs/aio.c) have.
 */
const MISSING_PROTOTYPES: Prototypes = new Map([
  ['modify_ldt', [plain('func', 'int'), user('ptr', 'void __user *'), plain('bytecount', 'unsigned long')]],
  ['arch_prctl', [plain('option', 'int'), plain('arg2', 'unsigned long')]],
  ['iopl', [plain('level', 'unsigned int')]],
  ['rt_sigreturn', []],
]);
const MISSING_USER: readonly (readonly [entry: string, argument: number])[] = [
  ['bpf', 1], ['openat2', 2], ['futex_waitv', 0], ['io_pgetevents', 5], ['io_pgetevents_time32', 5],
];

/** Names for arguments that the prototypes leave out, from the SYSCALL_DEFINEs. */
const ARGUMENT_NAMES: Readonly<Record<string, readonly string[]>> = {
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
  io_submit: ['ctx_id', 'nr', 'iocbpp'],
};

/**
 * What the kernel does with a kernel address in a user pointer, where the source (6.1) leaves no doubt and no
 * other argument decides it first: `argument list: class`. Everything that is not listed is `unknown`.
 */
const PATH_ARGUMENTS = /^(?:path|pathname|filename|oldname|newname|new_root|put_old|specialfile|special|dir_name|old|new)$/;
const PATH_CALLS = new Set([
  'open', 'openat', 'creat', 'newstat', 'newlstat', 'newfstatat', 'access', 'faccessat', 'faccessat2', 'readlink', 'readlinkat', 'mkdir', 'mkdirat', 'rmdir', 'unlink',
  'unlinkat', 'rename', 'renameat', 'renameat2', 'link', 'symlink', 'symlinkat', 'chdir', 'chroot', 'chmod', 'fchmodat', 'chown', 'lchown', 'fchownat', 'truncate',
  'mknod', 'mknodat', 'statfs', 'execve', 'setxattr', 'lsetxattr', 'getxattr', 'lgetxattr', 'listxattr', 'llistxattr', 'removexattr', 'lremovexattr',
]);
const FAULTS = new Set([
  'read#1', 'write#1', 'pread64#1', 'pwrite64#1', 'newstat#1', 'newlstat#1', 'newfstat#1', 'pipe#0', 'pipe2#0', 'newuname#0', 'sysinfo#0', 'times#0', 'getrlimit#1',
  'getrusage#1', 'nanosleep#0', 'gettimeofday#0', 'openat2#2', 'sethostname#0', 'setdomainname#0', 'getdents#1', 'getdents64#1', 'readv#1', 'writev#1',
]);
const OTHERWISE = new Set(['shmat#1', 'shmdt#0']);
const SILENT = new Set(['set_tid_address#0', 'set_robust_list#0', 'getcpu#2']);

function failureOf(entry: string, index: number, argument: AbiArgument): PointerFailure {
  const key = `${entry}#${index}`;
  if (FAULTS.has(key)) return 'faults';
  if (OTHERWISE.has(key)) return 'otherwise';
  if (SILENT.has(key)) return 'silent';
  return PATH_CALLS.has(entry) && PATH_ARGUMENTS.test(argument.name) && /^const char __user \*$/.test(argument.type) ? 'faults' : 'unknown';
}

/** The lines of a header that are left after its `#if`s. */
function activeLines(text: string, arch: Arch): string[] {
  const names = new Set(DEFINED[arch]);
  const bits = arch === 'i386' ? '32' : '64';
  const truth = (condition: string): boolean => {
    const resolved = condition.replace(/defined\s*\(?\s*(\w+)\s*\)?/g, (_all, name: string) => (names.has(name) ? '1' : '0')).replace(/\b(?:__BITS_PER_LONG|BITS_PER_LONG)\b/g, bits);
    return evaluateCondition(tokenize(resolved), () => 0n) !== 0n;
  };
  const stack: { active: boolean; taken: boolean; outer: boolean }[] = [];
  const lines: string[] = [];
  for (const line of text.replace(/\/\*[^]*?\*\//g, ' ').replace(/\\\n/g, ' ').split('\n')) {
    const directive = /^\s*#\s*(ifdef|ifndef|if|elif|else|endif)\b(.*)$/.exec(line);
    const top = stack.at(-1);
    const active = top?.active ?? true;
    if (!directive) {
      if (active) lines.push(line);
      continue;
    }
    const argument = (directive[2] ?? '').trim();
    if (directive[1] === 'endif') stack.pop();
    else if (directive[1] === 'else' || directive[1] === 'elif') {
      if (!top) continue;
      top.active = top.outer && !top.taken && (directive[1] === 'else' || truth(argument));
      top.taken ||= top.active;
    } else {
      const yes = directive[1] === 'ifdef' ? names.has(argument) : directive[1] === 'ifndef' ? !names.has(argument) : truth(argument);
      stack.push({ active: active && yes, taken: yes, outer: active });
    }
  }
  return lines;
}

const TYPE_WORDS = new Set(['int', 'long', 'unsigned', 'char', 'short', 'signed', 'size_t', 'void', 'umode_t']);

function parseArgument(text: string, index: number): AbiArgument {
  const words = text.replace(/\s+/g, ' ').replace(/\*/g, ' * ').trim().split(/\s+/);
  const last = words.at(-1) ?? '';
  const named = words.length > 1 && /^\w+$/.test(last) && !TYPE_WORDS.has(last) && !['struct', 'union', 'enum', '__user'].includes(words.at(-2) ?? '');
  const type = (named ? words.slice(0, -1) : words).join(' ').replace(/\* (?=\*)/g, '*').trim();
  const name = named ? last.replace(/^_(?=[a-z])/, '') : `arg${index + 1}`;
  return { name, type, user: /\b__user\b/.test(type) || /^(?:const )?cap_user_(?:header|data)_t$/.test(type) };
}

function readPrototypes(headers: string, arch: Arch): Prototypes {
  const prototypes = new Map(MISSING_PROTOTYPES);
  for (const header of ['include/asm-generic/syscalls.h', 'include/linux/syscalls.h']) {
    const text = activeLines(fs.readFileSync(path.join(headers, header), 'utf8'), arch).join('\n');
    for (const match of text.matchAll(/asmlinkage\s+long\s+sys_(\w+)\s*\(([^;]*?)\)\s*;/g)) {
      const [, entry = '', list = ''] = match;
      if (entry === 'rt_sigreturn') continue;
      const parts = list.trim() === 'void' ? [] : list.split(',');
      const names = ARGUMENT_NAMES[entry] ?? [];
      prototypes.set(entry, parts.map((part, index) => {
        const argument = parseArgument(part, index);
        return argument.name === `arg${index + 1}` ? { ...argument, name: names[index] ?? argument.name } : argument;
      }));
    }
  }
  for (const [entry, index] of MISSING_USER) {
    const list = prototypes.get(entry);
    if (list) prototypes.set(entry, list.map((argument, at) => (at === index ? { ...argument, type: argument.type.replace(/\*$/, '__user *'), user: true } : argument)));
  }
  return prototypes;
}

function readNumbers(libc: string, headers: string, arch: Arch): { name: string; number: number; entry: string }[] {
  if (arch === 'arm64') {
    const lines = activeLines(fs.readFileSync(path.join(headers, 'include/uapi/asm-generic/unistd.h'), 'utf8'), arch);
    const numbers = new Map<string, number>();
    const entries = new Map<string, string>();
    for (const line of lines) {
      const define = /^#define __NR(?:3264)?_(\w+) (\d+)/.exec(line);
      if (define?.[1] !== undefined) numbers.set(define[1], Number(define[2]));
      const entry = /^__S[\w]*\(__NR(?:3264)?_(\w+),\s*(?:sys_(\w+))(?:,\s*sys_(\w+))?/.exec(line);
      if (entry?.[1] !== undefined && entry[2] !== undefined) entries.set(entry[1], (line.includes('3264(') ? entry[3] : undefined) ?? entry[2]);
    }
    const rename: Readonly<Record<string, string>> = { fstatat: 'newfstatat' };
    return [...numbers].filter(([name]) => entries.has(name)).map(([name, number]) => ({ name: rename[name] ?? name, number, entry: entries.get(name) ?? name }));
  }
  const file = path.join(libc, 'usr/include/x86_64-linux-gnu/asm', arch === 'i386' ? 'unistd_32.h' : 'unistd_64.h');
  return [...fs.readFileSync(file, 'utf8').matchAll(/^#define __NR_(\w+) (\d+)$/gm)].map(([, name = '', number]) => ({
    name, number: Number(number), entry: ENTRIES[arch][name] ?? name,
  }));
}

function generate(libc: string, headers: string, arch: Arch): { arch: Arch; source: string; syscalls: AbiSyscall[] } {
  const prototypes = readPrototypes(headers, arch);
  const syscalls = readNumbers(libc, headers, arch)
    .sort((a, b) => a.number - b.number)
    .map(({ name, number, entry }): AbiSyscall => {
      const list = prototypes.get(entry);
      return {
        number, name, entry,
        arguments: list?.map((argument, index) => (argument.user ? { ...argument, failure: failureOf(entry, index, argument) } : argument)) ?? null,
      };
    });
  const version = /linux-headers-(\d+\.\d+)/.exec(path.basename(headers))?.[1] ?? 'unknown';
  return { arch, source: `Linux ${version}: uapi unistd and include/linux/syscalls.h`, syscalls };
}

function write(file: string, table: ReturnType<typeof generate>): void {
  const rows = table.syscalls.map((row) => `    ${JSON.stringify(row)}`).join(',\n');
  fs.writeFileSync(file, `{\n  "arch": ${JSON.stringify(table.arch)},\n  "source": ${JSON.stringify(table.source)},\n  "syscalls": [\n${rows}\n  ]\n}\n`);
}

const [libc, headers, output = path.join(import.meta.dirname, '../core/abi/generated')] = process.argv.slice(2);
if (libc === undefined || headers === undefined) {
  console.error('usage: generate-abi LIBC_DEV_ROOT HEADERS_COMMON [OUTPUT]');
  process.exitCode = 2;
} else {
  fs.mkdirSync(output, { recursive: true });
  for (const arch of ['x86_64', 'i386', 'arm64'] as const) {
    const table = generate(libc, headers, arch);
    write(path.join(output, `${arch}.json`), table);
    const known = table.syscalls.filter((row) => row.arguments !== null);
    const pointers = known.flatMap((row) => (row.arguments ?? []).filter((argument) => argument.user));
    console.log(`${arch}: ${table.syscalls.length} numbers, ${known.length} with a prototype, ${pointers.length} user pointers`);
  }
}

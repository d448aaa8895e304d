// SPDX-License-Identifier: MIT
import type { AbiSyscall } from '../../../../core/abi';
import { userCheck } from '../../../../core/abi/user-checks';
import type { Assumption, Expectation } from '../../../../core/model/analysis';
import { CLOSED, DESCRIPTOR_LIMIT, DescriptorTable, type Descriptor } from './descriptors';
import { spaceOf, type Value } from './values';

/** What one call does on one path: its result, why, and the descriptors afterwards. */
export interface Forecast {
  readonly expect: Expectation;
  readonly assumes: readonly Assumption[];
  readonly because: string;
  readonly descriptors: DescriptorTable;
}

interface Facts {
  readonly syscall: AbiSyscall;
  readonly arguments: readonly Value[];
  readonly descriptors: DescriptorTable;
}

const EBADF = { kind: 'errno', name: 'EBADF', value: -9 } as const;
const EFAULT = { kind: 'errno', name: 'EFAULT', value: -14 } as const;
const EINVAL = { kind: 'errno', name: 'EINVAL', value: -22 } as const;
const O_CLOEXEC = 0o2000000n;
const O_CREAT = 0o100n;
/** Both values of O_DIRECTORY, x86's and arm64's. */
const O_DIRECTORY = 0o240000n;
/** __O_TMPFILE */
const O_TMPFILE = 0o20000000n;
/** Above every limit that the number of open files can have. */
const NO_DESCRIPTOR = 0x80000000;

/** Calls that open one descriptor when they succeed, the lowest that is free. */
const OPENS_ONE = /^(?:open|openat|creat|openat2|socket|accept|accept4|memfd_create|timerfd_create|signalfd4?|pidfd_open|inotify_init1|epoll_create|fanotify_init|mq_open)$/;

/** Calls that only make a descriptor of a kind of its own, when their flags (at this argument, any of these bits) are good. */
const MAKES_DESCRIPTOR: Readonly<Record<string, { readonly flags: number; readonly allowed: bigint } | null>> = {
  inotify_init: null, eventfd: null, inotify_init1: { flags: 0, allowed: 0o2004000n }, epoll_create1: { flags: 0, allowed: O_CLOEXEC }, eventfd2: { flags: 1, allowed: 0o2004001n },
};
/** Calls that look at their first argument, a descriptor, before anything else (SYSCALL_DEFINEs of Linux 5.10 to 6.12). */
const DESCRIPTOR_FIRST = new Set('lseek ioctl fcntl fsync fdatasync syncfs fchdir fchmod fchown fstatfs getdents getdents64 fallocate readv writev listen shutdown getsockname getpeername'.split(' '));
/** Calls that always return 0. */
const ALWAYS_ZERO = new Set(['sched_yield', 'sync', 'munlockall']);

/** Calls that leave the descriptor table alone, whatever they return. */
const KEEPS_DESCRIPTORS = new Set(
  `read write pread64 pwrite64 readv writev stat fstat lstat newfstatat statx poll lseek ioctl access faccessat sched_yield nanosleep getpid getppid gettid getuid geteuid getgid
   getegid getpgid getpgrp getsid setsid umask uname times time gettimeofday clock_gettime sysinfo getrlimit getrusage mkdir mkdirat rmdir unlink unlinkat rename renameat
   renameat2 link symlink chmod fchmod chown chdir fchdir readlink readlinkat truncate ftruncate fsync fdatasync sync kill tgkill getcwd statfs fstatfs brk mmap munmap mprotect`.split(/\s+/),
);

/**
 * Computes what a syscall returns when its arguments are known well enough, in the order in which the kernel checks
 * them (fs/read_write.c, fs/file.c, fs/open.c). Says `unknown` everywhere else.
 */
export function forecast(facts: Facts): Forecast {
  const { syscall, descriptors } = facts;
  switch (syscall.name) {
    case 'write':
      return transfer(facts, 'writable');
    case 'read':
      return transfer(facts, 'readable');
    case 'dup':
      return dup(facts);
    case 'dup2':
      return dup2(facts, false);
    case 'dup3':
      return dup2(facts, true);
    case 'close':
      return close(facts);
    case 'fstat':
      return fstat(facts);
    case 'open':
      return open(facts, 0);
    case 'openat':
      return open(facts, 1);
    default: {
      const fault = firstFault(facts);
      if (fault) return { expect: EFAULT, assumes: [], because: fault, descriptors };
      if (ALWAYS_ZERO.has(syscall.name)) return { expect: { kind: 'exact', value: 0 }, assumes: [], because: `${syscall.name}() always returns 0.`, descriptors };
      return closedFirst(facts) ?? make(facts) ?? unknown(`What ${syscall.name}() returns is not predicted.`, afterUnknown(syscall.name, descriptors));
    }
  }
}

/** The descriptors after a call of which the result is not known. */
function afterUnknown(name: string, descriptors: DescriptorTable): DescriptorTable {
  if (KEEPS_DESCRIPTORS.has(name) || (DESCRIPTOR_FIRST.has(name) && !/^(?:fcntl|ioctl)$/.test(name))) return descriptors;
  return OPENS_ONE.test(name) ? descriptors.withLowestUnknown() : DescriptorTable.unknown;
}

/** A call on a closed descriptor, where that is looked at first. */
function closedFirst(facts: Facts): Forecast | null {
  const found = DESCRIPTOR_FIRST.has(facts.syscall.name) ? look(facts, 0) : null;
  if (found?.entry.open !== false) return null;
  return { expect: EBADF, assumes: found.entry.assumes, because: `Descriptor ${found.number} is closed.`, descriptors: facts.descriptors };
}

function make(facts: Facts): Forecast | null {
  const how = MAKES_DESCRIPTOR[facts.syscall.name];
  if (how === undefined) return null;
  const flags = how && facts.arguments[how.flags];
  if (how && (flags?.kind !== 'integer' || (BigInt.asUintN(32, flags.value) & ~how.allowed) !== 0n)) return null;
  const allocation = facts.descriptors.allocate({ open: true, readable: null, writable: null, plain: null, assumes: [] });
  if (!allocation) return null;
  return { expect: { kind: 'exact', value: allocation.number }, assumes: unique(allocation.assumes), because: `${allocation.number} is the lowest free descriptor.`, descriptors: allocation.table };
}

/** open() and openat() look at the flags, then at the path, then at the descriptor of the folder. */
function open(facts: Facts, path: 0 | 1): Forecast {
  const { syscall, descriptors } = facts;
  const value = facts.arguments[path];
  const flags = facts.arguments[path + 1];
  const isOdd = flags?.kind !== 'integer' || (flags.value & O_TMPFILE) !== 0n || ((flags.value & O_CREAT) !== 0n && (flags.value & O_DIRECTORY) !== 0n);
  if (value && spaceOf(value) === 'kernel' && !isOdd) {
    return { expect: EFAULT, assumes: [], because: `${userCheck(syscall, path)} rejects the kernel address in 'filename'.`, descriptors };
  }
  return unknown(`What ${syscall.name}() returns depends on the file system.`, descriptors.withLowestUnknown());
}

/** A call that the analysis knows nothing of. */
export function unknownForecast(because: string): Forecast {
  return unknown(because, DescriptorTable.unknown);
}

function unknown(because: string, descriptors: DescriptorTable): Forecast {
  return { expect: { kind: 'unknown' }, assumes: [], because, descriptors };
}

/** A descriptor number as the kernel takes it: the low 32 bits; null when not known. */
function descriptorNumber(value: Value | undefined): number | null {
  return value?.kind === 'integer' ? Number(BigInt.asUintN(32, value.value)) : null;
}

function look(facts: Facts, index: number): { number: number; entry: Descriptor } | null {
  const number = descriptorNumber(facts.arguments[index]);
  return number === null ? null : { number, entry: number < NO_DESCRIPTOR ? facts.descriptors.get(number) : CLOSED };
}

function transfer(facts: Facts, direction: 'readable' | 'writable'): Forecast {
  const { syscall, descriptors } = facts;
  const found = look(facts, 0);
  if (!found) return unknown('The descriptor is not known.', descriptors);
  const { number, entry } = found;
  if (entry.open === false) return { expect: EBADF, assumes: entry.assumes, because: `Descriptor ${number} is closed, which ${syscall.name}() finds before it looks at the buffer.`, descriptors };
  if (entry.open === null) return unknown(`Whether descriptor ${number} is open is not known.`, descriptors);
  if (entry[direction] === false) {
    return { expect: EBADF, assumes: entry.assumes, because: `Descriptor ${number} is not open for ${direction === 'writable' ? 'writing' : 'reading'}.`, descriptors };
  }
  if (entry[direction] === null) return unknown(`Whether descriptor ${number} is open for ${direction === 'writable' ? 'writing' : 'reading'} is not known.`, descriptors);
  const buffer = facts.arguments[1];
  if (buffer && spaceOf(buffer) === 'kernel') {
    return { expect: EFAULT, assumes: entry.assumes, because: `Descriptor ${number} is open, and access_ok() rejects the kernel address of the buffer.`, descriptors };
  }
  if (isLength(facts.arguments[2], 0n) && entry.plain && buffer && (isLength(buffer, 0n) || buffer.kind === 'user')) {
    return { expect: { kind: 'exact', value: 0 }, assumes: unique([...entry.assumes, ...entry.plain]), because: `Nothing is to be ${direction === 'writable' ? 'written' : 'read'}.`, descriptors };
  }
  if (buffer?.kind === 'user' && buffer.role && direction === 'writable') return echo(facts, number, entry);
  return unknown(`What ${syscall.name}() returns depends on the buffer, which is not known.`, descriptors);
}

function isLength(value: Value | undefined, length: bigint): boolean {
  return value?.kind === 'integer' && value.value === length;
}

/** A device's write handler passes its caller's own buffer on. */
function echo(facts: Facts, number: number, entry: Descriptor): Forecast {
  const length = facts.arguments[2];
  const { descriptors } = facts;
  const assumes: Assumption[] = [...entry.assumes, { id: 'buffer-of-writer', text: "the buffer is the writer's own and can be read for the whole length" }];
  const because = `The buffer is the one that the caller of write(2) passed, and descriptor ${number} takes all bytes.`;
  if (length?.kind === 'integer' && length.value >= 0n && length.value < 0x7ffff000n) {
    return { expect: { kind: 'exact', value: Number(length.value) }, assumes, because, descriptors };
  }
  if (length?.kind === 'scalar' && length.symbol && length.symbol.offset <= 0n) {
    const { name, offset } = length.symbol;
    const text = offset === 0n ? name : `${name} - ${String(-offset)}`;
    return { expect: { kind: 'argument', index: 2, value: text }, assumes, because: `${because} Its length, ${name}, is what that caller asked to write.`, descriptors };
  }
  return unknown('The length is not known.', descriptors);
}

function dup(facts: Facts): Forecast {
  const found = look(facts, 0);
  if (!found) return unknown('The descriptor is not known.', DescriptorTable.unknown);
  const { number, entry } = found;
  if (entry.open === false) return { expect: EBADF, assumes: entry.assumes, because: `Descriptor ${number} is closed.`, descriptors: facts.descriptors };
  const allocation = entry.open ? facts.descriptors.allocate(entry) : null;
  if (!allocation) return unknown(`Which descriptors are free is not known.`, DescriptorTable.unknown);
  return {
    expect: { kind: 'exact', value: allocation.number },
    assumes: unique([...entry.assumes, ...allocation.assumes]),
    because: `${allocation.number} is the lowest free descriptor.`,
    descriptors: allocation.table,
  };
}

function dup2(facts: Facts, isDup3: boolean): Forecast {
  const from = look(facts, 0);
  const to = look(facts, 1);
  if (!from || !to) return unknown('The descriptors are not known.', DescriptorTable.unknown);
  const { descriptors } = facts;
  if (isDup3) {
    const flags = facts.arguments[2];
    if (flags?.kind !== 'integer') return unknown('The flags are not known.', descriptors.withUnknown(to.number));
    if ((flags.value & ~O_CLOEXEC) !== 0n) return { expect: EINVAL, assumes: [], because: 'dup3() knows no flag but O_CLOEXEC.', descriptors };
    if (from.number === to.number) return { expect: EINVAL, assumes: [], because: 'dup3() refuses to copy a descriptor to itself.', descriptors };
  }
  if (to.number >= NO_DESCRIPTOR && (isDup3 || from.number !== to.number)) return { expect: EBADF, assumes: [], because: `${to.number | 0} is no descriptor.`, descriptors };
  if (to.number >= DESCRIPTOR_LIMIT && to.number < NO_DESCRIPTOR) return unknown('The new descriptor may lie above the limit of open files.', descriptors.withUnknown(to.number));
  if (from.entry.open === null) return unknown(`Whether descriptor ${from.number} is open is not known.`, descriptors.withUnknown(to.number));
  if (!from.entry.open) return { expect: EBADF, assumes: from.entry.assumes, because: `Descriptor ${from.number} is closed.`, descriptors };
  return {
    expect: { kind: 'exact', value: to.number },
    assumes: from.entry.assumes,
    because: `Descriptor ${to.number} becomes a copy of ${from.number}.`,
    descriptors: descriptors.with(to.number, from.entry),
  };
}

function close(facts: Facts): Forecast {
  const found = look(facts, 0);
  if (!found) return unknown('The descriptor is not known.', DescriptorTable.unknown);
  const { number, entry } = found;
  const descriptors = number < NO_DESCRIPTOR && entry.open !== false ? facts.descriptors.closed(number) : facts.descriptors;
  if (entry.open === null) return unknown(`Whether descriptor ${number} is open is not known.`, descriptors);
  if (entry.open) return { expect: { kind: 'exact', value: 0 }, assumes: entry.assumes, because: `Descriptor ${number} is open.`, descriptors };
  return { expect: EBADF, assumes: entry.assumes, because: `Descriptor ${number} is closed already.`, descriptors };
}

function fstat(facts: Facts): Forecast {
  const found = look(facts, 0);
  const { descriptors } = facts;
  if (found?.entry.open === false) return { expect: EBADF, assumes: found.entry.assumes, because: `Descriptor ${found.number} is closed.`, descriptors };
  if (found?.entry.open && facts.arguments[1] && spaceOf(facts.arguments[1]) === 'kernel') {
    return { expect: EFAULT, assumes: found.entry.assumes, because: 'copy_to_user() rejects the kernel address.', descriptors };
  }
  return unknown('What fstat() returns is not predicted.', descriptors);
}

function firstFault(facts: Facts): string | null {
  for (const [index, argument] of (facts.syscall.arguments ?? []).entries()) {
    const value = facts.arguments[index];
    if (argument.failure !== 'faults' || argument.first !== true || !value || spaceOf(value) !== 'kernel') continue;
    return `${userCheck(facts.syscall, index)} rejects the kernel address in '${argument.name}'.`;
  }
  return null;
}

function unique(list: readonly Assumption[]): Assumption[] {
  return [...new Map(list.map((item) => [item.id, item])).values()];
}

// SPDX-License-Identifier: MIT
import type { Architecture } from '../model/analysis';

/** Named bits, or named values of a field of bits. */
export interface FlagSet {
  /** Values of the field `mask`, e.g. the access mode of open(2); shown first. */
  readonly field?: { readonly mask: bigint; readonly names: ReadonlyMap<bigint, string> };
  readonly bits: readonly (readonly [value: bigint, name: string])[];
  /** What no bit at all is called, e.g. PROT_NONE. */
  readonly none?: string;
}

const bits = (table: Readonly<Record<string, number>>): (readonly [bigint, string])[] => Object.entries(table).map(([name, value]) => [BigInt(value), name] as const);
const names = (table: Readonly<Record<string, number>>): Map<bigint, string> => new Map(Object.entries(table).map(([name, value]) => [BigInt(value), name]));

/** include/uapi/asm-generic/fcntl.h; combined flags before the bits that they contain. */
function openFlags(arch: Architecture): FlagSet {
  // arch/arm64/include/uapi/asm/fcntl.h has its own values for these four
  const own = arch === 'arm64' ? { O_DIRECTORY: 0o40000, O_NOFOLLOW: 0o100000, O_DIRECT: 0o200000, O_LARGEFILE: 0o400000 } : { O_DIRECT: 0o40000, O_LARGEFILE: 0o100000, O_DIRECTORY: 0o200000, O_NOFOLLOW: 0o400000 };
  return {
    field: { mask: 3n, names: names({ O_RDONLY: 0, O_WRONLY: 1, O_RDWR: 2 }) },
    bits: bits({
      O_TMPFILE: 0o20000000 | own.O_DIRECTORY,
      O_SYNC: 0o4010000,
      O_CREAT: 0o100,
      O_EXCL: 0o200,
      O_NOCTTY: 0o400,
      O_TRUNC: 0o1000,
      O_APPEND: 0o2000,
      O_NONBLOCK: 0o4000,
      O_DSYNC: 0o10000,
      FASYNC: 0o20000,
      ...own,
      O_NOATIME: 0o1000000,
      O_CLOEXEC: 0o2000000,
      O_PATH: 0o10000000,
    }),
  };
}

/** include/uapi/asm-generic/mman-common.h */
const PROT: FlagSet = { bits: bits({ PROT_READ: 1, PROT_WRITE: 2, PROT_EXEC: 4, PROT_SEM: 8, PROT_GROWSDOWN: 0x01000000, PROT_GROWSUP: 0x02000000 }), none: 'PROT_NONE' };

/** include/uapi/linux/mman.h, include/uapi/asm-generic/mman-common.h and mman.h; MAP_32BIT: arch/x86/include/uapi/asm/mman.h */
function mapFlags(arch: Architecture): FlagSet {
  return {
    field: { mask: 0xfn, names: names({ MAP_SHARED: 1, MAP_PRIVATE: 2, MAP_SHARED_VALIDATE: 3 }) },
    bits: bits({
      MAP_FIXED: 0x10,
      MAP_ANONYMOUS: 0x20,
      ...(arch === 'arm64' ? {} : { MAP_32BIT: 0x40 }),
      MAP_GROWSDOWN: 0x100,
      MAP_DENYWRITE: 0x800,
      MAP_EXECUTABLE: 0x1000,
      MAP_LOCKED: 0x2000,
      MAP_NORESERVE: 0x4000,
      MAP_POPULATE: 0x8000,
      MAP_NONBLOCK: 0x10000,
      MAP_STACK: 0x20000,
      MAP_HUGETLB: 0x40000,
      MAP_SYNC: 0x80000,
      MAP_FIXED_NOREPLACE: 0x100000,
    }),
  };
}

/** include/linux/net.h: SOCK_NONBLOCK is O_NONBLOCK, SOCK_CLOEXEC is O_CLOEXEC. */
const SOCKET_TYPE: FlagSet = {
  field: { mask: 0xfn, names: names({ SOCK_STREAM: 1, SOCK_DGRAM: 2, SOCK_RAW: 3, SOCK_RDM: 4, SOCK_SEQPACKET: 5, SOCK_DCCP: 6, SOCK_PACKET: 10 }) },
  bits: bits({ SOCK_NONBLOCK: 0o4000, SOCK_CLOEXEC: 0o2000000 }),
};

/** include/uapi/linux/fcntl.h */
const AT_FLAGS: FlagSet = { bits: bits({ AT_SYMLINK_NOFOLLOW: 0x100, AT_REMOVEDIR: 0x200, AT_SYMLINK_FOLLOW: 0x400, AT_NO_AUTOMOUNT: 0x800, AT_EMPTY_PATH: 0x1000 }), none: '0' };

/** include/linux/socket.h */
const FAMILIES = names({
  AF_UNSPEC: 0, AF_UNIX: 1, AF_INET: 2, AF_AX25: 3, AF_IPX: 4, AF_APPLETALK: 5, AF_NETROM: 6, AF_BRIDGE: 7, AF_X25: 9, AF_INET6: 10, AF_KEY: 15, AF_NETLINK: 16, AF_PACKET: 17, AF_RDS: 21,
  AF_LLC: 26, AF_CAN: 29, AF_TIPC: 30, AF_BLUETOOTH: 31, AF_ALG: 38, AF_NFC: 39, AF_VSOCK: 40, AF_KCM: 41, AF_QIPCRTR: 42, AF_SMC: 43, AF_XDP: 44, AF_MCTP: 45,
});

/** include/uapi/asm-generic/signal.h; arch/x86/include/uapi/asm/signal.h has the same numbers. */
const SIGNALS = names({
  SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10, SIGSEGV: 11, SIGUSR2: 12, SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15, SIGSTKFLT: 16,
  SIGCHLD: 17, SIGCONT: 18, SIGSTOP: 19, SIGTSTP: 20, SIGTTIN: 21, SIGTTOU: 22, SIGURG: 23, SIGXCPU: 24, SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28, SIGIO: 29, SIGPWR: 30, SIGSYS: 31,
});

/** include/uapi/linux/fs.h: the third argument of lseek. */
const WHENCE = names({ SEEK_SET: 0, SEEK_CUR: 1, SEEK_END: 2, SEEK_DATA: 3, SEEK_HOLE: 4 });

/** What an argument's number means; null when it is just a number. */
export type ArgumentMeaning = { readonly kind: 'flags'; readonly set: FlagSet } | { readonly kind: 'names'; readonly names: ReadonlyMap<bigint, string> } | { readonly kind: 'descriptor' } | { readonly kind: 'mode' };

const DESCRIPTORS = new Set(['fd', 'fildes', 'oldfd', 'newfd', 'dfd', 'olddfd', 'newdfd', 'epfd', 'fd_in', 'fd_out', 'in_fd', 'out_fd', 'fdin', 'fdout', 'dirfd', 'mdfd', 'pidfd']);

/** The meaning of a syscall's argument, by the names in the kernel's prototypes (include/linux/syscalls.h). */
export function argumentMeaning(arch: Architecture, syscall: string, argument: string): ArgumentMeaning | null {
  if (DESCRIPTORS.has(argument)) return { kind: 'descriptor' };
  switch (`${syscall}.${argument}`) {
    case 'open.flags':
    case 'openat.flags':
    case 'dup3.flags':
    case 'pipe2.flags':
      return { kind: 'flags', set: openFlags(arch) };
    case 'mmap.prot':
    case 'mprotect.prot':
      return { kind: 'flags', set: PROT };
    case 'mmap.flags':
      return { kind: 'flags', set: mapFlags(arch) };
    case 'unlinkat.flag':
    case 'newfstatat.flag':
    case 'linkat.flags':
    case 'faccessat2.flags':
      return { kind: 'flags', set: AT_FLAGS };
    case 'lseek.whence':
      return { kind: 'names', names: WHENCE };
    default:
  }
  if ((syscall === 'socket' || syscall === 'socketpair') && argument === 'type') return { kind: 'flags', set: SOCKET_TYPE };
  if ((syscall === 'socket' || syscall === 'socketpair') && argument === 'family') return { kind: 'names', names: FAMILIES };
  if (/^(?:t|tg)?kill$|^rt_sig(?:action|queueinfo)$|^signal$|^pidfd_send_signal$/.test(syscall) && (argument === 'sig' || argument === 'signum')) return { kind: 'names', names: SIGNALS };
  return argument === 'mode' && /^(?:open|openat|creat|mkdir|mkdirat|mknod|mknodat|chmod|fchmod|fchmodat)$/.test(syscall) ? { kind: 'mode' } : null;
}

/** `O_WRONLY|O_CREAT|0x40000000`: the field's value, the bits that have names, the rest as a number. */
export function describeFlags(value: bigint, { field, bits: named, none }: FlagSet): string {
  const words: string[] = [];
  let rest = value;
  if (field) {
    const name = field.names.get(rest & field.mask);
    if (name !== undefined) {
      words.push(name);
      rest &= ~field.mask;
    }
  }
  for (const [bit, name] of named) {
    if (bit === 0n || (rest & bit) !== bit) continue;
    words.push(name);
    rest &= ~bit;
  }
  if (rest !== 0n) words.push(`0x${rest.toString(16)}`);
  return words.length > 0 ? words.join('|') : (none ?? '0');
}

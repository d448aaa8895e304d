// SPDX-License-Identifier: MIT
/**
 * Arguments that are user pointers for some commands only: argument number → which argument is the command, and the
 * commands with their values. From the uapi headers (linux/prctl.h, linux/keyctl.h, linux/ptrace.h, linux/sem.h,
 * asm/prctl.h, asm-generic/fcntl.h, linux/fcntl.h, asm-generic/ioctls.h) and the definitions that read them.
 */
import type { Architecture } from '../../core/model/analysis';

interface Commanded {
  readonly argument: number;
  readonly command: number;
  readonly values: Readonly<Record<string, number>>;
  /** Other commands say it themselves: `_IOC_READ` or `_IOC_WRITE` in an ioctl's number. */
  readonly encoded?: true;
}

const LOCKS = { F_GETLK: 5, F_SETLK: 6, F_SETLKW: 7, F_SETOWN_EX: 15, F_GETOWN_EX: 16, F_GETOWNER_UIDS: 17, F_OFD_GETLK: 36, F_OFD_SETLK: 37, F_OFD_SETLKW: 38, F_GET_RW_HINT: 1035, F_SET_RW_HINT: 1036, F_GET_FILE_RW_HINT: 1037, F_SET_FILE_RW_HINT: 1038 };
const SEMAPHORES = { IPC_SET: 1, IPC_STAT: 2, IPC_INFO: 3, GETALL: 13, SETALL: 17, SEM_STAT: 18, SEM_INFO: 19, SEM_STAT_ANY: 20 };

const COMMANDS: Readonly<Record<string, readonly Commanded[]>> = {
  fcntl: [{ argument: 2, command: 1, values: LOCKS }],
  fcntl64: [{ argument: 2, command: 1, values: { ...LOCKS, F_GETLK64: 12, F_SETLK64: 13, F_SETLKW64: 14 } }],
  ioctl: [
    {
      argument: 2,
      command: 1,
      encoded: true,
      values: {
        TCGETS: 0x5401, TCSETS: 0x5402, TCSETSW: 0x5403, TCSETSF: 0x5404, TCGETA: 0x5405, TCSETA: 0x5406, TCSETAW: 0x5407, TCSETAF: 0x5408, TIOCGPGRP: 0x540f, TIOCSPGRP: 0x5410, TIOCOUTQ: 0x5411,
        TIOCSTI: 0x5412, TIOCGWINSZ: 0x5413, TIOCSWINSZ: 0x5414, TIOCMGET: 0x5415, TIOCMBIS: 0x5416, TIOCMBIC: 0x5417, TIOCMSET: 0x5418, FIONREAD: 0x541b, TIOCPKT: 0x5420, FIONBIO: 0x5421,
        TIOCGSID: 0x5429, FIOASYNC: 0x5452, FIOQSIZE: 0x5460, FIGETBSZ: 2, FIBMAP: 1, BLKGETSIZE: 0x1260, BLKRAGET: 0x1263, BLKSSZGET: 0x1268, SIOCGIFNAME: 0x8910, SIOCGIFCONF: 0x8912,
        SIOCGIFFLAGS: 0x8913, SIOCSIFFLAGS: 0x8914, SIOCGIFADDR: 0x8915, SIOCSIFADDR: 0x8916, SIOCGIFMTU: 0x8921, SIOCGIFHWADDR: 0x8927, SIOCGIFINDEX: 0x8933, SIOCETHTOOL: 0x8946,
      },
    },
  ],
  prctl: [
    {
      argument: 1,
      command: 0,
      values: { PR_GET_PDEATHSIG: 2, PR_GET_UNALIGN: 5, PR_GET_FPEMU: 9, PR_GET_FPEXC: 11, PR_SET_NAME: 15, PR_GET_NAME: 16, PR_GET_ENDIAN: 19, PR_GET_TSC: 25, PR_GET_CHILD_SUBREAPER: 37, PR_GET_TID_ADDRESS: 40, PR_GET_AUXV: 0x41555856 },
    },
    { argument: 2, command: 0, values: { PR_SET_SECCOMP: 22 } },
    { argument: 4, command: 0, values: { PR_SET_SYSCALL_USER_DISPATCH: 59, PR_SCHED_CORE: 62, PR_SET_VMA: 0x53564d41 } },
  ],
  arch_prctl: [{ argument: 1, command: 0, values: { ARCH_GET_FS: 0x1003, ARCH_GET_GS: 0x1004, ARCH_GET_XCOMP_SUPP: 0x1021, ARCH_GET_XCOMP_PERM: 0x1022, ARCH_GET_XCOMP_GUEST_PERM: 0x1024, ARCH_GET_UNTAG_MASK: 0x4001, ARCH_GET_MAX_TAG_BITS: 0x4003, ARCH_SHSTK_STATUS: 0x5005 } }],
  keyctl: [
    { argument: 1, command: 0, values: { KEYCTL_JOIN_SESSION_KEYRING: 1, KEYCTL_DH_COMPUTE: 23, KEYCTL_PKEY_ENCRYPT: 25, KEYCTL_PKEY_DECRYPT: 26, KEYCTL_PKEY_SIGN: 27, KEYCTL_PKEY_VERIFY: 28 } },
    { argument: 2, command: 0, values: { KEYCTL_UPDATE: 2, KEYCTL_DESCRIBE: 6, KEYCTL_SEARCH: 10, KEYCTL_READ: 11, KEYCTL_INSTANTIATE: 12, KEYCTL_GET_SECURITY: 17, KEYCTL_INSTANTIATE_IOV: 20, KEYCTL_DH_COMPUTE: 23, KEYCTL_RESTRICT_KEYRING: 29, KEYCTL_CAPABILITIES: 31 } },
    { argument: 3, command: 0, values: { KEYCTL_SEARCH: 10, KEYCTL_PKEY_QUERY: 24, KEYCTL_PKEY_ENCRYPT: 25, KEYCTL_PKEY_DECRYPT: 26, KEYCTL_PKEY_SIGN: 27, KEYCTL_PKEY_VERIFY: 28, KEYCTL_RESTRICT_KEYRING: 29 } },
    { argument: 4, command: 0, values: { KEYCTL_PKEY_QUERY: 24, KEYCTL_PKEY_ENCRYPT: 25, KEYCTL_PKEY_DECRYPT: 26, KEYCTL_PKEY_SIGN: 27, KEYCTL_PKEY_VERIFY: 28 } },
  ],
  ptrace: [
    {
      argument: 3,
      command: 0,
      values: {
        PTRACE_PEEKTEXT: 1, PTRACE_PEEKDATA: 2, PTRACE_PEEKUSR: 3, PTRACE_GETREGS: 12, PTRACE_SETREGS: 13, PTRACE_GETFPREGS: 14, PTRACE_SETFPREGS: 15, PTRACE_GETEVENTMSG: 0x4201, PTRACE_GETSIGINFO: 0x4202,
        PTRACE_SETSIGINFO: 0x4203, PTRACE_GETREGSET: 0x4204, PTRACE_SETREGSET: 0x4205, PTRACE_PEEKSIGINFO: 0x4209, PTRACE_GETSIGMASK: 0x420a, PTRACE_SETSIGMASK: 0x420b, PTRACE_SECCOMP_GET_FILTER: 0x420c,
        PTRACE_GET_SYSCALL_INFO: 0x420e, PTRACE_GET_RSEQ_CONFIGURATION: 0x420f,
      },
    },
    { argument: 2, command: 0, values: { PTRACE_PEEKSIGINFO: 0x4209 } },
  ],
  semctl: [{ argument: 3, command: 2, values: SEMAPHORES }],
  sysfs: [{ argument: 1, command: 0, values: { '1': 1 } }, { argument: 2, command: 0, values: { '2': 2 } }],
  kcmp: [{ argument: 4, command: 2, values: { KCMP_EPOLL_TFD: 7 } }],
};

/** x86's own requests of ptrace; arm64 has the regsets only. */
const X86_ONLY = /^PTRACE_(?:PEEKUSR|[GS]ETREGS|[GS]ETFPREGS)$/;

export function commandsOf(arch: Architecture, entry: string, index: number): { readonly command: number; readonly values: Readonly<Record<string, number>>; readonly encoded?: true } | undefined {
  const found = COMMANDS[entry]?.find(({ argument }) => argument === index);
  if (!found) return undefined;
  const values = Object.fromEntries(Object.entries(found.values).filter(([name]) => arch !== 'arm64' || !X86_ONLY.test(name)));
  return { command: found.command, values, ...(found.encoded ? { encoded: true as const } : {}) };
}

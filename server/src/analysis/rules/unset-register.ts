// SPDX-License-Identifier: MIT
import { declare, type AbiSyscall } from '../../../../core/abi';
import type { Finding } from '../../../../core/model/analysis';
import type { MemoryObject } from '../flow/objects';
import type { RecordedCall } from '../flow/recorder';
import { rangeOf } from '../syntax/source';
import { related, type Rule } from './rule';

/** Arguments (from 0) that are read for some commands, flags or other arguments only. */
const READ_SOMETIMES: Readonly<Record<string, readonly number[]>> = {
  accept: [2], accept4: [2], add_key: [2], arch_prctl: [1], bpf: [3, 4], clock_nanosleep: [3], clone: [1, 2, 3, 4], epoll_ctl: [3], epoll_pwait: [5], epoll_pwait2: [5], fanotify_mark: [4],
  fcntl: [2], fcntl64: [2], fgetxattr: [2], flistxattr: [1], fsconfig: [2, 3, 4], fsetxattr: [2], futex: [2, 3, 4, 5], get_mempolicy: [0, 1, 2, 3], getcpu: [2], getgroups: [1],
  getxattr: [2], io_uring_enter: [4, 5], io_uring_register: [2, 3], ioctl: [2], ipc: [1, 2, 3, 4, 5], kcmp: [3, 4], kexec_load: [2], keyctl: [1, 2, 3, 4], lgetxattr: [2], listxattr: [1],
  llistxattr: [1], lsetxattr: [2], mbind: [3, 4], membarrier: [2], mknod: [2], mknodat: [3], mmap: [4, 5], mmap2: [4, 5], mount: [0, 2, 4], mremap: [4], msgctl: [2], ppoll: [4], prctl: [1, 2, 3, 4],
  preadv: [4], preadv2: [4], ptrace: [1, 2, 3], pwritev: [4], pwritev2: [4], quotactl: [1, 2, 3], quotactl_fd: [2, 3], reboot: [3], recvfrom: [5], remap_file_pages: [1, 2, 3, 4], rt_sigprocmask: [0],
  seccomp: [2], semctl: [1, 3], sendto: [5], set_mempolicy: [1, 2], setgroups: [1], setxattr: [2], shmctl: [2], sigprocmask: [0], sysfs: [1, 2], syslog: [1, 2],
};
/** Calls whose last arguments are read when a file may be created: where the flags are, and from which argument on. */
const READ_TO_CREATE: Readonly<Record<string, { readonly flags: number; readonly from: number }>> = {
  open: { flags: 1, from: 2 },
  openat: { flags: 2, from: 3 },
  mq_open: { flags: 1, from: 2 },
};
/** O_CREAT | __O_TMPFILE: include/uapi/asm-generic/fcntl.h (the same on x86 and arm64). */
const CREATES = 0o20000100n;

/** A register that the syscall reads, in registers on the stack that nothing was ever stored to. */
export const unsetRegister: Rule = (calls) => {
  const findings = new Map<string, Finding>();
  for (const call of calls) {
    const { syscall } = call;
    if (!syscall || call.used !== 'regs' || call.takes !== 'regs' || !isSuspect(call)) continue;
    const unset = (syscall.arguments ?? []).flatMap((_argument, index) => (isRead(call, syscall, index) && isNeverSet(call, index) ? [index] : []));
    const registers = unset[0] === undefined ? undefined : call.visits[0]?.arguments[unset[0]]?.neverSetIn;
    if (!registers) continue;
    const finding = describe(call, syscall, unset, registers);
    const key = `${finding.file} ${call.expression.start}`;
    if (!findings.has(key)) findings.set(key, finding);
  }
  return [...findings.values()];
};

/** Whether nothing at all was stored to some register. */
function isSuspect({ visits }: RecordedCall): boolean {
  return visits[0]?.arguments.some((argument) => argument.neverSetIn !== undefined) === true;
}

function isNeverSet(call: RecordedCall, index: number): boolean {
  return call.visits.length > 0 && call.visits.every((visit) => visit.arguments[index]?.neverSetIn);
}

function isRead(call: RecordedCall, syscall: AbiSyscall, index: number): boolean {
  const name = syscall.name.replace(/_time(?:32|64)$/, '');
  const toCreate = READ_TO_CREATE[name];
  if (!toCreate) return READ_SOMETIMES[name]?.includes(index) !== true;
  if (index < toCreate.from) return true;
  return call.visits.every((visit) => {
    const flags = visit.arguments[toCreate.flags]?.value;
    return flags?.kind === 'integer' && (flags.value & CREATES) !== 0n;
  });
}

function describe(call: RecordedCall, syscall: AbiSyscall, unset: readonly number[], registers: MemoryObject): Finding {
  const fields = unset.map((index) => `${registers.name}.${call.abi.registers[index] ?? '?'}`);
  const read = unset.map((index, at) => {
    const argument = syscall.arguments?.[index];
    return `argument ${index + 1} (${argument ? declare(argument) : '?'}) from ${fields[at] ?? '?'}`;
  });
  const [it, they] = unset.length === 1 ? ['it', 'is'] : ['them', 'are'];
  return {
    rule: 'unset-register',
    severity: 'warning',
    file: call.expression.file.path,
    range: rangeOf(call.expression),
    message: `${syscall.name}() reads ${list(read)}, which ${they} never set: '${registers.name}' has no initialiser, so the kernel takes what the stack happens to hold. Set ${it}, or start with 'struct pt_regs ${registers.name} = { };'.`,
    related: registers.origin.span ? [related(registers.origin.span, `'${registers.name}' is declared here without an initialiser.`)] : [],
  };
}

function list(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}

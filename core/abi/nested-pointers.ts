// SPDX-License-Identifier: MIT
import type { AbiFunction } from './types';

/** A part of a structure that the kernel takes for an address of user space. */
export interface InnerPointer {
  /** From the structure's (or the element's) begin: `.msg_iov`; `[1]` in an array of numbers, `[]` for each element of one. */
  readonly path: string;
  /** What it points to, where that holds such parts again. */
  readonly to?: Layout;
  /** Taken without a check: the call does not fail for it. */
  readonly silent?: true;
}

/** The parts of a structure, or of each element of an array of them. */
export interface Layout {
  /** In words, after "the": `struct iovec`. */
  readonly what: string;
  readonly pointers: readonly InnerPointer[];
}

function layout(what: string, ...pointers: readonly (string | InnerPointer)[]): Layout {
  return { what, pointers: pointers.map((pointer) => (typeof pointer === 'string' ? { path: pointer } : pointer)) };
}

/** include/uapi/linux/uio.h */
const IOVEC = layout('struct iovec', '.iov_base');
/** include/linux/socket.h: user_msghdr is what user space calls msghdr. */
const MSGHDR = layout('struct user_msghdr', '.msg_name', { path: '.msg_iov', to: IOVEC }, '.msg_control');
const MMSGHDR = layout('struct mmsghdr', '.msg_hdr.msg_name', { path: '.msg_hdr.msg_iov', to: IOVEC }, '.msg_hdr.msg_control');
/** include/uapi/linux/filter.h */
const SOCK_FPROG = layout('struct sock_fprog', '.filter');
const STRINGS = layout('array of strings', '[]');
/** include/uapi/linux/aio_abi.h */
const IOCBS = layout('array of struct iocb', { path: '[]', to: layout('struct iocb', '.aio_buf') });
/** include/uapi/linux/bpf.h, the fields of all commands: each has its own name or structure. */
const BPF_ATTR = layout(
  'union bpf_attr',
  ...['key', 'value', 'next_key', 'insns', 'license', 'log_buf', 'func_info', 'line_info', 'fd_array', 'core_relos', 'pathname', 'btf', 'btf_log_buf'].map((field) => `.${field}`),
  ...['in_batch', 'out_batch', 'keys', 'values'].map((field) => `.batch.${field}`),
  ...['data_in', 'data_out', 'ctx_in', 'ctx_out'].map((field) => `.test.${field}`),
  ...['.info.info', '.query.prog_ids', '.raw_tracepoint.name', '.task_fd_query.buf', '.link_create.iter_info'],
);
/** include/uapi/linux/sched.h; kernel/fork.c takes child_tid and tls without a look at them. */
const CLONE_ARGS = layout('struct clone_args', '.pidfd', '.parent_tid', '.set_tid', { path: '.child_tid', silent: true }, { path: '.tls', silent: true });

/** The layout of what an argument points to, by the name of the call and the argument's position; where they decide, by others. */
interface Place {
  readonly argument: number;
  readonly layout: Layout;
  /** Only with this value of another argument. */
  readonly when?: readonly [argument: number, value: number];
}

const at = (argument: number, of: Layout, when?: readonly [number, number]): Place => ({ argument, layout: of, ...(when ? { when } : {}) });

/** socketcall(2): which of its arguments are pointers, by include/uapi/linux/net.h and net/socket.c. */
const SOCKET_CALLS: readonly (readonly [number: number, ...pointers: (number | readonly [number, Layout])[]])[] = [
  [2, 1], [3, 1], [5, 1, 2], [6, 1, 2], [7, 1, 2], [8, 3], [9, 1], [10, 1], [11, 1, 4], [12, 1, 4, 5], [14, 3], [15, 3, 4], [16, [1, MSGHDR]], [17, [1, MSGHDR]], [18, 1, 2], [19, [1, MMSGHDR], 4], [20, [1, MMSGHDR]],
];

const PLACES: Readonly<Record<string, readonly Place[]>> = {
  readv: [at(1, IOVEC)], writev: [at(1, IOVEC)], preadv: [at(1, IOVEC)], pwritev: [at(1, IOVEC)], preadv2: [at(1, IOVEC)], pwritev2: [at(1, IOVEC)], vmsplice: [at(1, IOVEC)],
  process_vm_readv: [at(1, IOVEC)], process_vm_writev: [at(1, IOVEC)],
  sendmsg: [at(1, MSGHDR)], recvmsg: [at(1, MSGHDR)], sendmmsg: [at(1, MMSGHDR)], recvmmsg: [at(1, MMSGHDR)],
  execve: [at(1, STRINGS), at(2, STRINGS)], execveat: [at(2, STRINGS), at(3, STRINGS)],
  bpf: [at(1, BPF_ATTR)], io_submit: [at(2, IOCBS)], clone3: [at(0, CLONE_ARGS)],
  sigaltstack: [at(0, layout('stack_t', { path: '.ss_sp', silent: true }))],
  futex_waitv: [at(0, layout('struct futex_waitv', '.uaddr'))],
  pselect6: [at(5, layout('pair of a signal mask and its size', '.p', '.ss'))],
  kexec_load: [at(2, layout('struct kexec_segment', '.buf'))],
  io_uring_setup: [at(1, layout('struct io_uring_params', '.sq_off.user_addr', '.cq_off.user_addr'))],
  io_uring_register: [at(2, IOVEC, [1, 0])],
  seccomp: [at(2, SOCK_FPROG, [0, 1])], prctl: [at(2, SOCK_FPROG, [0, 22])], setsockopt: [at(3, SOCK_FPROG, [2, 26])],
  ptrace: [at(3, IOVEC, [0, 0x4204]), at(3, IOVEC, [0, 0x4205])],
  select: [at(0, layout('struct sel_arg_struct', '.inp', '.outp', '.exp', '.tvp'))],
  socketcall: SOCKET_CALLS.map(([number, ...pointers]) =>
    at(1, layout('array of arguments', ...pointers.map((pointer) => (typeof pointer === 'number' ? `[${pointer}]` : { path: `[${pointer[0]}]`, to: pointer[1] }))), [0, number]),
  ),
  iov_iter_init: [at(2, IOVEC)],
};

/** `SYS_CONNECT` and its like, the first argument of socketcall(2): include/uapi/linux/net.h. */
const SOCKET_CALL_NAMES = 'SOCKET BIND CONNECT LISTEN ACCEPT GETSOCKNAME GETPEERNAME SOCKETPAIR SEND RECV SENDTO RECVFROM SHUTDOWN SETSOCKOPT GETSOCKOPT SENDMSG RECVMSG ACCEPT4 RECVMMSG SENDMMSG'.split(' ');

/** The number of a call of socketcall(2) by its name; null for any other name. */
export function socketCall(name: string): bigint | null {
  const index = name.startsWith('SYS_') ? SOCKET_CALL_NAMES.indexOf(name.slice('SYS_'.length)) : -1;
  return index < 0 ? null : BigInt(index + 1);
}

/** What an argument points to, if that holds user pointers; `valueOf` gives the other arguments, null where not known. */
export function layoutOf({ name }: AbiFunction, argument: number, valueOf: (argument: number) => number | null): Layout | null {
  const base = name.replace(/_time(?:32|64)$/, '');
  const places = Object.hasOwn(PLACES, base) ? PLACES[base] : undefined;
  return places?.find((place) => place.argument === argument && (!place.when || valueOf(place.when[0]) === place.when[1]))?.layout ?? null;
}

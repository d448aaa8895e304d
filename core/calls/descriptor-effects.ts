// SPDX-License-Identifier: MIT
import type { SyscallAbi } from '../abi';
import { argumentMeaning } from '../abi/flags';
import type { Call } from '../model';

/** What a call did to the descriptors of its task, by its name, registers and result. `null` numbers were not recorded. */
export interface DescriptorEffect {
  /** The result is a descriptor that was handed out as the lowest free one. */
  readonly opens: number | null;
  /** What it refers to, in a word or two; `sameAs` says it better where it is known. */
  readonly what: string;
  readonly sameAs: number | null;
  /** dup2 and dup3 put the copy where they are told. */
  readonly placed: boolean;
  readonly closes: { readonly from: number; readonly to: number } | null;
  /** Descriptors that it was given. */
  readonly uses: readonly number[];
  /** Which descriptors it changed cannot be told: nothing is known any more. */
  readonly forgets: boolean;
}

/** Syscalls that return a new descriptor, the lowest free one, with what it is. */
const OPENS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    open: 'file', openat: 'file', openat2: 'file', creat: 'file', open_by_handle_at: 'file', open_tree: 'mount', mq_open: 'message queue', memfd_create: 'memory file', memfd_secret: 'memory file',
    socket: 'socket', accept: 'socket', accept4: 'socket', eventfd: 'event counter', eventfd2: 'event counter', epoll_create: 'epoll', epoll_create1: 'epoll', timerfd_create: 'timer',
    signalfd: 'signals', signalfd4: 'signals', inotify_init: 'inotify', inotify_init1: 'inotify', fanotify_init: 'fanotify', userfaultfd: 'userfaultfd', perf_event_open: 'perf event',
    pidfd_open: 'process', pidfd_getfd: 'file of another process', fsopen: 'file system', fspick: 'file system', fsmount: 'mount', io_uring_setup: 'io_uring', landlock_create_ruleset: 'ruleset',
    dup: 'file',
  }),
);
const PLACED = new Set(['dup2', 'dup3']);
const FORGETS = new Set(['execve', 'execveat', 'pipe', 'pipe2', 'socketpair', 'unshare']);
/** include/uapi/linux/fcntl.h, include/uapi/asm-generic/fcntl.h */
const F_DUPFD = 0n;
const F_DUPFD_CLOEXEC = 1030n;
const NONE: DescriptorEffect = { opens: null, what: '', sameAs: null, placed: false, closes: null, uses: [], forgets: false };

/** Tells what calls do to descriptors. Keep one for many calls: it remembers which syscalls take descriptors at all. */
export class DescriptorEffects {
  /** By syscall: which arguments are descriptors; null for a syscall that has nothing to do with them. */
  private readonly arguments = new Map<string, readonly { readonly name: string; readonly index: number }[] | null>();

  constructor(private readonly abi: SyscallAbi) {}

  /** Null for a call that has nothing to do with descriptors, or has not returned. */
  of(call: Call): DescriptorEffect | null {
    const descriptors = call.result === null ? null : this.descriptorsOf(call.syscall);
    if (call.result === null || !descriptors) return null;
    const named = new Map(descriptors.flatMap(({ name, index }): [string, number][] => {
      const value = call.registers?.[index]?.value;
      return value === undefined ? [] : [[name, Number.parseInt(value.slice(2).slice(-8), 16) | 0]];
    }));
    const uses = [...named.values()].filter((number) => number >= 0);
    if (call.result < 0) return { ...NONE, uses, ...(call.syscall === 'close' && call.errno === 'EBADF' ? { closes: single(uses[0]) } : {}) };
    const { syscall, result } = call;
    if (syscall === 'close') return call.registers ? { ...NONE, uses, closes: single(uses[0]) } : { ...NONE, forgets: true };
    if (syscall === 'close_range') return { ...NONE, ...closedRange(call) };
    if (PLACED.has(syscall)) return { ...NONE, uses, opens: result, what: 'file', sameAs: named.get('oldfd') ?? named.get('fildes') ?? null, placed: true };
    if (syscall === 'fcntl') return copies(call) ? { ...NONE, uses, opens: result, what: 'file', sameAs: named.get('fd') ?? null, placed: true } : { ...NONE, uses };
    const what = OPENS.get(syscall);
    if (what !== undefined) return { ...NONE, uses, opens: result, what, sameAs: syscall === 'dup' ? (uses[0] ?? null) : null };
    return { ...NONE, uses, forgets: FORGETS.has(syscall) };
  }

  private descriptorsOf(syscall: string): readonly { readonly name: string; readonly index: number }[] | null {
    const known = this.arguments.get(syscall);
    if (known !== undefined) return known;
    const list = (this.abi.byName(syscall)?.arguments ?? []).map(({ name }, index) => ({ name, index }));
    const descriptors = list.filter(({ name }) => argumentMeaning(this.abi.arch, syscall, name)?.kind === 'descriptor');
    const concerns = descriptors.length > 0 || OPENS.has(syscall) || FORGETS.has(syscall) || syscall === 'close_range';
    this.arguments.set(syscall, concerns ? descriptors : null);
    return concerns ? descriptors : null;
  }
}

function single(number: number | undefined): DescriptorEffect['closes'] {
  return number === undefined ? null : { from: number, to: number };
}

function registerOf(call: Call, index: number): bigint | null {
  const value = call.registers?.[index]?.value;
  return value === undefined ? null : BigInt(value);
}

function copies(call: Call): boolean {
  const command = registerOf(call, 1);
  return command === null || [F_DUPFD, F_DUPFD_CLOEXEC].includes(BigInt.asUintN(32, command));
}

/** close_range(2) with a flag closes later, or elsewhere. */
function closedRange(call: Call): Partial<DescriptorEffect> {
  const [from, to, flags] = [registerOf(call, 0), registerOf(call, 1), registerOf(call, 2)];
  if (from === null || to === null || flags !== 0n) return { forgets: true };
  return { closes: { from: Number(BigInt.asUintN(32, from)), to: Number(BigInt.asUintN(32, to)) } };
}

// SPDX-License-Identifier: MIT

interface TraceEventHead {
  readonly task: string;
  readonly pid: number;
  /** The trace clock, which is printk's. */
  readonly usec: number;
}

/** A syscall's entry or that of a watched function of the module. */
export interface EntryEvent extends TraceEventHead {
  readonly type: 'entry';
  readonly of: 'syscall' | 'function';
  /** The syscall, or the number of the function. */
  readonly name: string;
  /** Where the probe stands, as the kernel prints it (`tail_init+0x4/0xff0 [tail]`), and its address. */
  readonly at: KernelPlace;
  /** What the function will return to; may be the trampoline of a return probe. */
  readonly returnAddress: bigint;
  readonly stackPointer: bigint;
  /** Null when the kernel could not read the register block. */
  readonly registers: readonly bigint[] | null;
}

export interface ReturnEvent extends TraceEventHead {
  readonly type: 'return';
  readonly of: 'syscall' | 'function';
  readonly name: string;
  /** What the function returned to. */
  readonly to: KernelPlace;
  readonly result: bigint;
}

/** Text that was written into the trace. */
export interface MarkerEvent extends TraceEventHead {
  readonly type: 'marker';
  readonly text: string;
}

/** The kernel's stack follows, which was taken at the task's last entry. */
export interface StackEvent extends TraceEventHead {
  readonly type: 'stack';
}

/** One line of a stack, innermost first. */
export interface StackLine {
  readonly type: 'frame';
  /** Null when the kernel could not tell. */
  readonly name: string | null;
  readonly address: bigint;
}

/** Events that the ring buffer lost before this place; the total comes from its statistics. */
export interface LostEvents {
  readonly type: 'lost';
}

export type TraceEvent = EntryEvent | ReturnEvent | MarkerEvent | StackEvent | StackLine | LostEvents;

/** An address as the kernel prints it; `symbol` is null when it knows none. */
export interface KernelPlace {
  readonly address: bigint;
  readonly symbol: { readonly name: string; readonly offset: number; readonly size: number; readonly module: string | null } | null;
}

// The task's name is at most 15 characters long and stands right-aligned in 16: whatever it holds, the dash is the 17th.
const HEAD = /^ +\d+ +(?:\([^)]{0,12}\) +)?\[\d+\] +(?:\S{3,8} +)?(\d{1,12})\.(\d{6}): (\w{1,64})(?:\+0x[0-9a-f]+\/0x[0-9a-f]+)?(?: <[0-9a-f]{8,16}>)?: (.*)$/s;
const STACK = /^ +\d+ +(?:\([^)]{0,12}\) +)?\[\d+\] +(?:\S{3,8} +)?(\d{1,12})\.(\d{6}): <stack trace>$/;
const TASK_WIDTH = 16;
const SYMBOL = /^([^ ]{1,512})\+0x([0-9a-f]{1,8})\/0x([0-9a-f]{1,8})(?: \[([^\] ]{1,64})\])?$/;
const PLACE = '(.{1,600}?) <([0-9a-f]{8,16})>';
const ENTRY = new RegExp(`^\\(${PLACE}\\) ra=(0x[0-9a-f]{1,16}) sp=(0x[0-9a-f]{1,16})(?: frame=(0x[0-9a-f]{1,16}))?((?: a[0-5]=(?:0x[0-9a-f]{1,16}|\\(fault\\)))*)$`);
const RETURN = new RegExp(`^\\(${PLACE} <- ${PLACE}\\) ret=(-?\\d{1,20})$`);
const FRAME = /^ => (\[unknown\/kretprobe'd\]|[^ <]{1,512}) <([0-9a-f]{8,16})>$/;
const MAX_LINE = 4096;
/** Kernel addresses have their highest bits set (x86-64, arm64). */
const KERNEL_HALF = 0xff00000000000000n;

function place(text: string, address: string): KernelPlace {
  const [, name, offset, size, module] = SYMBOL.exec(text) ?? [];
  const symbol = name === undefined ? null : { name, offset: Number.parseInt(offset ?? '0', 16), size: Number.parseInt(size ?? '0', 16), module: module ?? null };
  return { address: BigInt(`0x${address}`), symbol };
}

/** What lies at an address that is not the kernel's was not read, and what the event shows then is left from earlier ones. */
function readRegisters(frame: string | undefined, text: string): bigint[] | null {
  if (text.includes('(fault)') || (frame !== undefined && BigInt(frame) < KERNEL_HALF)) return null;
  return [...text.matchAll(/=(0x[0-9a-f]+)/g)].map(([, value]) => BigInt(value ?? '0x0'));
}

function readEntry(head: TraceEventHead, of: EntryEvent['of'], name: string, body: string): EntryEvent | null {
  const [, symbol = '', address = '0', returnAddress = '0x0', stackPointer = '0x0', frame, registers = ''] = ENTRY.exec(body) ?? [];
  if (symbol === '') return null;
  return { ...head, type: 'entry', of, name, at: place(symbol, address), returnAddress: BigInt(returnAddress), stackPointer: BigInt(stackPointer), registers: readRegisters(frame, registers) };
}

function readReturn(head: TraceEventHead, of: ReturnEvent['of'], name: string, body: string): ReturnEvent | null {
  const [, symbol = '', address = '0', , , result = '0'] = RETURN.exec(body) ?? [];
  return symbol === '' ? null : { ...head, type: 'return', of, name, to: place(symbol, address), result: BigInt(result) };
}

/**
 * Reads one line of `trace_pipe` (kernel/trace/trace_output.c, options sym-addr and sym-offset): `e_NAME` and `x_NAME` are a
 * syscall's entry and return, `m_N` and `n_N` those of a function of the module. Null for any other line.
 */
export function parseTraceLine(line: string): TraceEvent | null {
  if (line.length > MAX_LINE) return null;
  if (/^CPU:\d+ \[LOST \d+ EVENTS\]$/.test(line)) return { type: 'lost' };
  const frame = FRAME.exec(line);
  if (frame) return { type: 'frame', name: frame[1]?.startsWith('[') ? null : (frame[1] ?? null), address: BigInt(`0x${frame[2] ?? '0'}`) };
  const task = line.slice(0, TASK_WIDTH).trim();
  const pid = /^-(\d{1,10}) /.exec(line.slice(TASK_WIDTH));
  const rest = ` ${line.slice(TASK_WIDTH + 1)}`;
  const head = pid && (HEAD.exec(rest) ?? STACK.exec(rest));
  if (!head) return null;
  const [, seconds, micros, event, body = ''] = head;
  const common = { task, pid: Number(pid[1]), usec: Number(seconds) * 1_000_000 + Number(micros) };
  if (event === undefined) return { ...common, type: 'stack' };
  if (event === 'tracing_mark_write') return { ...common, type: 'marker', text: body };
  const name = event.slice(2);
  switch (event.slice(0, 2)) {
    case 'e_':
      return readEntry(common, 'syscall', name, body);
    case 'x_':
      return readReturn(common, 'syscall', name, body);
    case 'm_':
      return readEntry(common, 'function', name, body);
    case 'n_':
      return readReturn(common, 'function', name, body);
    default:
      return null;
  }
}

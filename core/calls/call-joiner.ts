// SPDX-License-Identifier: MIT
import type { EntryEvent, KernelPlace, ReturnEvent, StackLine } from './trace-line';

/** One syscall as its probes saw it; whose it is, is not known here. */
export interface JoinedCall {
  /** Counts entries. */
  readonly id: number;
  readonly syscall: string;
  readonly task: string;
  readonly pid: number;
  /** Entry; the return when the entry was lost. */
  readonly usec: number;
  readonly durationUsec: number | null;
  /** Null when they could not be read or the entry was lost. */
  readonly registers: readonly bigint[] | null;
  readonly result: bigint | null;
  /** What it returns to, as far as the entry or the return told. */
  readonly caller: KernelPlace;
  /** Number of the watched function that jumped here instead of calling; null for a call. */
  readonly tailOf: string | null;
  /** The call of the same task during which this one was made. */
  readonly parent: { readonly id: number; readonly caller: KernelPlace; readonly tailOf: string | null } | null;
  /** `unfinished`: still in the kernel at the end; `entryOnly`: it must have returned, but that was not recorded. */
  readonly status: 'returned' | 'entryOnly' | 'unfinished';
  readonly entryLost: boolean;
  /** Innermost first, from the probe's own machinery on; empty when it was not taken. */
  readonly stack: readonly StackLine[];
}

interface Frame {
  readonly entry: EntryEvent;
  readonly id: number;
  readonly tail: Frame | null;
  readonly parent: Frame | null;
  readonly stack: StackLine[];
}

const MAX_DEPTH = 256;
const MAX_STACK = 128;
const MAX_TASKS = 4096;

const callerOf = (frame: Frame): KernelPlace => ({ address: frame.entry.returnAddress, symbol: null });

/**
 * Joins entries and returns, task by task, innermost first. A kernel stack grows down, so an entry whose stack pointer is
 * not below an open call's tells that the open one has returned; an entry at the very stack pointer of an open function of
 * the module was jumped to by it.
 */
export class CallJoiner {
  private readonly tasks = new Map<number, Frame[]>();

  /**
   * @param trampoline where functions return to whose return is probed; null when this kernel has no symbol for it
   * @param made the last id that was given before
   */
  constructor(
    private readonly onCall: (call: JoinedCall) => void,
    private readonly trampoline: bigint | null,
    private made = 0,
  ) {}

  entry(event: EntryEvent): void {
    const frames = this.framesOf(event.pid);
    for (let top = frames.at(-1); top && this.isOver(top, event); top = frames.at(-1)) this.dropTop(frames);
    const top = frames.at(-1);
    const tail = event.of === 'syscall' && top?.entry.of === 'function' && top.entry.stackPointer === event.stackPointer ? top : null;
    const parent = frames.findLast(({ entry }) => entry.of === 'syscall') ?? null;
    if (frames.length >= MAX_DEPTH) frames.splice(0, 1).forEach((oldest) => this.finish(oldest, null, 'entryOnly'));
    frames.push({ entry: event, id: event.of === 'syscall' ? ++this.made : 0, tail, parent, stack: [] });
  }

  /** Gives the list that takes the stack of a task's last entry; null when nothing of it is open. */
  stackOf(pid: number): StackLine[] | null {
    const frame = this.tasks.get(pid)?.at(-1);
    return frame?.stack.length === 0 ? frame.stack : null;
  }

  return(event: ReturnEvent): void {
    const frames = this.framesOf(event.pid);
    const at = frames.findLastIndex(({ entry, tail }) => entry.of === event.of && entry.name === event.name && (tail !== null || this.mayReturnTo(entry, event)));
    if (at < 0) {
      if (event.of === 'syscall') this.orphan(event);
      return;
    }
    const frame = frames[at];
    while (frames.length > at + 1) {
      const inner = frames.at(-1);
      if (inner && inner.tail === frame) this.finish(frames.pop() ?? inner, event, 'returned', callerOf(inner));
      else this.dropTop(frames);
    }
    frames.pop();
    if (frame && event.of === 'syscall') this.finish(frame, event, 'returned');
    if (frames.length === 0) this.tasks.delete(event.pid);
  }

  /** Gives out the calls that are still open. */
  end(): void {
    const open = [...this.tasks.values()].flat().sort((one, other) => one.id - other.id);
    this.tasks.clear();
    for (const frame of open) this.finish(frame, null, 'unfinished');
  }

  private framesOf(pid: number): Frame[] {
    const known = this.tasks.get(pid);
    if (known) return known;
    if (this.tasks.size >= MAX_TASKS) {
      const [oldest] = this.tasks.keys();
      if (oldest !== undefined) {
        const frames = this.tasks.get(oldest) ?? [];
        while (frames.length > 0) this.dropTop(frames);
        this.tasks.delete(oldest);
      }
    }
    const frames: Frame[] = [];
    this.tasks.set(pid, frames);
    return frames;
  }

  private isOver(open: Frame, next: EntryEvent): boolean {
    if (open.entry.stackPointer !== next.stackPointer) return open.entry.stackPointer < next.stackPointer;
    return open.entry.of === 'syscall' || next.of === 'function';
  }

  /** An entry that found the trampoline of a return probe is told its true caller by the return only. */
  private mayReturnTo(entry: EntryEvent, event: ReturnEvent): boolean {
    return event.of === 'function' || entry.returnAddress === event.to.address || entry.returnAddress === this.trampoline;
  }

  private dropTop(frames: Frame[]): void {
    const frame = frames.pop();
    if (frame) this.finish(frame, null, 'entryOnly');
  }

  private finish(frame: Frame, end: ReturnEvent | null, status: JoinedCall['status'], caller?: KernelPlace): void {
    const { entry, id, tail, parent, stack } = frame;
    if (entry.of === 'function') return;
    this.onCall({
      id,
      syscall: entry.name,
      task: entry.task,
      pid: entry.pid,
      usec: entry.usec,
      durationUsec: end && Math.max(0, end.usec - entry.usec),
      registers: entry.registers,
      result: end?.result ?? null,
      caller: caller ?? end?.to ?? callerOf(frame),
      tailOf: tail?.entry.name ?? null,
      parent: parent && { id: parent.id, caller: callerOf(parent), tailOf: parent.tail?.entry.name ?? null },
      status,
      entryLost: false,
      stack: stack.slice(0, MAX_STACK),
    });
  }

  private orphan(event: ReturnEvent): void {
    const { name, task, pid, usec, result, to } = event;
    this.onCall({ id: ++this.made, syscall: name, task, pid, usec, durationUsec: null, registers: null, result, caller: to, tailOf: null, parent: null, status: 'returned', entryLost: true, stack: [] });
  }
}

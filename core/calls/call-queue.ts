// SPDX-License-Identifier: MIT
import { errnoName } from '../abi/errno';
import type { SyscallAbi } from '../abi';
import type { Call, Prediction, SourceLine, StackFrame } from '../model';
import type { JoinedCall } from './call-joiner';
import { PredictionMatcher } from './match-predictions';
import { ModuleLayout, type CodePlace, type ModuleCode } from './module-code';
import type { SourceLines } from './source-lines';
import type { EntryEvent, KernelPlace } from './trace-line';

export interface CallQueueOptions {
  readonly abi: SyscallAbi;
  readonly moduleName: string;
  readonly onCall: (call: Call) => void;
  readonly onMarker: (text: string) => void;
}

type Item = { readonly call: JoinedCall } | { readonly marker: string };

/** Where a call was made from. */
interface Site {
  readonly caller: string;
  readonly frames: readonly SourceLine[];
}

/** A session is one file that must stay readable. */
export const MAX_CALLS = 200_000;
const MAX_STACK = 32;
const MAX_SEEN_MARKERS = 1024;
/** No call and no marker for so long: the trace shows nothing any more. */
const SILENCE_LIMIT_MS = 10_000;

/**
 * Holds what was recorded, in order, until it is known where the module lies; then keeps the module's calls, finds their
 * lines and predictions, and gives them out.
 */
export class CallQueue {
  /** Calls of the module whose entry or return is missing. */
  unmatched = 0;
  /** Calls of which it cannot be known any more whether the module made them. */
  unplaced = 0;
  /** Calls of the module beyond the first {@link MAX_CALLS}. */
  surplus = 0;
  private given = 0;
  private readonly items: Item[] = [];
  private matcher = new PredictionMatcher([]);
  private readonly seenMarkers = new Set<string>();
  private readonly waiters = new Map<string, ((came: boolean) => void)[]>();
  private code: ModuleCode | null = null;
  private layout: ModuleLayout | null = null;
  private lines: SourceLines | null = null;
  private watched: readonly string[] = [];
  private complete = false;
  private received = 0;
  private working: Promise<void> | null = null;

  constructor(private readonly options: CallQueueOptions) {}

  /** What the calls to come are compared with, and the session's calls before them. */
  expect(predictions: readonly Prediction[], earlier: readonly Call[]): void {
    this.matcher = new PredictionMatcher(predictions, earlier);
    this.given = earlier.length;
  }

  setCode(code: ModuleCode, lines: SourceLines, watched: readonly string[]): void {
    this.code = code;
    this.lines = lines;
    this.watched = watched;
    this.layout = new ModuleLayout(code, this.options.moduleName);
  }

  functionName(number: string): string {
    return this.watched[Number(number)] ?? number;
  }

  push(call: JoinedCall): void {
    this.received++;
    this.items.push({ call });
    this.wake();
  }

  pushMarker(marker: string): void {
    this.received++;
    this.items.push({ marker });
    this.wake();
  }

  /** A watched function's address tells where its section lies. */
  functionEntered({ name, at }: EntryEvent): void {
    const place = this.code?.function(this.functionName(name));
    if (!place || !at.symbol) return;
    this.layout?.addBase(place.section, at.address - BigInt(at.symbol.offset) - BigInt(place.offset));
  }

  /** Nothing more will be known of where the module lies. */
  located(sections: string): void {
    this.layout?.addSections(sections);
    this.complete = true;
    this.wake();
  }

  /** Waits for a marker as long as something arrives; false when it did not come. */
  arrived(marker: string): Promise<boolean> {
    if (this.seenMarkers.has(marker)) return Promise.resolve(true);
    return new Promise((resolve) => {
      let before = this.received;
      const limit = setInterval(() => {
        if (this.received === before) done(false);
        before = this.received;
      }, SILENCE_LIMIT_MS);
      const done = (came: boolean): void => {
        clearInterval(limit);
        resolve(came);
      };
      this.waiters.set(marker, [...(this.waiters.get(marker) ?? []), done]);
    });
  }

  /** No marker will come any more. */
  abandon(): void {
    this.complete = true;
    this.wake();
    const waiting = [...this.waiters.values()].flat();
    this.waiters.clear();
    for (const done of waiting) done(false);
  }

  /** Gives everything out that is still held. */
  async end(): Promise<void> {
    this.complete = true;
    this.wake();
    await this.working;
  }

  private wake(): void {
    this.working ??= this.work().finally(() => {
      this.working = null;
      if (this.items.length > 0 && this.ready(this.items[0])) this.wake();
    });
  }

  private async work(): Promise<void> {
    await Promise.resolve();
    let at = 0;
    for (; at < this.items.length; at++) {
      const item = this.items[at];
      if (!item || !this.ready(item)) break;
      if ('marker' in item) this.passMarker(item.marker);
      else await this.give(item.call);
    }
    this.items.splice(0, at);
  }

  private ready(item: Item | undefined): boolean {
    return item !== undefined && ('marker' in item || this.complete || this.isPlaced(item.call.caller) || item.call.tailOf !== null);
  }

  private isPlaced(caller: KernelPlace): boolean {
    return this.locate(caller) !== null;
  }

  private locate({ address, symbol }: KernelPlace): CodePlace | null {
    return this.layout?.locate(address, symbol) ?? null;
  }

  private passMarker(marker: string): void {
    if (this.seenMarkers.size < MAX_SEEN_MARKERS) this.seenMarkers.add(marker);
    this.options.onMarker(marker);
    for (const done of this.waiters.get(marker) ?? []) done(true);
    this.waiters.delete(marker);
  }

  private async give(call: JoinedCall): Promise<void> {
    const site = await this.siteOf(call);
    if (!site) return;
    if (this.given >= MAX_CALLS) {
      this.surplus++;
      return;
    }
    this.given++;
    if (call.entryLost || call.status === 'entryOnly') this.unmatched++;
    this.options.onCall(this.toCall(call, site, await this.stackOf(call)));
  }

  private async siteOf(call: JoinedCall): Promise<Site | null> {
    if (call.tailOf !== null) return await this.tailSite(call.tailOf);
    const place = this.locate(call.caller);
    if (!place) {
      const { symbol } = call.caller;
      if (call.status === 'returned' && (symbol === null || symbol.module === this.options.moduleName)) this.unplaced++;
      return null;
    }
    // The return address is that of the next instruction, which may belong to another line.
    const frames = (await this.lines?.at({ section: place.section, offset: place.offset - 1 })) ?? [];
    return { caller: this.code?.describe(place) ?? `${place.section}+0x${place.offset.toString(16)}`, frames };
  }

  /** With several jumps in one function it is not known which one was taken. */
  private async tailSite(number: string): Promise<Site> {
    const symbol = this.functionName(number);
    const jumps = this.code?.tailJumpers.find((jumper) => jumper.symbol === symbol)?.jumps ?? [];
    const [only] = jumps;
    if (!only || jumps.length > 1) return { caller: symbol, frames: [] };
    return { caller: this.code?.describe(only) ?? symbol, frames: (await this.lines?.at(only)) ?? [] };
  }

  /** Begins with the function that called the syscall's entry. */
  private async stackOf(call: JoinedCall): Promise<StackFrame[]> {
    const entry = `sys_${this.options.abi.byName(call.syscall)?.entry ?? call.syscall}`;
    const at = call.stack.findIndex(({ name }) => name?.endsWith(entry));
    const stack: StackFrame[] = [];
    for (const { name, address } of at < 0 ? [] : call.stack.slice(at + 1, at + 1 + MAX_STACK)) {
      const place = this.locate({ address, symbol: null });
      const [source = null] = place ? ((await this.lines?.at({ section: place.section, offset: place.offset - 1 })) ?? []) : [];
      stack.push({ function: (place && this.code?.describe(place)) ?? name ?? '?', source });
    }
    return stack;
  }

  private toCall(call: JoinedCall, { caller, frames }: Site, stack: StackFrame[]): Call {
    const { abi } = this.options;
    const { prediction, source } = this.matcher.match(call.syscall, caller, frames);
    const result = call.result === null ? null : Number(call.result);
    const fits = result !== null && Number.isSafeInteger(result);
    const parent = call.parent && (call.parent.tailOf !== null || this.isPlaced(call.parent.caller)) ? call.parent.id : null;
    return {
      id: `call-${call.id}`,
      parentId: parent === null ? null : `call-${parent}`,
      syscall: call.syscall,
      nr: abi.byName(call.syscall)?.number ?? null,
      registers: call.registers?.length === abi.registers.length ? call.registers.map((value, index) => ({ name: abi.registers[index] ?? `a${index}`, value: `0x${value.toString(16)}` })) : null,
      result: fits ? result : null,
      unknownBecause: unknownBecause(call, fits),
      errno: fits ? errnoName(result) : null,
      source,
      caller,
      task: call.task,
      pid: call.pid,
      usec: call.usec,
      durationUsec: call.durationUsec,
      status: call.status,
      evidence: 'probe',
      predictionId: prediction?.id ?? null,
      recordSeq: null,
      action: null,
      ...(stack.length > 0 ? { stack } : {}),
    };
  }
}

function unknownBecause(call: JoinedCall, fits: boolean): string | null {
  if (call.status === 'unfinished') return 'It has not returned.';
  if (call.status === 'entryOnly') return 'Its return was lost.';
  if (!fits) return `It returned 0x${BigInt.asUintN(64, call.result ?? 0n).toString(16)}, which is no small number.`;
  if (call.entryLost) return 'Its entry was lost, so its arguments are not known.';
  return call.registers === null ? 'Its register block could not be read.' : null;
}

// SPDX-License-Identifier: MIT
import type { AbiFunction, AbiSyscall, SyscallAbi } from '../../../../core/abi';
import type { CallExpression, FunctionDefinition } from '../syntax/ast';
import type { Span } from '../syntax/source';
import type { Forecast } from './forecast';
import type { Lookup, MemoryObject, Origin } from './objects';
import type { FunctionPlace } from './unit';
import type { Value } from './values';

/** A kernel address inside of what an argument points to, where the kernel takes it for one of user space. */
export interface InnerAddress {
  /** `struct iovec` and, of that, `iov_base`. */
  readonly what: string;
  readonly field: string;
  readonly silent: boolean;
  readonly origin: Origin;
  readonly stored: Span | null;
}

/** One argument of a call, as one path brings it. */
export interface CallArgument {
  readonly value: Value;
  /** The expression that brought it: stored to the register, or given to the helper that stored it. */
  readonly broughtBy: Span | null;
  readonly origin: Origin;
  /** The expression that was stored to the register, as far as it is one. */
  readonly stored?: Span;
  /** The registers' variable, where nothing was ever stored to this argument's register. */
  readonly neverSetIn?: MemoryObject;
  /** Kernel addresses inside of what the argument points to, where the kernel takes them for addresses of user space. */
  readonly inner?: readonly InnerAddress[];
}

/** One path's arrival at a call. */
export interface Visit {
  readonly aside: boolean;
  /** The path may not exist: it took one condition both ways. */
  readonly doubtful: boolean;
  readonly kernelAddressesAllowed: boolean | null;
  readonly arguments: readonly CallArgument[];
  readonly forecast: Forecast;
  /** Only for calls with registers. */
  readonly registers?: RegisterStores;
}

/** The stores to single argument registers of one call. */
export interface RegisterStores {
  readonly read: Span[];
  readonly unread: { readonly register: string; readonly stored: Span; readonly object: MemoryObject }[];
}

/** A printk of a call's result. */
export interface ResultReport {
  readonly site: Span;
  readonly format: string;
  /** Which of the format's conversions prints it. */
  readonly conversion: number;
}

export type UsedConvention = 'regs' | 'direct' | 'either';

/** A call in the syntax tree, and the function that the kernel calls to get there. */
export interface CallCode {
  readonly place: FunctionPlace;
  readonly expression: CallExpression;
  readonly entry: FunctionDefinition;
}

/** One call of a syscall entry (or of something that takes user pointers as one does), reached through one chain of calls. The same object where the runs that came there are. */
export interface RecordedCall {
  readonly key: string;
  /** Null when the analysis cannot tell which. */
  readonly syscall: AbiSyscall | null;
  /** What is called: the syscall, or a function of the kernel that takes user pointers as one does. */
  readonly callee: AbiFunction | null;
  readonly site: Span;
  readonly caller: string;
  /** The call expression itself. */
  readonly expression: Span;
  readonly code: CallCode;
  /** How the code hands over the arguments. */
  readonly used: UsedConvention;
  /** How the entry takes them on the target. */
  readonly takes: 'regs' | 'direct';
  /** The name that the entry was found by; null for one of the table, whose convention the target decides. */
  readonly symbol: string | null;
  /** The syscalls and registers that the entry is of. */
  readonly abi: SyscallAbi;
  /** Reached from init, exit or a handler, not only as code that nobody calls. */
  readonly reachable: boolean;
  readonly visits: readonly Visit[];
  readonly report: { readonly report: ResultReport; readonly aside: boolean } | null;
}

/** The result of a lookup that found nothing is followed as an address. */
export interface UncheckedUse {
  readonly lookup: Lookup;
  readonly place: Span;
  readonly how: 'called' | 'read' | 'written';
}

/** A store to an entry of the system call table. */
export interface TableWrite {
  readonly place: Span;
  /** Null where it is not known which entry. */
  readonly syscall: AbiSyscall | null;
  readonly value: Value;
}

/** Collects what the paths of one entry point do. */
export class Recorder {
  private readonly calls = new Map<string, RecordedCall>();
  /** The visits of those calls that were made here, and so can grow in place. */
  private readonly own = new Map<string, Visit[]>();
  /** Of calls that were not noted here: by who called the one that prints their results, as it may be. */
  private readonly otherReports: { readonly key: string; readonly report: ResultReport; readonly aside: boolean }[] = [];
  readonly tableWrites: TableWrite[] = [];
  /** Stores to registers that the module's own code reads, or functions which are not seen may read. */
  readonly readElsewhere: Span[] = [];
  private readonly uses = new Map<string, UncheckedUse>();
  /** Functions that some path ran. */
  readonly visitedFunctions = new Set<unknown>();

  visit(call: Omit<RecordedCall, 'visits' | 'report'>, visit: Visit): void {
    const { key } = call;
    const known = this.calls.get(key);
    const own = this.own.get(key);
    if (own && known?.callee === call.callee) own.push(visit);
    else {
      const visits = [...(known?.visits ?? []), visit];
      this.own.set(key, visits);
      this.calls.set(key, known ? { ...known, ...(known.callee === call.callee ? {} : { syscall: null, callee: null }), visits } : { ...call, visits, report: null });
    }
  }

  report(key: string, report: ResultReport, aside: boolean): void {
    const call = this.calls.get(key);
    if (!call) this.otherReports.push({ key, report, aside });
    else if (!call.report || (call.report.aside && !aside)) this.calls.set(key, { ...call, report: { report, aside } });
  }

  tableWrite(write: TableWrite): void {
    this.tableWrites.push(write);
  }

  /** The first place where a lookup's failure shows. */
  uncheckedUse(use: UncheckedUse): void {
    if (!this.uses.has(use.lookup.key)) this.uses.set(use.lookup.key, use);
  }

  /** Notes everything that another one has noted. */
  repeat(other: Recorder): void {
    for (const call of other.calls.values()) this.repeatCall(call);
    this.repeatRest(other);
  }

  /** Notes everything that was noted of a call within the same run. */
  repeatWithin(call: Recorder): void {
    this.repeat(call);
    for (const { key, report, aside } of call.otherReports) this.report(key, report, aside);
  }

  /** Notes what another one has noted, except of calls that have been noted. */
  supplement(other: Recorder): void {
    const known = new Set(this.calls.keys());
    for (const call of other.calls.values()) if (!known.has(call.key)) this.repeatCall(call);
    this.repeatRest(other);
  }

  private repeatCall(call: RecordedCall): void {
    if (!this.calls.has(call.key)) {
      this.calls.set(call.key, call);
      return;
    }
    for (const visit of call.visits) this.visit(call, visit);
    if (call.report) this.report(call.key, call.report.report, call.report.aside);
  }

  private repeatRest(other: Recorder): void {
    for (const write of other.tableWrites) this.tableWrite(write);
    for (const use of other.uses.values()) this.uncheckedUse(use);
    for (const span of other.readElsewhere) this.readElsewhere.push(span);
    for (const definition of other.visitedFunctions) this.visitedFunctions.add(definition);
  }

  get uncheckedUses(): readonly UncheckedUse[] {
    return [...this.uses.values()];
  }

  get all(): readonly RecordedCall[] {
    return [...this.calls.values()];
  }
}

// SPDX-License-Identifier: MIT
import type { FunctionDefinition } from '../syntax/ast';
import { holds, type Cost } from '../syntax/allowance';
import { CallRuns, type CallRun } from './call-runs';
import type { EntryPoint, EntryRole } from './entries';
import type { BufferRole } from './handlers';
import type { StoreLog } from './globals';
import type { Contents, Memory, Reads } from './memory';
import type { Interpreter } from './interpreter';
import { concerns, type Agreed, type Changes, type Program } from './program';
import type { Recorder } from './recorder';
import { sameThroughout } from './same';
import type { GlobalVariable } from './unit';

/** One run of an entry point: what it rested on, and what it did. */
export interface EntryRun extends Agreed {
  readonly role: EntryRole;
  readonly buffer: BufferRole | null;
  readonly inKernelThread: boolean;
  readonly hooked: EntryPoint['hooked'];
  readonly reachable: boolean;
  /** Without keeping paths apart. */
  readonly joinsAll: boolean;
  readonly steps: Cost;
  /** It ended because it had done the steps that it may do. */
  readonly isCut: boolean;
  readonly reads: Reads;
  readonly counts: ReadonlyMap<string, number | undefined>;
  readonly recorder: Recorder;
  readonly stores: StoreLog;
  /** The calls that it made of the module's own functions. */
  readonly calls: ReadonlyMap<string, readonly CallRun[]>;
}

/** What an initializer gave a variable, which rested on the program's answers alone. */
interface InitialContents extends Agreed {
  readonly contents: Contents;
  /** Elements of the array, where they say so. */
  readonly count: number | undefined;
  readonly steps: number;
}

/** Runs of one function that are remembered; contents of one object that are. */
const MAX_VARIANTS = 4;

const NO_RUNS: readonly EntryRun[] = [];

/** Whether a run was one of the function in the same role. */
function isAlike(run: EntryRun, { reachable }: Interpreter, { role, buffer, inKernelThread = false, hooked }: EntryPoint, joinsAll: boolean): boolean {
  return run.role === role && run.buffer?.struct === buffer?.struct && run.buffer?.field === buffer?.field && run.inKernelThread === inKernelThread && run.hooked === hooked && run.reachable === reachable && run.joinsAll === joinsAll;
}

/** What is remembered of a program's runs from one edit to the next. */
export class RunMemory {
  private readonly runs = new WeakMap<FunctionDefinition, readonly EntryRun[]>();
  private readonly initial = new WeakMap<GlobalVariable, InitialContents>();
  private contents = new Map<string, Contents[]>();
  private before = new Map<string, Contents[]>();
  private program: Program | null = null;
  /** The program before this one, and what changed since. */
  private earlier: { readonly program: Program; readonly changes: Changes } | null = null;

  /** The program is run anew; what neither this run nor the last one finds in memory is forgotten. */
  begin(program: Program): void {
    this.before = this.contents;
    this.contents = new Map();
    this.earlier = this.program && { program: this.program, changes: program.changesSince(this.program) };
    this.program = program;
  }

  /** An earlier run that would come out the same now. */
  find(machine: Interpreter, entry: EntryPoint, memory: Memory, joinsAll: boolean): EntryRun | undefined {
    const share = machine.shareOf(joinsAll);
    for (const run of this.runs.get(entry.definition) ?? NO_RUNS) {
      if (isAlike(run, machine, entry, joinsAll) && holds(run.steps, share) && this.agrees(machine.program, run) && memory.agrees(run.reads) && machine.elementCounts.agrees(run.counts)) return run;
    }
    return undefined;
  }

  /** The calls of an entry point's functions, as far as they would come out the same as in its earlier runs. */
  callsOf(machine: Interpreter, entry: EntryPoint, joinsAll: boolean): CallRuns {
    const alike = (this.runs.get(entry.definition) ?? NO_RUNS).filter((run) => isAlike(run, machine, entry, joinsAll));
    return new CallRuns(machine, alike.map(({ calls }) => calls), (program, run) => this.agrees(program, run));
  }

  /** Whether the program answers what the run asked as it did then. */
  private agrees(program: Program, run: Agreed): boolean {
    if (run.agreedWith === program.identity) return true;
    const agreesOnNames = run.agreedWith === this.earlier?.program.identity && this.program === program ? !concerns(this.earlier.changes, run.asked) : program.agrees(run.asked);
    const agrees = agreesOnNames && program.agreesOnFields(run.asked);
    if (agrees) run.agreedWith = program.identity;
    return agrees;
  }

  keep(definition: FunctionDefinition, run: EntryRun): void {
    this.runs.set(definition, [run, ...(this.runs.get(definition) ?? [])].slice(0, MAX_VARIANTS));
  }

  /** What a variable's initializer gives it, where that is known. */
  initialOf(global: GlobalVariable): InitialContents | undefined {
    const known = this.initial.get(global);
    return known && this.program && this.agrees(this.program, known) ? known : undefined;
  }

  keepInitial(global: GlobalVariable, contents: InitialContents): void {
    this.initial.set(global, contents);
  }

  /** The same contents as the same object, so that they can be compared at a glance. */
  canonical(id: string, contents: Contents): Contents {
    const known = this.contents.get(id) ?? this.before.get(id) ?? [];
    const same = known.find((other) => sameThroughout(other, contents));
    this.contents.set(id, same ? known : [contents, ...known].slice(0, MAX_VARIANTS));
    return same ?? contents;
  }
}

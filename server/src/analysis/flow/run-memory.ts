// SPDX-License-Identifier: MIT
import type { FunctionDefinition } from '../syntax/ast';
import { holds, type Cost } from '../syntax/allowance';
import type { EntryPoint, EntryRole } from './entries';
import type { BufferRole } from './handlers';
import type { StoreLog } from './globals';
import type { Contents, Memory, Reads } from './memory';
import type { Interpreter } from './interpreter';
import { concerns, type Asked, type Changes, type Program } from './program';
import type { Recorder } from './recorder';
import { sameThroughout } from './same';

/** One run of an entry point: what it rested on, and what it did. */
export interface EntryRun {
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
  readonly asked: Asked;
  readonly reads: Reads;
  readonly counts: ReadonlyMap<string, number | undefined>;
  readonly recorder: Recorder;
  readonly stores: StoreLog;
  /** The program that last gave the same answers. */
  agreedWith: Program;
}

/** Runs of one function that are remembered; contents of one object that are. */
const MAX_VARIANTS = 4;

/** What is remembered of a program's runs from one edit to the next. */
export class RunMemory {
  private readonly runs = new WeakMap<FunctionDefinition, readonly EntryRun[]>();
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
  find(machine: Interpreter, { definition, role, buffer, inKernelThread = false, hooked }: EntryPoint, memory: Memory, joinsAll: boolean): EntryRun | undefined {
    return this.runs.get(definition)?.find((run) => {
      const isCalledAlike = run.role === role && run.buffer?.struct === buffer?.struct && run.buffer?.field === buffer?.field && run.inKernelThread === inKernelThread && run.hooked === hooked;
      const isSame = isCalledAlike && run.reachable === machine.reachable && run.joinsAll === joinsAll && holds(run.steps, machine.shareOf(joinsAll));
      return isSame && this.agrees(machine.program, run) && memory.agrees(run.reads) && machine.elementCounts.agrees(run.counts);
    });
  }

  /** Whether the program answers what the run asked as it did then. */
  private agrees(program: Program, run: EntryRun): boolean {
    if (run.agreedWith === program) return true;
    const agrees = run.agreedWith === this.earlier?.program && this.program === program ? !concerns(this.earlier.changes, run.asked) : program.agrees(run.asked);
    if (agrees) run.agreedWith = program;
    return agrees;
  }

  keep(definition: FunctionDefinition, run: EntryRun): void {
    this.runs.set(definition, [run, ...(this.runs.get(definition) ?? [])].slice(0, MAX_VARIANTS));
  }

  /** The same contents as the same object, so that they can be compared at a glance. */
  canonical(id: string, contents: Contents): Contents {
    const known = this.contents.get(id) ?? this.before.get(id) ?? [];
    const same = known.find((other) => sameThroughout(other, contents));
    this.contents.set(id, same ? known : [contents, ...known].slice(0, MAX_VARIANTS));
    return same ?? contents;
  }
}

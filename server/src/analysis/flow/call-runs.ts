// SPDX-License-Identifier: MIT
import type { FunctionDefinition } from '../syntax/ast';
import type { ElementCounts } from './element-counts';
import type { Frame, Outcome } from './frame';
import { StoreLog, type NotesStores } from './globals';
import type { Agreed, Program } from './program';
import { Recorder } from './recorder';
import { sameThroughout } from './same';
import type { State, StateChange, StateUse } from './state';
import type { Value } from './values';

/** One call of a module's own function from an entry point: what it rested on, and what it did. */
export interface CallRun extends Agreed {
  readonly definition: FunctionDefinition;
  /** What its parameters and its variable arguments were. */
  readonly given: readonly Value[];
  readonly use: StateUse;
  readonly counts: ReturnType<ElementCounts['leave']>;
  /** Lookups that it asked about, with the answers, in order. */
  readonly followed: readonly Followed[];
  readonly steps: number;
  readonly recorder: Recorder;
  readonly stores: StoreLog;
  readonly outcomes: readonly { readonly change: StateChange; readonly value: Value }[];
}

export interface Followed {
  readonly key: string;
  readonly answer: boolean;
}

/** Calls through one place that are remembered: rounds of a loop bring different ones. */
const MAX_VARIANTS = 6;

/** What a run of an entry point works with, as far as its calls share it. */
export interface CallMachine {
  readonly program: Program;
  recorder: Recorder;
  globals: NotesStores;
  readonly elementCounts: ElementCounts;
  /** Steps that the run may still do. */
  steps: number;
  /** Where it is noted which lookups were asked about; null where nobody wants to know. */
  followed: Followed[] | null;
  /** Whether the same questions about lookups have the same answers. */
  agreesOn(followed: readonly Followed[]): boolean;
  repeatFollowed(followed: readonly Followed[]): void;
}

/** The calls that one run of an entry point makes, each taken from an earlier run where it would come out the same. */
export class CallRuns {
  /** Those that this run made or took over, by the frame's id. */
  readonly made = new Map<string, CallRun[]>();

  constructor(
    private readonly machine: CallMachine,
    private readonly known: readonly ReadonlyMap<string, readonly CallRun[]>[],
    private readonly agrees: (program: Program, run: CallRun) => boolean,
  ) {}

  /** @param run the body, from the state in which the parameters are bound */
  run(frame: Frame, given: readonly Value[], state: State, run: () => Outcome[]): Outcome[] {
    if (frame.depth !== 1 || frame.definition.isNested) return run();
    const known = this.find(frame, given, state);
    if (known) {
      this.note(frame.id, known);
      return this.repeat(known, state);
    }
    return this.runAnew(frame, given, state, run);
  }

  private find(frame: Frame, given: readonly Value[], state: State): CallRun | undefined {
    const { machine } = this;
    for (const runs of this.known) {
      const found = runs.get(frame.id)?.find((run) => run.definition === frame.definition && run.steps < machine.steps && sameThroughout(run.given, given) && state.agrees(run.use) && this.agrees(machine.program, run) && machine.elementCounts.agreesNow(run.counts) && machine.agreesOn(run.followed));
      if (found) return found;
    }
    return undefined;
  }

  private repeat(run: CallRun, state: State): Outcome[] {
    const { machine } = this;
    machine.steps -= run.steps;
    machine.program.repeatAsked(run.asked);
    machine.elementCounts.repeat(run.counts);
    machine.repeatFollowed(run.followed);
    machine.recorder.repeatWithin(run.recorder);
    run.stores.repeatTo(machine.globals);
    return run.outcomes.map(({ change, value }) => ({ state: state.after(change, run.use), value }));
  }

  private runAnew(frame: Frame, given: readonly Value[], state: State, run: () => Outcome[]): Outcome[] {
    const { machine } = this;
    const { recorder, globals, steps } = machine;
    const own = { recorder: new Recorder(), stores: new StoreLog(), followed: new Array<Followed>() };
    machine.recorder = own.recorder;
    machine.globals = own.stores;
    machine.followed = own.followed;
    const outerAsked = machine.program.enterAsked();
    machine.elementCounts.enter();
    const entered = state.enter();
    const outcomes = run();
    const use = state.leave(entered, `${frame.id} parameter `);
    const counts = machine.elementCounts.leave();
    const asked = machine.program.leaveAsked(outerAsked);
    machine.recorder = recorder;
    machine.globals = globals;
    machine.followed = null;
    recorder.repeatWithin(own.recorder);
    own.stores.repeatTo(globals);
    const changes = use && machine.steps >= 0 ? outcomes.map((outcome) => ({ change: outcome.state.changeSince(entered.before, frame.locals), value: outcome.value })) : [];
    if (use && machine.steps >= 0) this.note(frame.id, { definition: frame.definition, given, use, asked, counts, followed: own.followed, steps: steps - machine.steps, recorder: own.recorder, stores: own.stores, outcomes: changes, agreedWith: machine.program.identity });
    return outcomes;
  }

  private note(id: string, run: CallRun): void {
    const runs = this.made.get(id) ?? [];
    if (!runs.includes(run)) this.made.set(id, [run, ...runs].slice(0, MAX_VARIANTS));
  }
}

// SPDX-License-Identifier: MIT
import type { Located } from '../syntax/ast';
import { Calls } from './calls';
import { Evaluator } from './evaluator';
import { Executor } from './executor';
import type { Frame, Outcome } from './frame';
import { ElementCounts } from './element-counts';
import { GlobalStores, type NotesStores } from './globals';
import type { Evaluates, Executes, Machine, Performs } from './machine';
import type { Lookup } from './objects';
import type { Program } from './program';
import type { Recorder, UncheckedUse } from './recorder';

/** Steps of one run; beyond it everything is unknown. */
const MAX_STEPS = 150_000;

/** Lookups of one entry point that are followed to what happens when they find nothing. */
const MAX_LOOKUPS = 8;

/** Puts the parts together. */
export class Interpreter implements Machine {
  readonly evaluator: Evaluates = new Evaluator(this);
  readonly executor: Executes = new Executor(this);
  readonly calls: Performs = new Calls(this);
  /** What the entry points that ran so far stored. */
  readonly allStores = new GlobalStores();
  globals: NotesStores = this.allStores;
  readonly elementCounts = new ElementCounts();
  reachable = true;
  /** Steps that may still be done. */
  steps = MAX_STEPS;
  private readonly lookups = new Set<string>();

  constructor(
    readonly program: Program,
    public recorder: Recorder,
  ) {}

  step(): boolean {
    return --this.steps >= 0;
  }

  followsFailure({ key }: Lookup): boolean {
    if (this.lookups.size < MAX_LOOKUPS) this.lookups.add(key);
    return this.lookups.has(key);
  }

  endsAt({ value, state }: Outcome, written: Located, how: UncheckedUse['how'], frame: Frame): boolean {
    if (!value.missing) return false;
    if (!state.doubtful) this.recorder.uncheckedUse({ lookup: value.missing, place: frame.unit.spanOf(written), how });
    return true;
  }

  /** Another entry point begins. */
  begin(): void {
    this.elementCounts.begin();
    this.lookups.clear();
  }

  get exhausted(): boolean {
    return this.steps < 0;
  }
}

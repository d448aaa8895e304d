// SPDX-License-Identifier: MIT
import type { Cost } from '../syntax/allowance';
import type { Located } from '../syntax/ast';
import type { CallMachine, CallRuns, Followed } from './call-runs';
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

/** Steps of all runs of a program's entry points. */
const MAX_STEPS = 150_000;
/** What one entry point leaves for what comes after it. */
const RESERVE = 75_000;
/** Once no more than that is left, a run may do one of so many parts of it; one that keeps no paths apart gets further with them. */
const PARTS = 8;
const PARTS_JOINED = 3;

/** Lookups of one entry point that are followed to what happens when they find nothing. */
const MAX_LOOKUPS = 8;

/** Puts the parts together. */
export class Interpreter implements Machine, CallMachine {
  readonly evaluator: Evaluates = new Evaluator(this);
  readonly executor: Executes = new Executor(this);
  readonly calls: Performs = new Calls(this);
  /** What the entry points that ran so far stored. */
  readonly allStores = new GlobalStores();
  globals: NotesStores = this.allStores;
  readonly elementCounts = new ElementCounts();
  reachable = true;
  joinsAll = false;
  /** Steps that all runs together may still do. */
  private left = MAX_STEPS;
  /** Steps of them that this run may still do; beyond it everything is unknown. */
  steps = MAX_STEPS;
  private allowed = MAX_STEPS;
  private readonly lookups = new Set<string>();
  followed: Followed[] | null = null;
  /** The calls of the run; null outside of one. */
  callRuns: CallRuns | null = null;

  constructor(
    readonly program: Program,
    public recorder: Recorder,
  ) {}

  step(): boolean {
    return --this.steps >= 0;
  }

  followsFailure({ key }: Lookup): boolean {
    if (this.joinsAll) return false;
    const answer = follows(this.lookups, key);
    this.followed?.push({ key, answer });
    return answer;
  }

  agreesOn(followed: readonly Followed[]): boolean {
    if (followed.length === 0) return true;
    const lookups = new Set(this.lookups);
    return followed.every(({ key, answer }) => follows(lookups, key) === answer);
  }

  repeatFollowed(followed: readonly Followed[]): void {
    for (const { key } of followed) follows(this.lookups, key);
  }

  endsAt({ value, state }: Outcome, written: Located, how: UncheckedUse['how'], frame: Frame): boolean {
    if (!value.missing) return false;
    if (!state.doubtful) this.recorder.uncheckedUse({ lookup: value.missing, place: frame.unit.spanOf(written), how });
    return true;
  }

  /** Steps that the next run may do: never all that are left, so that each entry point is looked at. */
  shareOf(joinsAll: boolean): number {
    return joinsAll ? Math.floor(this.left / PARTS_JOINED) : Math.max(this.left - RESERVE, Math.floor(this.left / PARTS));
  }

  /** Another entry point begins; `joinsAll`: no paths are kept apart. */
  begin(joinsAll: boolean): void {
    this.joinsAll = joinsAll;
    this.allowed = this.shareOf(joinsAll);
    this.steps = this.allowed;
    this.elementCounts.begin();
    this.lookups.clear();
  }

  /** What has run since the beginning is done. */
  end(): Cost {
    const cost = { used: this.allowed - Math.max(this.steps, 0), allowed: this.allowed };
    this.spend(cost);
    return cost;
  }

  /** Counts work that was done earlier, and counts the same now. */
  spend({ used }: Cost): void {
    this.left -= used;
  }

  /** So little is left that more runs of what has run once would not come as far. */
  get isShort(): boolean {
    return this.left < RESERVE / PARTS;
  }

  get exhausted(): boolean {
    return this.steps < 0;
  }
}

/** Whether a lookup is one of the first that were met, or now becomes one. */
function follows(lookups: Set<string>, key: string): boolean {
  if (lookups.size < MAX_LOOKUPS) lookups.add(key);
  return lookups.has(key);
}

// SPDX-License-Identifier: MIT
import { Calls } from './calls';
import { Evaluator } from './evaluator';
import { Executor } from './executor';
import { GlobalStores } from './globals';
import type { Evaluates, Executes, Machine, Performs } from './machine';
import type { Program } from './program';
import type { Recorder } from './recorder';

/** Steps of one run; beyond it everything is unknown. */
const MAX_STEPS = 150_000;

/** Puts the parts together. */
export class Interpreter implements Machine {
  readonly evaluator: Evaluates = new Evaluator(this);
  readonly executor: Executes = new Executor(this);
  readonly calls: Performs = new Calls(this);
  readonly globals = new GlobalStores();
  readonly elementCounts = new Map<string, number>();
  reachable = true;
  private steps = 0;

  constructor(
    readonly program: Program,
    public recorder: Recorder,
  ) {}

  step(): boolean {
    return ++this.steps <= MAX_STEPS;
  }

  get exhausted(): boolean {
    return this.steps > MAX_STEPS;
  }
}

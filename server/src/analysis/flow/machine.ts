// SPDX-License-Identifier: MIT
import type { AbiSyscall } from '../../../../core/abi';
import type { CallExpression, CType, Declarator, Expression, Located, Statement } from '../syntax/ast';
import type { Span } from '../syntax/source';
import type { CallRuns } from './call-runs';
import type { Frame, Outcome } from './frame';
import type { ElementCounts } from './element-counts';
import type { NotesStores } from './globals';
import type { Lookup, MemoryObject, Target } from './objects';
import type { Program } from './program';
import type { Recorder, UncheckedUse } from './recorder';
import type { State } from './state';
import type { FunctionPlace } from './unit';
import type { Value } from './values';

/** An argument with the expression that gives it. */
export interface Argument {
  readonly value: Value;
  readonly span: Span;
  readonly expression: Expression;
}

/** A location: `targets` null when it is not known which. */
export interface Place {
  readonly state: State;
  readonly targets: readonly Target[] | null;
  /** It is an entry of the system call table; null where it is not known which. */
  readonly entry?: AbiSyscall | null;
}

/** The paths on which a condition holds, and those on which it does not. */
export interface Branches {
  readonly yes: State[];
  readonly no: State[];
}

/** Gives expressions their values, path by path. States are changed in place; the outcomes say which go on. */
export interface Evaluates {
  evaluate(expression: Expression, state: State, frame: Frame): Outcome[];
  /** Where an lvalue lies. */
  locate(expression: Expression, state: State, frame: Frame): Place[];
  /** The value at a place: arrays become pointers, structures aggregates. */
  load(targets: readonly Target[] | null, state: State): Value;
  /** Stores to a place, converted to its type; what is stored is returned. */
  store(place: Place, value: Value, stored: Span | null): Value;
  /** Starts an object's part from its initializer. */
  initialize(object: MemoryObject, path: string, type: CType, initializer: Expression, state: State, frame: Frame): State[];
  /** A variable comes into being. */
  declare(declarator: Declarator, state: State, frame: Frame): State[];
}

/** Runs statements on all paths that reach them; what is returned goes on behind them. */
export interface Executes {
  run(statement: Statement, states: State[], frame: Frame): State[];
  runBody(frame: Frame, start: State): Outcome[];
  statementExpression(body: Statement, state: State, frame: Frame): Outcome[];
  evaluateAll(expression: Expression, states: readonly State[], frame: Frame): Outcome[];
  branchAll(condition: Expression, states: readonly State[], frame: Frame): Branches;
}

export interface Performs {
  call(expression: CallExpression, state: State, frame: Frame): Outcome[];
  /** Runs a function of the module on the arguments. */
  inline(place: FunctionPlace, expression: CallExpression, list: readonly Argument[], state: State, frame: Frame): Outcome[];
  /** Gives a parameter its value. */
  bind(frame: Frame, name: string, type: CType, value: Value, state: State): void;
}

/** The parts that run a program together, and what they share. */
export interface Machine {
  readonly program: Program;
  readonly recorder: Recorder;
  readonly evaluator: Evaluates;
  readonly executor: Executes;
  readonly calls: Performs;
  readonly globals: NotesStores;
  /** Elements of arrays whose size their initializer gives, by object. */
  readonly elementCounts: ElementCounts;
  /** The code that runs is reached from init, exit or a handler. */
  readonly reachable: boolean;
  /** The calls of the entry point that runs; null where none does. */
  readonly callRuns: CallRuns | null;
  /** Whether a path is followed on which this lookup finds nothing: only so many are, as each costs as much as the main one. */
  followsFailure(lookup: Lookup): boolean;
  /** Whether an address that a lookup did not find is followed here: it is noted, unless the path may not exist, and the path ends in an oops. */
  endsAt({ value, state }: Outcome, written: Located, how: UncheckedUse['how'], frame: Frame): boolean;
  /** Counts one step; false when the run has used up what it may. */
  step(): boolean;
  readonly exhausted: boolean;
  /** No paths are kept apart, as keeping them apart was too much work. */
  readonly joinsAll: boolean;
}

/** A path on which nothing is known any more. */
export function giveUp(state: State, machine: Machine): void {
  state.memory.clobberAll();
  state.loseDescriptors();
  machine.globals.clobberedAll(state.aside);
}

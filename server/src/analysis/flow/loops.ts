// SPDX-License-Identifier: MIT
import type { Expression, Statement } from '../syntax/ast';
import { walkExpression } from '../syntax/walk';
import type { Frame } from './frame';
import { giveUp, type Machine } from './machine';
import { meet, type State } from './state';
import { UNKNOWN } from './values';

export interface LoopParts {
  readonly condition: Expression | null;
  readonly everyElement: boolean;
  readonly body: Statement;
  readonly update: Expression | null;
  readonly testedFirst: boolean;
}

/** A loop whose rounds are decided is run round by round up to this many. */
const MAX_ROUNDS = 64;
/** The same, where no paths are kept apart. */
const MAX_ROUNDS_JOINED = 2;
/** Rounds of an undecided loop until what it changes is given up. */
const MAX_FIXPOINT = 6;

/** Runs a loop: exactly while its condition is decided, else joined over any number of rounds. */
export function runLoop(machine: Machine, parts: LoopParts, states: State[], frame: Frame): State[] {
  const exits: State[] = [];
  let heads = states;
  const rounds = machine.joinsAll ? MAX_ROUNDS_JOINED : MAX_ROUNDS;
  for (let round = 0; round < rounds; round++) {
    for (const state of heads) state.forgetChoices();
    const tested = parts.testedFirst || round > 0;
    const before = heads.map((state) => state.fork());
    const one = oneRound(machine, parts, heads, frame, tested);
    exits.push(...one.exits);
    if (one.next.length === 0 || machine.exhausted) return meet(exits);
    if (one.exits.some((state) => !state.aside) && one.next.some((state) => !state.aside)) {
      return meet([...exits, ...untilStable(machine, parts, [...(tested ? before : []), ...one.next], frame)]);
    }
    heads = one.next;
  }
  return meet([...exits, ...untilStable(machine, parts, heads, frame)]);
}

function untilStable(machine: Machine, parts: LoopParts, start: State[], frame: Frame): State[] {
  let heads = meet(start);
  for (let round = 0; ; round++) {
    for (const state of heads) state.forgetChoices();
    const one = oneRound(machine, parts, heads.map((state) => state.fork()), frame, true);
    if (one.next.length === 0 || round > MAX_FIXPOINT || machine.exhausted) return one.exits;
    const after = meet([...heads.map((state) => state.fork()), ...one.next]);
    if (after.length === heads.length && after.every((state) => heads.some((head) => head.sameAs(state)))) return one.exits;
    heads = widenHeads(heads, after);
    if (round === MAX_FIXPOINT) for (const state of heads) giveUp(state, machine);
  }
}

/** Gives up what differs from round to round. */
function widenHeads(before: readonly State[], after: readonly State[]): State[] {
  return after.map((state) => {
    const old = before.find((head) => head.key === state.key && head.canAbsorb(state));
    if (!old) return state;
    const widened = old.fork();
    widened.widen(state);
    return widened;
  });
}

function oneRound(machine: Machine, parts: LoopParts, heads: State[], frame: Frame, tested: boolean): { exits: State[]; next: State[] } {
  const exits: State[] = [];
  let entered = heads;
  if (tested && parts.everyElement && parts.condition) {
    exits.push(...heads.map((state) => state.fork()));
    for (const state of heads) assignElements(machine, parts.condition, state, frame);
  } else if (tested && parts.condition) {
    const { yes, no } = machine.executor.branchAll(parts.condition, heads, frame);
    entered = yes;
    exits.push(...no);
  }
  const loop = { breaks: [] as State[], continues: [] as State[] };
  frame.loops.push(loop);
  let next = machine.executor.run(parts.body, entered, frame);
  frame.loops.pop();
  next = meet([...next, ...loop.continues]);
  const { update } = parts;
  if (update) next = meet(machine.executor.evaluateAll(update, next, frame).map((outcome) => outcome.state));
  return { exits: [...exits, ...loop.breaks], next };
}

/** A for_each macro assigns the variables among its arguments. */
function assignElements(machine: Machine, condition: Expression, state: State, frame: Frame): void {
  walkExpression(condition, (expression) => {
    if (expression.kind !== 'identifier') return;
    const global = machine.program.findGlobal(expression.name, frame.unit);
    const object = frame.lookup(expression.name) ?? (global?.isExternal === false ? global.object : undefined);
    if (!object || machine.program.resolve(object.type).kind === 'struct') return;
    state.memory.store({ object, path: '' }, UNKNOWN, null);
    machine.globals.clobbered(object, state.aside);
  });
}

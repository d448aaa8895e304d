// SPDX-License-Identifier: MIT
import type { Expression, Statement } from '../syntax/ast';
import { assumeEqual, branch, compareValues } from './conditions';
import { equalityName } from './condition-names';
import type { Frame, Outcome } from './frame';
import { runLoop } from './loops';
import { giveUp, type Executes, type Machine } from './machine';
import { mergeOutcomes } from './outcomes';
import { meet, type State } from './state';
import { UNKNOWN } from './values';

/** Backward jumps are followed this often before everything they bring is given up. */
const MAX_PASSES = 4;

/** Runs statements on all paths that reach them. */
export class Executor implements Executes {
  constructor(private readonly machine: Machine) {}

  /** Runs a function's body; one outcome for each kind of result and state that its callers must tell apart. */
  runBody(frame: Frame, start: State): Outcome[] {
    for (let pass = 1; pass <= MAX_PASSES + 1; pass++) {
      frame.beginPass();
      const ended = this.run(frame.definition.body, [start.fork()], frame);
      frame.returns.push(...ended.map((state) => ({ state, value: UNKNOWN })));
      if (!frame.jumpedBack || this.machine.exhausted) break;
      if (pass === MAX_PASSES) for (const states of frame.jumps.values()) for (const state of states) giveUp(state, this.machine);
    }
    if (!this.machine.exhausted) this.machine.recorder.visitedFunctions.add(frame.definition);
    return mergeOutcomes(frame.returns);
  }

  run(statement: Statement, given: State[], frame: Frame): State[] {
    if (given.length === 0 && frame.definition.labels.size === 0) return [];
    if (!this.machine.step()) return given;
    const states = meet(given);
    switch (statement.kind) {
      case 'expression':
        return meet(this.evaluateAll(statement.expression, states, frame).map((outcome) => outcome.state));
      case 'declaration': {
        let next = states;
        for (const declarator of statement.declarators) {
          if (this.machine.program.resolve(declarator.type).kind === 'function' || declarator.isExtern) continue;
          next = next.flatMap((state) => this.machine.evaluator.declare(declarator, state, frame));
        }
        return meet(next);
      }
      case 'block':
        return this.block(statement.body, states, frame);
      case 'if': {
        const { yes, no } = this.branchAll(statement.condition, states, frame);
        const after = this.run(statement.yes, yes, frame);
        return meet([...after, ...(statement.no ? this.run(statement.no, no, frame) : no)]);
      }
      case 'while':
        return runLoop(this.machine, { condition: statement.condition, everyElement: statement.everyElement, body: statement.body, update: null, testedFirst: true }, states, frame);
      case 'do':
        return runLoop(this.machine, { condition: statement.condition, everyElement: false, body: statement.body, update: null, testedFirst: false }, states, frame);
      case 'for': {
        frame.enterScope();
        const ready = statement.initial ? this.run(statement.initial, states, frame) : states;
        const after = runLoop(this.machine, { condition: statement.condition, everyElement: false, body: statement.body, update: statement.update, testedFirst: true }, ready, frame);
        frame.leaveScope();
        return after;
      }
      case 'switch':
        return this.switch(statement, states, frame);
      case 'case':
        return this.sequence(statement.body, states, frame);
      case 'label':
        return this.label(statement, states, frame);
      case 'goto':
        this.jump(statement.label, states, frame);
        return [];
      case 'break':
        frame.loops.at(-1)?.breaks.push(...states);
        return [];
      case 'continue':
        frame.loops.findLast((loop) => loop.continues)?.continues?.push(...states);
        return [];
      case 'return':
        if (statement.value) frame.returns.push(...this.evaluateAll(statement.value, states, frame));
        else frame.returns.push(...states.map((state) => ({ state, value: UNKNOWN })));
        return [];
      case 'empty':
        return states;
      case 'unparsed':
        for (const state of states) this.unparsed(statement, state, frame);
        return states;
    }
  }

  evaluateAll(expression: Expression, states: readonly State[], frame: Frame): Outcome[] {
    return states.flatMap((state) => this.machine.evaluator.evaluate(expression, state, frame));
  }

  branchAll(condition: Expression, states: readonly State[], frame: Frame): { yes: State[]; no: State[] } {
    const all = states.map((state) => branch(this.machine.evaluator, condition, state, frame));
    return { yes: meet(all.flatMap((one) => one.yes)), no: meet(all.flatMap((one) => one.no)) };
  }

  private block(body: readonly Statement[], states: State[], frame: Frame): State[] {
    frame.enterScope();
    const after = this.sequence(body, states, frame);
    frame.leaveScope();
    return after;
  }

  private sequence(body: readonly Statement[], states: State[], frame: Frame): State[] {
    let current = states;
    for (const statement of body) current = this.run(statement, current, frame);
    return current;
  }

  /** `({ …; value; })` */
  statementExpression(body: Statement, state: State, frame: Frame): Outcome[] {
    if (body.kind !== 'block') return [{ state, value: UNKNOWN }];
    frame.enterScope();
    const last = body.body.at(-1);
    const before = this.sequence(body.body.slice(0, -1), [state], frame);
    let outcomes: Outcome[];
    if (last?.kind === 'expression') outcomes = this.evaluateAll(last.expression, before, frame);
    else outcomes = (last ? this.run(last, before, frame) : before).map((after) => ({ state: after, value: UNKNOWN }));
    frame.leaveScope();
    return mergeOutcomes(outcomes);
  }

  private switch(statement: Extract<Statement, { kind: 'switch' }>, states: State[], frame: Frame): State[] {
    const cases = statement.body.kind === 'block' ? statement.body.body : [statement.body];
    let open = this.evaluateAll(statement.value, states, frame);
    const entries = new Map<Statement, State[]>();
    for (const item of cases) {
      if (item.kind !== 'case' || !item.value) continue;
      const into: State[] = [];
      const left: Outcome[] = [];
      for (const outcome of open) {
        const value = item.upTo ? UNKNOWN : (this.machine.evaluator.evaluate(item.value, outcome.state.fork(), frame)[0]?.value ?? UNKNOWN);
        const truth = compareValues('==', outcome.value, value);
        const name = truth === 'either' && !item.upTo ? equalityName(statement.value, item.value, outcome.state, frame) : null;
        if (truth !== 'false') {
          const path = outcome.state.fork();
          if (name !== null) path.choose(name, true);
          assumeEqual(this.machine.evaluator, statement.value, value, path, frame);
          into.push(path);
        }
        if (truth === 'assumedFalse') for (const state of into.slice(-1)) state.aside = true;
        if (name !== null) outcome.state.choose(name, false);
        if (truth !== 'true') left.push(truth === 'assumedTrue' ? { ...outcome, state: asideFork(outcome.state) } : outcome);
      }
      entries.set(item, into);
      open = left;
    }
    const fallback = cases.find((item) => item.kind === 'case' && !item.value);
    if (fallback) entries.set(fallback, open.map((outcome) => outcome.state));
    const breaks: State[] = fallback ? [] : open.map((outcome) => outcome.state);
    frame.loops.push({ breaks, continues: null });
    frame.enterScope();
    let current: State[] = [];
    for (const item of cases) current = this.run(item, [...current, ...(entries.get(item) ?? [])], frame);
    frame.leaveScope();
    frame.loops.pop();
    return meet([...current, ...breaks]);
  }

  private label(statement: Extract<Statement, { kind: 'label' }>, states: State[], frame: Frame): State[] {
    frame.passedLabels.add(statement.name);
    const arrived = frame.jumps.get(statement.name) ?? [];
    return this.run(statement.body, meet([...states, ...arrived.map((state) => state.fork())]), frame);
  }

  private jump(label: string, states: readonly State[], frame: Frame): void {
    const known = frame.jumps.get(label) ?? [];
    for (const state of states) {
      if (known.some((other) => other.sameAs(state))) continue;
      const fork = state.fork();
      if (frame.passedLabels.has(label)) {
        frame.jumpedBack = true;
        fork.forgetChoices();
      }
      known.push(fork);
    }
    frame.jumps.set(label, frame.passedLabels.has(label) ? widened(known) : known);
  }

  private unparsed(statement: Extract<Statement, { kind: 'unparsed' }>, state: State, frame: Frame): void {
    state.memory.clobberEscaped();
    for (const name of statement.names) {
      const object = frame.lookup(name) ?? this.machine.program.findGlobal(name, frame.unit)?.object;
      if (!object) continue;
      state.memory.clobber(object);
      this.machine.globals.clobbered(object, state.aside);
    }
    if (statement.mayCall) state.loseDescriptors();
  }
}

function asideFork(state: State): State {
  const fork = state.fork();
  fork.aside = true;
  return fork;
}

function widened(states: State[]): State[] {
  const byKey = new Map<string, State>();
  for (const state of states) {
    const same = byKey.get(state.key);
    if (same) same.widen(state);
    else byKey.set(state.key, state);
  }
  return meet([...byKey.values()]);
}

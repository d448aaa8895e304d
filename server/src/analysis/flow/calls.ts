// SPDX-License-Identifier: MIT
import { kernelFunction } from '../../../../core/abi/kernel-functions';
import type { CallExpression, Expression } from '../syntax/ast';
import { callExternal } from './externals';
import { Frame, type Outcome } from './frame';
import { asLookup, findsByName, soughtSymbol } from './lookups';
import { giveUp, type Argument, type Machine, type Performs } from './machine';
import type { MemoryObject } from './objects';
import { mergeOutcomes } from './outcomes';
import type { State } from './state';
import { callEntry, noteKernelFunction } from './syscalls';
import { convert } from './types';
import type { FunctionPlace } from './unit';
import { stripped, UNKNOWN, withStep, type Value } from './values';

/** Functions inside functions, from the entry point on. */
const MAX_DEPTH = 24;

/** The function of the kernel that a pointer was looked up for. */
function symbolCalled(callee: Value, { callee: written }: CallExpression): string | null {
  if (callee.kind === 'symbol') return callee.name;
  return callee.kind === 'unknown' && written.kind === 'identifier' && findsByName(written.name) ? written.name : null;
}

/** Calls: of the module's own functions, of syscall entries, and of everything else. */
export class Calls implements Performs {
  constructor(private readonly machine: Machine) {}

  call(expression: CallExpression, state: State, frame: Frame): Outcome[] {
    const name = this.externalName(expression.callee, frame);
    const callees = name === null ? this.machine.evaluator.evaluate(expression.callee, state, frame) : [{ state, value: this.symbol(expression.callee, state, frame) }];
    const outcomes = callees.flatMap((callee) =>
      this.arguments(expression.arguments, callee.state, frame).flatMap((given) => this.dispatch(expression, name, callee.value, given.list, given.state, frame)),
    );
    return outcomes.length > 1 ? mergeOutcomes(outcomes) : outcomes;
  }

  /** The name of a function that the module only calls. */
  private externalName(callee: Expression, frame: Frame): string | null {
    if (callee.kind !== 'identifier' || frame.lookup(callee.name)) return null;
    const { program } = this.machine;
    return program.findFunction(callee.name, frame.unit) || program.findGlobal(callee.name, frame.unit) ? null : callee.name;
  }

  private symbol(callee: Expression, state: State, frame: Frame): Value {
    return this.machine.evaluator.evaluate(callee, state, frame)[0]?.value ?? UNKNOWN;
  }

  private arguments(list: readonly Expression[], state: State, frame: Frame): { list: Argument[]; state: State }[] {
    let partial: { list: Argument[]; state: State }[] = [{ list: [], state }];
    for (const expression of list) {
      const span = frame.unit.spanOf(expression);
      partial = partial.flatMap((before) =>
        this.machine.evaluator.evaluate(expression, before.state, frame).map((outcome) => ({ list: [...before.list, { value: outcome.value, span, expression }], state: outcome.state })),
      );
    }
    return partial;
  }

  private dispatch(expression: CallExpression, name: string | null, callee: Value, list: readonly Argument[], state: State, frame: Frame): Outcome[] {
    if (this.machine.endsAt({ value: callee, state }, expression.callee, 'called', frame)) return [];
    if (callee.kind === 'function') return this.inline(callee, expression, list, state, frame);
    if (callee.kind === 'entry') return callEntry(this.machine, callee, expression, list, state, frame);
    if (name === 'KHOOK_ORIGIN' && list[0]) return this.dispatch(expression, null, list[0].value, list.slice(1), state, frame);
    if (callee.kind === 'pointer' && callee.targets.length === 1) {
      const [target] = callee.targets;
      const value = target ? this.machine.evaluator.load([target], state) : UNKNOWN;
      if (value.kind === 'function' || value.kind === 'entry' || value.kind === 'symbol') return this.dispatch(expression, name, value, list, state, frame);
    }
    const external = name ?? symbolCalled(callee, expression);
    const taker = external === null ? undefined : kernelFunction(external);
    if (taker) noteKernelFunction(this.machine, taker, expression, list, state, frame);
    return callExternal(this.machine, external, expression, list, state, frame);
  }

  /** Runs a function of the module on the arguments. */
  inline(place: FunctionPlace, expression: CallExpression, list: readonly Argument[], state: State, frame: Frame): Outcome[] {
    const { definition, unit } = place;
    if (frame.depth >= MAX_DEPTH || frame.isActive(definition) || this.machine.exhausted) {
      giveUp(state, this.machine);
      return [{ state, value: UNKNOWN }];
    }
    const inner = new Frame(`${frame.id}/${unit.path}:${definition.name}@${expression.start}`, definition, unit, frame, expression);
    const values: Value[] = [];
    for (const [index, parameter] of definition.parameters.entries()) {
      const given = list[index];
      const value = given ? convert(given.value, parameter.type, this.machine.program) : UNKNOWN;
      const via = value.via ?? (given ? { span: given.span, depth: inner.depth } : undefined);
      const name = parameter.name ?? `(${index})`;
      const bound = withStep(via ? { ...value, via } : value, given?.span ?? null, `It is passed to ${definition.name}() as '${name}'.`);
      values.push(bound);
      this.bind(inner, name, parameter.type, bound, state);
    }
    inner.variadic = list.slice(definition.parameters.length).map(({ value, span }) => ({ ...value, via: value.via ?? { span, depth: inner.depth } }));
    const { callRuns, executor } = this.machine;
    const run = (): Outcome[] => executor.runBody(inner, state);
    const outcomes = callRuns ? callRuns.run(inner, [...values, ...inner.variadic], state, run) : run();
    asLookup(this.machine, outcomes, expression, frame);
    const symbol = outcomes.some(({ value }) => value.kind === 'unknown') ? soughtSymbol(list, this.machine.program) : null;
    if (symbol) for (const [index, outcome] of outcomes.entries()) if (outcome.value.kind === 'unknown') outcomes[index] = { ...outcome, value: symbol };
    return outcomes.map((outcome) => this.leave(outcome, inner, definition.returns));
  }

  /** Gives a parameter its value. */
  bind(frame: Frame, name: string, type: MemoryObject['type'], value: Value, state: State): void {
    const object: MemoryObject = { id: `${frame.id} parameter ${name}`, name, storage: 'local', type, origin: { text: `local variable '${name}'`, span: null } };
    frame.declare(object);
    state.memory.reset(object, UNKNOWN);
    state.memory.store({ object, path: '' }, value, value.via?.span ?? null);
  }

  private leave(outcome: Outcome, frame: Frame, returns: MemoryObject['type']): Outcome {
    const value = convert(outcome.value, returns, this.machine.program);
    outcome.state.memory.forget(frame.locals);
    return { state: outcome.state, value: value.via && value.via.depth >= frame.depth ? stripped(value, 'via') : value };
  }
}

// SPDX-License-Identifier: MIT
import type { FunctionDefinition } from '../syntax/ast';
import { DescriptorTable } from './descriptors';
import { Frame } from './frame';
import type { Interpreter } from './interpreter';
import { Memory } from './memory';
import type { Asked } from './program';
import type { RunMemory } from './run-memory';
import { State } from './state';
import type { GlobalVariable, Unit } from './unit';
import { UNKNOWN, ZERO, type Value } from './values';

/** What the module's variables hold before any of its code runs. */
export function initialMemory(machine: Interpreter, remembered: RunMemory): Memory {
  const { program } = machine;
  const state = new State(new Memory(), DescriptorTable.unknown, false, false);
  for (const global of program.allGlobals) if (!global.isExternal) initialize(machine, global, state, remembered);
  for (const unit of program.units) for (const call of unit.syntax.fileScopeCalls) moduleParameter(machine, unit, call, state);
  return state.memory;
}

function initialize(machine: Interpreter, global: GlobalVariable, state: State, remembered: RunMemory): void {
  const { object, unit, declarator } = global;
  const known = remembered.initialOf(global);
  if (known) {
    state.memory.take(object, known.contents);
    if (known.count !== undefined) machine.elementCounts.set(object.id, known.count);
    machine.steps -= known.steps;
    return;
  }
  state.memory.reset(object, ZERO);
  if (!declarator.initializer) return;
  const { steps, program } = machine;
  const before = state.memory.fork();
  const outer = program.enterAsked();
  machine.evaluator.initialize(object, '', declarator.type, declarator.initializer, state, fileFrame(unit));
  const asked = program.leaveAsked(outer);
  const contents = state.memory.onlyChangeSince(before, object);
  const callsNothing = unit.mentions(declarator.initializer).uses.every(({ kind }) => kind !== 'called');
  if (contents && callsNothing && !namesVariables(asked)) remembered.keepInitial(global, { asked, contents, count: machine.elementCounts.get(object.id), steps: steps - machine.steps, agreedWith: program.identity });
}

/** Whether other variables had a say. */
function namesVariables({ globals }: Asked): boolean {
  return [...globals.values()].some((answers) => [...answers.values()].some((answer) => answer !== undefined));
}

/** A module parameter holds what the loader was told. */
function moduleParameter(machine: Interpreter, unit: Unit, call: Unit['syntax']['fileScopeCalls'][number], state: State): void {
  if (!call.name.startsWith('module_param')) return;
  const named = /_named|_string|_cb/.test(call.name);
  for (const argument of named ? call.arguments.slice(1) : call.arguments.slice(0, 1)) {
    const name = argument.kind === 'identifier' ? argument.name : argument.kind === 'unary' && argument.operand.kind === 'identifier' ? argument.operand.name : null;
    const global = name === null ? undefined : machine.program.findGlobal(name, unit);
    if (!global) continue;
    const isText = call.arguments.some((item) => item.kind === 'identifier' && item.name === 'charp');
    const value: Value = isText ? { kind: 'kernel', origin: { text: `module parameter '${global.object.name}'`, span: global.object.origin.span }, maybeNull: true } : UNKNOWN;
    if (isText) state.memory.store({ object: global.object, path: '' }, value, null);
    else state.memory.clobber(global.object);
  }
}

function fileFrame(unit: Unit): Frame {
  const definition: FunctionDefinition = {
    name: '(file scope)', nameAt: { start: 0, end: 0 }, isStatic: true, alwaysInline: false, isNested: false, returns: { kind: 'unknown' }, parameters: [],
    body: { kind: 'empty', start: 0, end: 0 }, labels: new Set(), start: 0, end: 0,
  };
  return new Frame(`file ${unit.path}`, definition, unit, null, null);
}

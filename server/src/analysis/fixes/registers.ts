// SPDX-License-Identifier: MIT
import { callAt, isAt } from './findings';
import { Edits, editable } from './edits';
import type { Fixer } from './fix';
import { needed, NotFixable } from './text-edit';
import { inBlock, localsOf } from './statements';

/** An initialiser for registers that have none, so that what is not set is 0. */
export const initialiseRegisters: Fixer = ({ finding, program, calls }) => {
  const call = callAt(finding, calls);
  const registers = call?.visits[0]?.arguments.find(({ neverSetIn }) => neverSetIn)?.neverSetIn;
  if (!registers) return null;
  for (const unit of program.units) {
    for (const definition of unit.syntax.functions) {
      for (const { declarator } of localsOf(definition)) {
        const declared = unit.spanOf(declarator);
        if (declarator.name !== registers.name || declared.start !== registers.origin.span?.start || declared.file !== registers.origin.span.file) continue;
        const { file, end } = editable(unit, declarator);
        if (declarator.type.kind !== 'struct' || declarator.initializer || !/^\s*[,;]/.test(file.text.slice(end))) throw new NotFixable();
        const edits = new Edits();
        edits.insert(file, end, ' = { }');
        return { id: 'initialise-registers', title: `Start '${registers.name}' with all registers 0`, isPreferred: true, edits };
      }
    }
  }
  return null;
};

/** Stores 0 to the registers that were forgotten, before the call. */
export const setRegisters: Fixer = ({ finding, program, calls }) => {
  const call = callAt(finding, calls);
  const [argument] = call?.code.expression.arguments ?? [];
  if (!call || argument?.kind !== 'unary' || argument.operator !== '&' || argument.operand.kind !== 'identifier') return null;
  const { name } = argument.operand;
  const reads = call.syscall?.arguments?.length ?? 0;
  const unset = program.abi.registers.slice(0, reads).filter((_register, index) => finding.message.includes(`argument ${index + 1} (`) && call.visits.every((visit) => visit.arguments[index]?.neverSetIn));
  const { place, expression } = call.code;
  const { statement } = needed(inBlock(place.definition, expression));
  if (unset.length === 0 || statement.kind === 'declaration') return null;
  const at = editable(place.unit, statement);
  const edits = new Edits();
  for (const register of unset) edits.insertLineBefore(at, `${name}.${register} = 0;`);
  return { id: 'set-registers', title: `Set ${unset.map((register) => `${name}.${register}`).join(', ')} to 0`, edits };
};

/** The fourth argument in r10, where the syscall reads it, in place of cx, where functions do. */
export const fourthArgument: Fixer = ({ finding, calls }) => {
  const FOURTH = 3;
  for (const call of calls) {
    const stored = call.visits.flatMap(({ registers }) => registers?.unread ?? []).find((store) => store.register === 'cx' && isAt(finding, store.stored))?.stored;
    const isUnset = call.visits.every(({ arguments: list }) => list[FOURTH]?.broughtBy === null);
    if (!stored || call.abi.arch !== 'x86_64' || !call.syscall?.arguments?.[FOURTH] || !isUnset) continue;
    const { file, start } = stored;
    const name = /\bcx(?=\s*=\s*$)/.exec(file.text.slice(0, start));
    if (!name) throw new NotFixable();
    const edits = new Edits();
    edits.replace({ file, start: name.index, end: name.index + name[0].length }, 'r10');
    return { id: 'fourth-argument', title: 'Put it into r10, where system calls take their fourth argument', isPreferred: true, edits };
  }
  return null;
};

// SPDX-License-Identifier: MIT
import type { AbiSyscall } from '../../../../core/abi';
import { findEntries } from '../flow/entries';
import { integerType } from '../flow/types';
import type { Program } from '../flow/program';
import type { RecordedCall } from '../flow/recorder';
import type { Expression } from '../syntax/ast';
import { callAt, sameCall } from './findings';
import { calledPointer } from './callee';
import { Edits, editable, sourceOf } from './edits';
import type { Fixer } from './fix';
import { needed, NotFixable } from './text-edit';
import { Operands } from './operands';
import { namesIn } from './statements';

const BY_REGISTERS = 'long (*)(const struct pt_regs *)';

/** Hands the arguments over as the entry takes them: in struct pt_regs, or one by one. */
export const convention: Fixer = ({ finding, program, calls }) => {
  const call = callAt(finding, calls);
  if (!call?.syscall || call.abi.arch !== program.abi.arch || program.abi.arch !== 'x86_64' || sameCall(call, calls).some((other) => other.syscall !== call.syscall || other.used !== call.used)) return null;
  return call.takes === 'direct' ? toArguments(call, call.syscall, program, calls) : toRegisters(call, call.syscall, program, calls);
};

function toRegisters(call: RecordedCall, syscall: AbiSyscall, program: Program, calls: readonly RecordedCall[]): ReturnType<Fixer> {
  const { place, expression } = call.code;
  if (isHook(call, program) || expression.arguments.length > (syscall.arguments?.length ?? 0)) return null;
  const operands = new Operands(program, call, calls);
  const registers = expression.arguments.map((argument, index) => {
    const isPointer = syscall.arguments?.[index]?.type.endsWith('*') === true;
    return `.${needed(program.abi.registers[index])} = ${isPointer ? `(unsigned long)${bracketed(sourceOf(place.unit, argument))}` : sourceOf(place.unit, argument)}`;
  });
  const edits = new Edits();
  edits.replace(editable(place.unit, expression), `(${castTo(BY_REGISTERS, call, operands, program)})(&(struct pt_regs){ ${registers.join(', ')} })`);
  edits.include(editable(place.unit, expression).file, 'linux/ptrace.h');
  return { id: 'to-registers', title: 'Pass the arguments in struct pt_regs', isPreferred: true, edits };
}

function toArguments(call: RecordedCall, syscall: AbiSyscall, program: Program, calls: readonly RecordedCall[]): ReturnType<Fixer> {
  const operands = new Operands(program, call, calls);
  const list = needed(syscall.arguments);
  const values = list.map(({ type }, index) => operands.cast(index, type));
  const type = `long (*)(${list.map((argument) => argument.type).join(', ') || 'void'})`;
  const edits = new Edits();
  operands.replaceCall(edits, `(${castTo(type, call, operands, program)})(${values.join(', ')})`, calledPointer(call.code.expression.callee));
  return { id: 'to-arguments', title: 'Pass the arguments one by one', isPreferred: true, edits };
}

/** The called pointer as another type; by way of `void *` where it is a function pointer, whose cast compilers warn of. */
function castTo(type: string, { code: { place, expression } }: RecordedCall, operands: Operands, program: Program): string {
  const pointer = calledPointer(expression.callee);
  const inner: Expression = pointer.kind === 'cast' ? pointer.operand : pointer;
  const declared = program.resolve(operands.declaredType(inner));
  const isData = integerType(declared, program) !== null || (declared.kind === 'pointer' && program.resolve(declared.to).kind === 'named');
  return `(${type})${isData ? '' : '(void *)'}${bracketed(sourceOf(place.unit, inner))}`;
}

function bracketed(text: string): string {
  return /^(?:[\w.>[\]-]+|\([^()]*\)|\w+\(.*\))$/.test(text) ? text : `(${text})`;
}

/** A function that the kernel calls with arguments that are not known: in a hook they would be wrong too. */
function isHook({ code: { place, expression } }: RecordedCall, program: Program): boolean {
  const parameters = new Set(place.definition.parameters.flatMap(({ name }) => name ?? []));
  const isCallback = findEntries(program).some(({ definition, role }) => definition === place.definition && role === 'callback');
  if (expression.arguments.length === 0) throw new NotFixable();
  return isCallback && expression.arguments.some((argument) => namesIn(argument).some(({ name }) => parameters.has(name)));
}

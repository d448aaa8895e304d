// SPDX-License-Identifier: MIT
import type { AbiFunction, AbiSyscall } from '../../../../core/abi';
import type { CallExpression } from '../syntax/ast';
import { DescriptorTable } from './descriptors';
import { forecast, unknownForecast, type Forecast } from './forecast';
import type { Frame, Outcome } from './frame';
import { withInner } from './inner-pointers';
import type { Argument, Machine } from './machine';
import type { CallArgument, CallCode, UsedConvention } from './recorder';
import { argumentsIn, registersOf, storesTo } from './registers';
import type { State } from './state';
import { isRegisters, typeOf } from './types';
import { originOf, type Value } from './values';

type Entry = Extract<Value, { kind: 'entry' }>;

/** Calls a syscall entry: reads its arguments as the code hands them over, records and forecasts the call. */
export function callEntry(machine: Machine, entry: Entry, expression: CallExpression, list: readonly Argument[], state: State, frame: Frame): Outcome[] {
  const { program } = machine;
  const abi = entry.compat ? program.compatAbi : program.abi;
  const takes = entry.convention === 'table' ? (program.target.entriesTakeRegs ? 'regs' : 'direct') : entry.convention;
  const used = usedConvention(machine, takes, list, frame);
  const syscall = entry.convention !== 'table' && used === 'direct' && list.length !== entry.syscall?.arguments?.length ? null : entry.syscall;
  const values = syscall ? withInner(syscall, used === 'regs' ? argumentsIn(registersOf(list[0]), abi, syscall, machine, state) : list.map(direct), state) : [];
  const key = `${frame.id}@${expression.start}`;
  const registers = used === 'regs' ? storesTo(registersOf(list[0]), abi, syscall, state) : undefined;
  const prediction = forecastFor(syscall, used === 'either' || used === takes, entry.compat === true, values, state);
  const { span: site, caller } = frame.siteOf(expression);
  machine.recorder.visit(
    { key, syscall, callee: syscall, site, caller, expression: frame.unit.spanOf(expression), code: codeOf(expression, frame), used, takes, symbol: entry.symbol ?? null, abi, reachable: machine.reachable },
    { aside: state.aside, doubtful: state.doubtful, kernelAddressesAllowed: state.kernelAddressesAllowed, arguments: values, forecast: prediction, ...(registers ? { registers } : {}) },
  );
  state.descriptors = prediction.descriptors;
  return [{ state, value: resultValue(prediction, key) }];
}

function codeOf(expression: CallExpression, frame: Frame): CallCode {
  return { place: { definition: frame.definition, unit: frame.unit }, expression, entry: frame.entry };
}

/** Notes the call of a function of the kernel that takes user pointers. */
export function noteKernelFunction(machine: Machine, callee: AbiFunction, expression: CallExpression, list: readonly Argument[], state: State, frame: Frame): void {
  if (list.length !== callee.arguments?.length) return;
  const { span: site, caller } = frame.siteOf(expression);
  machine.recorder.visit(
    { key: `${frame.id}@${expression.start}`, syscall: null, callee, site, caller, expression: frame.unit.spanOf(expression), code: codeOf(expression, frame), used: 'direct', takes: 'direct', symbol: null, abi: machine.program.abi, reachable: machine.reachable },
    { aside: state.aside, doubtful: state.doubtful, kernelAddressesAllowed: state.kernelAddressesAllowed, arguments: withInner(callee, list.map(direct), state), forecast: unknownForecast('It is no syscall.') },
  );
}

function forecastFor(syscall: AbiSyscall | null, fits: boolean, compat: boolean, values: readonly CallArgument[], state: State): Forecast {
  if (!syscall) return unknownForecast('Which syscall is called is not known.');
  if (!fits) return unknownForecast('The arguments are not handed over as this kernel expects them.');
  if (compat) return unknownForecast('The entry is one for 32-bit callers.');
  if (state.kernelAddressesAllowed !== false) return { ...forecast({ syscall, arguments: [], descriptors: DescriptorTable.unknown }), expect: { kind: 'unknown' }, because: 'set_fs() may allow kernel addresses.' };
  return forecast({ syscall, arguments: values.map((argument) => argument.value), descriptors: state.descriptors });
}

function usedConvention(machine: Machine, takes: 'regs' | 'direct', list: readonly Argument[], frame: Frame): UsedConvention {
  const [first] = list;
  if (!first) return 'either';
  if (isRegsPointer(machine, first, frame)) return 'regs';
  if (takes === 'direct' || list.length > 1) return 'direct';
  return ['integer', 'scalar', 'string', 'user'].includes(first.value.kind) || isText(machine, first, frame) ? 'direct' : 'regs';
}

/** A `char *`, which is an argument and no registers. */
function isText(machine: Machine, { expression }: Argument, frame: Frame): boolean {
  const { program } = machine;
  const type = program.resolve(typeOf(expression, frame, program));
  const to = type.kind === 'pointer' ? program.resolve(type.to) : null;
  return to?.kind === 'named' && to.name === 'char';
}

function isRegsPointer(machine: Machine, argument: Argument, frame: Frame): boolean {
  const { program } = machine;
  if (argument.value.kind === 'pointer' && argument.value.targets.some((target) => isRegisters(program.typeAt(target.object.type, target.path), program))) return true;
  const type = program.resolve(typeOf(argument.expression, frame, program));
  return type.kind === 'pointer' && isRegisters(type.to, program);
}

function direct(argument: Argument): CallArgument {
  return { value: argument.value, broughtBy: argument.value.via?.span ?? argument.span, origin: originOf(argument.value) };
}

/** The result as a value: later branches on it follow the prediction, and a printk of it is this call's report. */
function resultValue(prediction: Forecast, key: string): Value {
  const { expect } = prediction;
  if (expect.kind === 'exact' || expect.kind === 'errno') return { kind: 'integer', value: BigInt(expect.value), assumed: true, result: key };
  return { kind: 'scalar', low: null, high: null, nonzero: false, result: key };
}

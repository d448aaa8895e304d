// SPDX-License-Identifier: MIT
import type { AbiSyscall, SyscallAbi } from '../../../../core/abi';
import type { Span } from '../syntax/source';
import type { Argument, Machine } from './machine';
import type { MemoryObject, Target } from './objects';
import type { CallArgument, RegisterStores } from './recorder';
import type { State } from './state';
import { isRegisters } from './types';
import { originOf, UNKNOWN } from './values';

/** Fields that hold an argument on one of the architectures, or are taken for one that does (`cx` for `r10`). */
const ARGUMENT_FIELDS = ['di', 'si', 'dx', 'cx', 'r10', 'r8', 'r9', 'bx', 'bp', 'regs[0]', 'regs[1]', 'regs[2]', 'regs[3]', 'regs[4]', 'regs[5]'];

/** The structures that an argument may point to; null when that is not known. */
export function registersOf(argument: Argument | undefined): readonly Target[] | null {
  return argument?.value.kind === 'pointer' ? argument.value.targets : null;
}

/** The arguments in the registers that the syscall reads. */
export function argumentsIn(targets: readonly Target[] | null, abi: SyscallAbi, syscall: AbiSyscall, machine: Machine, state: State): CallArgument[] {
  return (syscall.arguments ?? []).map((_argument, index) => {
    const register = abi.registers[index];
    if (!targets || register === undefined) return { value: UNKNOWN, broughtBy: null, origin: originOf(UNKNOWN) };
    const slots = targets.map((target) => ({ object: target.object, path: `${target.path}.${register}` }));
    const value = machine.evaluator.load(slots, state);
    const [slot] = slots;
    const stored = slot ? (state.memory.cell(slot)?.stored ?? null) : null;
    const neverSetIn = slot && value.unset === slot.object && isFilledByName(slot.object, state) ? slot.object : null;
    return { value, broughtBy: value.via?.span ?? stored, origin: originOf(value), ...(stored ? { stored } : {}), ...(neverSetIn ? { neverSetIn } : {}) };
  });
}

/** Stores by a number in place of a field's name, or by code that is not seen, could have set any register. */
function isFilledByName(registers: MemoryObject, state: State): boolean {
  return !state.memory.isReachable(registers) && state.memory.paths(registers).every((path) => /^(?:\*|\.regs\[\d+\]|\.\w+)$/.test(path));
}

/** What was stored to single argument registers, and whether the syscall reads them there. An unknown syscall may read all. */
export function storesTo(targets: readonly Target[] | null, abi: SyscallAbi, syscall: AbiSyscall | null, state: State): RegisterStores {
  const stores: RegisterStores = { read: [], unread: [] };
  const isRead = new Set(abi.registers.slice(0, syscall?.arguments?.length ?? abi.registers.length));
  for (const { object, path } of targets ?? []) {
    const own = ARGUMENT_FIELDS.flatMap((register) => {
      const cell = state.memory.cell({ object, path: `${path}.${register}` });
      return cell?.stored ? [{ register, stored: cell.stored, value: cell.value, object }] : [];
    });
    for (const store of own) {
      if (isRead.has(store.register) || !syscall) stores.read.push(store.stored);
      else if (!isPartOfCopy(store, own) && !isZero(store.value)) stores.unread.push(store);
    }
  }
  return stores;
}

/** A copy of whole registers stores all of them by one expression. */
function isPartOfCopy(store: { readonly stored: Span }, all: readonly { readonly stored: Span }[]): boolean {
  return all.some((other) => other !== store && other.stored.start === store.stored.start && other.stored.file === store.stored.file);
}

function isZero(value: CallArgument['value']): boolean {
  return value.kind === 'integer' && value.value === 0n;
}

/** The stores to an object that something unknown is given, and may read. */
export function storesIn(object: MemoryObject, state: State): Span[] {
  return state.memory.paths(object).flatMap((path) => state.memory.cell({ object, path })?.stored ?? []);
}

/** Notes that the module's own code reads what was stored to a register. */
export function noteReads(targets: readonly Target[] | null, machine: Machine, state: State): void {
  for (const target of targets ?? []) {
    const stored = isRegisters(target.object.type, machine.program) ? state.memory.cell(target)?.stored : null;
    if (stored) machine.recorder.readElsewhere.push(stored);
  }
}

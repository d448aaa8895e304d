// SPDX-License-Identifier: MIT
import type { AbiArgument, SyscallAbi } from '../../../../core/abi';
import type { Architecture, Range } from '../../../../core/model/analysis';
import type { RecordedCall } from '../flow/recorder';
import { PlaceMemory, type Places } from '../place-memory';
import { rangeOf, textOf, type Span } from '../syntax/source';

/** A register that the text stores a value to, and the argument that a syscall reads from it. */
export interface RegisterStore {
  readonly file: string;
  /** The field's name: `si`; for arm64 the subscript belongs to it: `regs[1]`. */
  readonly field: Range;
  /** The expression that is stored. */
  readonly value: Range;
  readonly valueText: string;
  readonly arch: Architecture;
  readonly syscall: string;
  /** From 0. */
  readonly index: number;
  readonly argument: AbiArgument;
}

/** What stands before a stored value: `regs.si =`, `.si =`, `regs->regs[1] =`; the register is the last group. */
const STORED_TO = /(?:\.|->)\s*(\w+(?:\s*\[\s*\d+\s*\])?)\s*=\s*$/;
/** Characters before a stored value in which its register is looked for. */
const REACH = 80;

/** The register that the text names right before a stored value; null where it is not written so (a macro, a helper). */
function fieldBefore(value: Span): { readonly name: string; readonly start: number; readonly end: number } | null {
  const before = value.file.text.slice(Math.max(0, value.start - REACH), value.start);
  const match = STORED_TO.exec(before);
  const name = match?.[1];
  if (!match || name === undefined) return null;
  const start = value.start - before.length + match.index + match[0].indexOf(name);
  return { name: name.replace(/\s/g, ''), start, end: start + name.length };
}

/** The stores to registers that a module's calls read. What it found of a call it remembers. */
export class RegisterStores {
  private readonly known = new PlaceMemory<RecordedCall, ReadonlyMap<string, RegisterStore>>();

  /** All stores in the text. One store can be for several syscalls. */
  of(calls: readonly RecordedCall[], places: Places): RegisterStore[] {
    const stores = new Map<string, RegisterStore>();
    for (const call of calls) for (const [key, store] of this.known.of(call, places, storesFor)) if (!stores.has(key)) stores.set(key, store);
    return [...stores.values()];
  }
}

const NO_STORES: ReadonlyMap<string, RegisterStore> = new Map();

/** Each by its place and what reads it. */
function storesFor({ syscall, abi, used, visits }: RecordedCall): ReadonlyMap<string, RegisterStore> {
  if (!syscall || used !== 'regs') return NO_STORES;
  const stores = new Map<string, RegisterStore>();
  for (const visit of visits) {
    for (const [index, argument] of (syscall.arguments ?? []).entries()) {
      const value = visit.arguments[index]?.stored;
      if (!value) continue;
      const field = fieldBefore(value);
      if (!field || field.name !== abi.registers[index]) continue;
      const store = { file: value.file.path, field: rangeOf({ ...field, file: value.file }), value: rangeOf(value), valueText: textOf(value), arch: abi.arch, syscall: syscall.name, index, argument };
      const { line, character } = store.value.start;
      const key = [store.file, line, character, syscall.name, index].join(' ');
      if (!stores.has(key)) stores.set(key, store);
    }
  }
  return stores;
}

/** Which argument a field of `struct pt_regs` holds; null when it holds none. */
export function argumentOfField(abi: SyscallAbi, field: string): number | null {
  const index = abi.registers.indexOf(field.replace(/\s/g, ''));
  return index < 0 ? null : index;
}

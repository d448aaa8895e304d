// SPDX-License-Identifier: MIT
import type { AbiFunction } from '../../../../core/abi';
import { layoutOf, type InnerPointer, type Layout } from '../../../../core/abi/nested-pointers';
import type { Target } from './objects';
import type { CallArgument, InnerAddress } from './recorder';
import type { State } from './state';
import { originOf, spaceOf, type Value } from './values';

/** The arguments, with the kernel addresses inside of what they point to. */
export function withInner(callee: AbiFunction, list: readonly CallArgument[], state: State): CallArgument[] {
  const valueOf = (argument: number): number | null => {
    const value = list[argument]?.value;
    return value?.kind === 'integer' ? Number(BigInt.asUintN(32, value.value)) : null;
  };
  return list.map((argument, index) => {
    const layout = layoutOf(callee, index, valueOf);
    const inner = layout ? innerAddresses(layout, argument.value, state) : [];
    return inner.length > 0 ? { ...argument, inner } : argument;
  });
}

function innerAddresses({ what, pointers }: Layout, value: Value, state: State): InnerAddress[] {
  const target = memoryOf(value);
  if (!target) return [];
  const begin = target.path.replace(/\[\d+\]$/, '');
  const parts = state.memory.paths(target.object).filter((path) => path.startsWith(begin));
  return parts.flatMap((path) => {
    const pointer = pointers.find((each) => isAt(each, path.slice(begin.length)));
    const cell = pointer ? state.memory.cell({ object: target.object, path }) : null;
    if (!pointer || !cell) return [];
    const further = pointer.to ? innerAddresses(pointer.to, cell.value, state) : [];
    if (spaceOf(cell.value) !== 'kernel') return further;
    return [{ what, field: path.slice(begin.length).replace(/^\./, ''), silent: pointer.silent === true, origin: originOf(cell.value), stored: cell.value.via?.span ?? cell.stored }, ...further];
  });
}

/** Whether a part lies where the layout says, in an element of an array or in the structure itself. */
function isAt({ path }: InnerPointer, part: string): boolean {
  if (path === '[]') return /^\[\d+\]$/.test(part);
  return part === path || (path.startsWith('.') && part.replace(/^\[\d+\]/, '') === path);
}

/** The one memory that an address stands for: of the kernel, or of the process where the module copied something. */
function memoryOf(value: Value): Target | null {
  if (value.kind === 'pointer') return value.targets.length === 1 ? (value.targets[0] ?? null) : null;
  return value.kind === 'user' ? (value.at ?? null) : null;
}

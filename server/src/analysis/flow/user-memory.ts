// SPDX-License-Identifier: MIT
import type { Span } from '../syntax/source';
import type { Argument } from './machine';
import type { MemoryObject, Target } from './objects';
import type { Program } from './program';
import type { State } from './state';
import { UNKNOWN, type Value } from './values';

type UserValue = Extract<Value, { kind: 'user' }>;

/** An address of the process, and memory of its own for what the module copies there. The same `id` is the same memory. */
export function userAddress(id: string, text: string, span: Span | null, maybeNull: boolean): UserValue {
  const origin = { text, span };
  const object: MemoryObject = { id: `user ${id}`, name: text, storage: 'heap', type: { kind: 'unknown' }, origin };
  return { kind: 'user', origin, at: { object, path: '' }, maybeNull };
}

/** copy_to_user(): the memory of the process holds what the module's had. */
export function copyToUser([to, from]: readonly Argument[], state: State): void {
  const target = to?.value.kind === 'user' ? to.value.at : undefined;
  if (!target) return;
  const [source, ...others] = from?.value.kind === 'pointer' ? from.value.targets : [];
  if (source && others.length === 0) state.memory.store(target, state.memory.loadAggregate(wholeOf(source)), null);
  else state.memory.store(target, { kind: 'aggregate', cells: new Map(), rest: UNKNOWN }, null);
}

/** The array that a place is the first element of, else the place itself. */
export function wholeOf({ object, path }: Target): Target {
  return { object, path: path.replace(/\[0\]$/, '') };
}

/** Registers that a process filled: what a syscall's entry is given, or those that the process has in the kernel. */
export function registersOfProcess(program: Program, id: string, text: string, span: Span, state: State): Value {
  const object: MemoryObject = { id: `registers ${id}`, name: text, storage: 'heap', type: { kind: 'struct', tag: 'pt_regs' }, origin: { text, span } };
  if (!state.memory.has(object)) {
    state.memory.reset(object, UNKNOWN);
    for (const register of program.abi.registers) {
      state.memory.store({ object, path: `.${register}` }, userAddress(`${id} ${register}`, `what the process passed in '${register}'`, span, true), null);
    }
  }
  return { kind: 'pointer', targets: [{ object, path: '' }], maybeNull: false };
}

/** Fields of mm_struct and vm_area_struct that hold addresses of the process. */
const ADDRESS_FIELDS = new Set('brk start_brk arg_start arg_end env_start env_end start_stack start_code end_code start_data end_data mmap_base vm_start vm_end'.split(' '));
/** Functions that make a user pointer of a number, and those that find addresses of the process. */
const GIVES_USER_ADDRESS = /^(?:vm_mmap|do_mmap|ksys_mmap_pgoff|vm_brk|get_unmapped_area|u64_to_user_ptr|compat_ptr|(?:current_)?user_stack_pointer)$/;

/** What a field of an object that is not known holds, where that is an address of the process. */
export function userField(field: string, span: Span): Value | null {
  return ADDRESS_FIELDS.has(field) ? { kind: 'user', origin: { text: `an address of the process ('${field}')`, span }, maybeNull: true } : null;
}

/** The result of a function of the kernel, where that is an address of the process. `id` tells its calls apart. */
export function userResult(name: string, id: string, span: Span): Value | null {
  return GIVES_USER_ADDRESS.test(name) ? userAddress(id, `memory from ${name}()`, span, !/mmap|brk/.test(name)) : null;
}

// SPDX-License-Identifier: MIT
import type { CType, Declarator, Expression, FunctionDefinition } from '../syntax/ast';
import type { TargetFacts } from '../syntax/target';
import { walkStatement } from '../syntax/walk';
import type { Program } from './program';
import type { FunctionPlace, Unit } from './unit';

/** A parameter whose address space the structure decides that names the function, whatever it is called and how it is marked. */
export interface BufferRole {
  readonly struct: string;
  readonly field: string;
  /** Position of the buffer, and how many parameters such a function has. */
  readonly index: number;
  readonly parameters: number;
  readonly space: 'user' | 'kernel';
  /** The system call that brings it. */
  readonly from: string;
}

/** Its first release, as LINUX_VERSION_CODE, in which the kernel copies the buffer itself; before it passed the user's. */
interface Change {
  readonly kernelSince: number;
}

type Facts = readonly [index: number, parameters: number, space: 'user' | 'kernel' | Change, from: string];

/** Sources: docs/rules/missing-user-annotation.md. */
const HANDLERS: Readonly<Record<string, Readonly<Record<string, Facts>>>> = {
  file_operations: { read: [1, 4, 'user', 'read'], write: [1, 4, 'user', 'write'], unlocked_ioctl: [2, 3, 'user', 'ioctl'], compat_ioctl: [2, 3, 'user', 'ioctl'] },
  proc_ops: { proc_read: [1, 4, 'user', 'read'], proc_write: [1, 4, 'user', 'write'], proc_ioctl: [2, 3, 'user', 'ioctl'], proc_compat_ioctl: [2, 3, 'user', 'ioctl'] },
  tty_operations: { write: [1, 3, 'kernel', 'write'], ioctl: [2, 3, 'user', 'ioctl'] },
  bin_attribute: { read: [3, 6, 'kernel', 'read'], write: [3, 6, 'kernel', 'write'] },
  kernfs_ops: { read: [1, 4, 'kernel', 'read'], write: [1, 4, 'kernel', 'write'] },
  ctl_table: { proc_handler: [2, 5, { kernelSince: 0x050800 }, 'read'] },
  proto_ops: { getsockopt: [3, 5, 'user', 'getsockopt'] },
  proto: { getsockopt: [3, 5, 'user', 'getsockopt'] },
};
/** Since 5.9 it gets a sockptr_t, which is either. */
const SETSOCKOPT: Facts = [3, 5, 'user', 'setsockopt'];
const SOCKPTR_SINCE = 0x050900;
const MAX_DEPTH = 8;

export function bufferRole(struct: string, field: string, target: TargetFacts): BufferRole | undefined {
  const isSockopt = (struct === 'proto_ops' || struct === 'proto') && field === 'setsockopt' && target.version < SOCKPTR_SINCE;
  const facts = isSockopt ? SETSOCKOPT : HANDLERS[struct]?.[field];
  if (!facts) return undefined;
  const [index, parameters, where, from] = facts;
  const space = typeof where === 'string' ? where : target.version >= where.kernelSince ? 'kernel' : 'user';
  return { struct, field, index, parameters, space, from };
}

export interface Handler {
  readonly place: FunctionPlace;
  readonly buffer: BufferRole;
}

/** The handlers that a variable's initializer names, also in arrays and in structures of the module. */
export function handlersIn(program: Program, unit: Unit, { type, initializer }: Declarator): readonly Handler[] {
  const handlers: Handler[] = [];
  if (initializer) addHandlers(handlers, program, unit, type, initializer, 0);
  return handlers;
}

function addHandlers(handlers: Handler[], program: Program, unit: Unit, type: CType, value: Expression, depth: number): void {
  if ((value.kind !== 'initializer' && value.kind !== 'compound') || depth > MAX_DEPTH) return;
  const resolved = program.resolve(type);
  for (const { designators, value: inner } of value.items) {
    if (resolved.kind === 'array') addHandlers(handlers, program, unit, resolved.of, inner, depth + 1);
    const [field] = designators;
    if (resolved.kind !== 'struct' || typeof field !== 'string') continue;
    const buffer = bufferRole(resolved.tag, field, program.target);
    const name = functionNamed(inner);
    const place = buffer && name !== null ? program.findFunction(name, unit) : undefined;
    if (buffer && place) handlers.push({ place, buffer });
    else if (inner.kind === 'initializer' || inner.kind === 'compound') addHandlers(handlers, program, unit, program.typeAt(resolved, `.${field}`), inner, depth + 1);
  }
}

function functionNamed(value: Expression): string | null {
  if (value.kind === 'identifier') return value.name;
  return value.kind === 'cast' || (value.kind === 'unary' && value.operator === '&') ? functionNamed(value.operand) : null;
}

/** What `object.field = function` in a function's body says of it, by the type that the object is declared with. */
export function storedRole(program: Program, unit: Unit, within: FunctionDefinition, object: string, field: string): BufferRole | undefined {
  if (!Object.values(HANDLERS).some((fields) => field in fields) && field !== 'setsockopt') return undefined;
  const declared = program.resolve(declaredType(program, unit, within, object));
  const struct = declared.kind === 'pointer' ? program.resolve(declared.to) : declared;
  return struct.kind === 'struct' ? bufferRole(struct.tag, field, program.target) : undefined;
}

function declaredType(program: Program, unit: Unit, within: FunctionDefinition, name: string): CType {
  let type = within.parameters.find((parameter) => parameter.name === name)?.type;
  walkStatement(within.body, () => undefined, (statement) => {
    if (statement.kind === 'declaration') type ??= statement.declarators.find((declarator) => declarator.name === name)?.type;
  });
  return type ?? program.findGlobal(name, unit)?.object.type ?? { kind: 'unknown' };
}

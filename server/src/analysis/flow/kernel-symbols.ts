// SPDX-License-Identifier: MIT
import { fileOperation, kernelFunction } from '../../../../core/abi/kernel-functions';
import type { CType, Expression } from '../syntax/ast';
import type { Program } from './program';
import { UNKNOWN, type Value } from './values';

/** Wrappers that take `struct pt_regs *`, for syscalls of the target's own ABI. */
const REGS_PREFIX = { x86_64: /^__x64_sys_(\w+)$/, arm64: /^__arm64_sys_(\w+)$/, i386: /^__ia32_sys_(\w+)$/ } as const;
/** Functions that take the arguments themselves. */
const DIRECT_PREFIX = /^(?:ksys_|__se_sys_|__do_sys_|sys_)(\w+)$/;

/** What a symbol of the kernel is, where the analysis must know it. */
export function kernelSymbol(name: string, program: Program): Value | null {
  if (name === 'sys_call_table') return { kind: 'table', maybeNull: false };
  const regs = REGS_PREFIX[program.target.arch].exec(name)?.[1];
  const direct = regs === undefined ? DIRECT_PREFIX.exec(name)?.[1] : undefined;
  const entry = regs ?? direct;
  if (entry === undefined) return kernelFunction(name) ? { kind: 'symbol', name, maybeNull: false } : null;
  const syscall = program.abi.byEntry(entry) ?? program.abi.byName(entry);
  return syscall ? { kind: 'entry', syscall, convention: regs === undefined ? 'direct' : 'regs', maybeNull: false } : null;
}

/** `table[index]`: through the table itself, or by an index that names a syscall. */
export function tableEntry(base: Value, index: Value, program: Program): Value {
  if (base.kind === 'table') {
    const syscall = index.kind === 'integer' ? (program.abi.byNumber(Number(index.value)) ?? null) : null;
    return { kind: 'entry', syscall, convention: 'table', maybeNull: false };
  }
  const isAddress = base.kind === 'unknown' || base.kind === 'scalar' || base.kind === 'kernel' || (base.kind === 'integer' && base.value !== 0n);
  if (!isAddress || index.kind !== 'integer' || index.number === undefined) return UNKNOWN;
  const syscall = program.abi.byNumber(Number(index.value));
  return syscall ? { kind: 'entry', syscall, convention: 'table', maybeNull: false } : UNKNOWN;
}

/** `file->f_op->read`: a handler of whatever file it is. `type` is that of the structure or pointer before the field. */
export function fileHandlerOf({ object, field }: Member, type: CType, program: Program): Value | null {
  const struct = program.resolve(type.kind === 'pointer' ? type.to : type);
  const isOperations = (object.kind === 'member' && object.field === 'f_op') || (struct.kind === 'struct' && struct.tag === 'file_operations');
  const callee = isOperations ? fileOperation(field) : undefined;
  return callee ? { kind: 'symbol', name: callee.name, maybeNull: true } : null;
}

type Member = Extract<Expression, { kind: 'member' }>;

// SPDX-License-Identifier: MIT
import type { AbiSyscall } from '../../../../core/abi';
import { fileOperation, kernelFunction } from '../../../../core/abi/kernel-functions';
import type { Architecture } from '../../../../core/model/analysis';
import type { CType, Expression } from '../syntax/ast';
import type { Program } from './program';
import { UNKNOWN, type Value } from './values';

/** Wrappers that take `struct pt_regs *`, for syscalls of the target's own ABI. */
const WRAPPER: Readonly<Record<Architecture, RegExp>> = { x86_64: /^__x64_sys_(\w+)$/, arm64: /^__arm64_sys_(\w+)$/, i386: /^__ia32_sys_(\w+)$/ };
/** The same for 32-bit callers on x86-64. */
const COMPAT_WRAPPER = /^__ia32_(?:compat_)?sys_(\w+)$/;
/** Functions that take the arguments themselves. */
const DIRECT = /^(?:ksys_|__se_sys_|__do_sys_|sys_)(\w+)$/;
const COMPAT_DIRECT = /^compat_sys_(\w+)$/;
/** Functions of other names that take a syscall's arguments. */
const SAME_ARGUMENTS: ReadonlyMap<string, string> = new Map([['do_sys_open', 'openat']]);

/** What a symbol of the kernel is, where the analysis must know it. */
export function kernelSymbol(name: string, program: Program): Value | null {
  const { arch } = program.target;
  if (name === 'sys_call_table') return { kind: 'table', maybeNull: false };
  if (name === 'ia32_sys_call_table' && arch === 'x86_64') return { kind: 'table', compat: true, maybeNull: false };
  const own = WRAPPER[arch].exec(name)?.[1];
  if (own !== undefined) return entryOf(name, own, 'regs', false, program);
  const direct = SAME_ARGUMENTS.get(name) ?? DIRECT.exec(name)?.[1];
  if (direct !== undefined) return entryOf(name, direct, 'direct', false, program);
  const compat = arch === 'x86_64' ? COMPAT_WRAPPER.exec(name)?.[1] : undefined;
  if (compat !== undefined) return entryOf(name, compat, 'regs', true, program);
  const compatDirect = arch === 'x86_64' ? COMPAT_DIRECT.exec(name)?.[1] : undefined;
  if (compatDirect !== undefined) return entryOf(name, compatDirect, 'direct', true, program);
  return kernelFunction(name) ? { kind: 'symbol', name, maybeNull: false } : null;
}

function entryOf(symbol: string, entry: string, convention: 'regs' | 'direct', compat: boolean, program: Program): Value | null {
  const abi = compat ? program.compatAbi : program.abi;
  const syscall = abi.byEntry(entry) ?? abi.byName(entry);
  return syscall ? { kind: 'entry', syscall, convention, symbol, ...(compat ? { compat } : {}), maybeNull: false } : null;
}

const TABLE_NAME = /^(?:\w*_)?sys_?call_?table(?:_?(?:addr|address|ptr|pointer|p))?$/i;

/** A variable that is called like the table holds its address, where that comes from a number or a search of memory. */
export function tableByName(name: string, value: Value): Value {
  if (!TABLE_NAME.test(name)) return value;
  const isAddress = value.kind === 'unknown' || value.kind === 'scalar' || (value.kind === 'integer' && value.value !== 0n);
  return isAddress ? { kind: 'table', maybeNull: false } : value;
}

/** `table[index]`: through the table itself, or by an index that names a syscall. */
export function tableEntry(base: Value, index: Value, program: Program): Value {
  if (base.kind === 'table' && base.compat) {
    const syscall = index.kind === 'integer' && index.number === undefined ? program.compatAbi.byNumber(Number(index.value)) : undefined;
    return { kind: 'entry', syscall: syscall ?? null, convention: 'table', compat: true, maybeNull: false };
  }
  if (base.kind === 'table') {
    const syscall = index.kind === 'integer' ? (program.abi.byNumber(Number(index.value)) ?? null) : null;
    return { kind: 'entry', syscall, convention: 'table', maybeNull: false };
  }
  const isAddress = ['unknown', 'scalar', 'kernel', 'entry', 'symbol'].includes(base.kind) || (base.kind === 'integer' && base.value !== 0n);
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

/** The entry of the system call table that an address is of, or that a table's element is. */
export function entryAt(value: Value): { entry: AbiSyscall | null } | null {
  if (value.kind === 'slot') return value.certain ? { entry: value.syscall } : null;
  return value.kind === 'entry' && value.convention === 'table' ? { entry: value.syscall } : null;
}

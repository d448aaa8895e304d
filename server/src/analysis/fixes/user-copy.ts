// SPDX-License-Identifier: MIT
import type { AbiArgument, AbiSyscall } from '../../../../core/abi';
import type { Program } from '../flow/program';
import type { RecordedCall } from '../flow/recorder';
import { spaceOf } from '../flow/values';
import { visitsThatCount } from '../rules/user-arguments';
import { argumentOf, sameCall } from './findings';
import { calledPointer, parameterFor } from './callee';
import { Edits, editable, sourceOf } from './edits';
import { requireExports } from './exported';
import type { Fixer } from './fix';
import { needed, NotFixable } from './text-edit';
import { Operands } from './operands';
import { runsInProcess } from './process-context';
import { expressionsOf } from './statements';

/** Makes the call with a copy of the kernel's memory in the memory of the current process. */
export const userCopy: Fixer = ({ finding, program, calls }) => {
  const call = argumentOf(finding, calls)?.call;
  const syscall = call?.syscall;
  if (!call || !syscall || call.used !== 'regs' || call.takes !== 'regs' || call.abi.arch !== program.abi.arch) return null;
  const { place, expression } = call.code;
  const all = sameCall(call, calls);
  if (!all.every((other) => other.syscall === syscall && runsInProcess(other.code.entry, program)) || isArgument(call)) return null;
  const copies = kernelArguments(all, syscall).map((index) => copyOf(syscall, index, program));
  requireExports(program, ['vm_mmap', 'vm_munmap']);
  const pointer = calledPointer(expression.callee);
  const parameter = parameterFor(pointer, new Operands(program, call, calls).declaredType(pointer), place);
  const edits = new Edits();
  const name = edits.helper(place, `${syscall.name}_with_user_copy`, (free) => helperCode(free, parameter, copies));
  edits.include(editable(place.unit, expression).file, 'linux/err.h', 'linux/mm.h', 'linux/mman.h', 'linux/string.h', 'linux/uaccess.h', ...copies.flatMap(({ header }) => header ?? []));
  edits.replace(editable(place.unit, expression), `${name}(${sourceOf(place.unit, pointer)}, ${sourceOf(place.unit, needed(expression.arguments[0]))})`);
  return {
    id: 'user-copy',
    title: `Give ${syscall.name}() a copy in user memory`,
    note: 'It maps memory into the current process, so it works neither in a kernel thread nor in a timer or work item.',
    edits,
  };
};

/** Whether the call's value is handed on, so that its type must stay. */
function isArgument({ code: { place, expression } }: RecordedCall): boolean {
  return expressionsOf(place.definition.body).some((part) => part.kind === 'call' && part.arguments.includes(expression));
}

/** The user pointers that get an address of the kernel however the call is reached. @throws NotFixable when one does so only sometimes */
function kernelArguments(calls: readonly RecordedCall[], syscall: AbiSyscall): number[] {
  return (syscall.arguments ?? []).flatMap((argument, index) => {
    const spaces = calls.flatMap((call) => visitsThatCount(call).map((visit) => spaceOf(visit.arguments[index]?.value ?? { kind: 'unknown' })));
    if (!argument.user || !spaces.includes('kernel')) return [];
    if (spaces.some((space) => space !== 'kernel')) throw new NotFixable();
    return [index];
  });
}

interface Copy {
  readonly argument: AbiArgument;
  readonly register: string;
  readonly size: string;
  readonly header?: string;
}

/** Structures without pointers, by the type of the argument. */
const STRUCTS: Readonly<Record<string, string>> = {
  'struct stat': 'asm/stat.h', 'struct new_utsname': 'linux/utsname.h', 'struct sysinfo': 'linux/sysinfo.h', 'struct statfs': 'asm/statfs.h', 'struct __kernel_timespec': 'linux/time_types.h', 'struct rlimit': 'linux/resource.h',
};

function copyOf(syscall: AbiSyscall, index: number, { abi }: Program): Copy {
  const argument = needed(syscall.arguments?.[index]);
  const register = needed(abi.registers[index]);
  const type = argument.type.replace(/^const |\s*__user\s*\*$/g, '').trim();
  if (argument.length) {
    if (argument.length.unit !== 'bytes') throw new NotFixable();
    return { argument, register, size: `regs->${needed(abi.registers[argument.length.argument])}` };
  }
  if (argument.type === 'const char __user *') return { argument, register, size: `strlen((const char *)regs->${register}) + 1` };
  return { argument, register, size: `sizeof(${type})`, header: needed(STRUCTS[type]) };
}

function helperCode(name: string, parameter: string, copies: readonly Copy[]): string {
  const [first, ...others] = copies;
  if (!first) throw new NotFixable();
  const sizeName = (copy: Copy): string => (others.length === 0 ? 'size' : `${copy.argument.name}_size`);
  const sizes = copies.map((copy) => `\tsize_t ${sizeName(copy)} = ${copy.size};\n`);
  const places = copies.map((copy, at) => ['memory', ...copies.slice(0, at).map((before) => `ALIGN(${sizeName(before)}, 8)`)].join(' + '));
  const length = [...copies.slice(0, -1).map((copy) => `ALIGN(${sizeName(copy)}, 8)`), sizeName(copies.at(-1) ?? first)].join(' + ');
  const copyIn = copies.map((copy) => `copy_to_user((void __user *)user.${copy.register}, (const void *)regs->${copy.register}, ${sizeName(copy)})`);
  const copyOut = copies
    .filter(({ argument }) => !argument.type.startsWith('const') && argument.direction !== 'in')
    .map((copy) => `copy_from_user((void *)regs->${copy.register}, (const void __user *)user.${copy.register}, ${sizeName(copy)})`);
  const made = copyOut.length === 0 ? '\t\tret = call(&user);\n' : `\t\tret = call(&user);\n\t\tif (${copyOut.join(' ||\n\t\t    ')})\n\t\t\tret = -EFAULT;\n`;
  const open = copyOut.length > 0 ? ' {' : '';
  const close = copyOut.length > 0 ? '\t}\n' : '';
  return `/* The call with copies in memory of the current process: not for kernel threads, timers and work items. */
static long ${name}(${parameter}, const struct pt_regs *regs)
{
	struct pt_regs user = *regs;
${sizes.join('')}	unsigned long memory;
	long ret = -EFAULT;

	memory = vm_mmap(NULL, 0, ${length}, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(memory))
		return memory;
${copies.map((copy, at) => `\tuser.${copy.register} = ${places[at] ?? ''};\n`).join('')}	if (!${copyIn.join(' &&\n\t    !')})${open}
${made}${close}	vm_munmap(memory, ${length});
	return ret;
}
`;
}

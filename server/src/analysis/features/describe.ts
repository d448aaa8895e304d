// SPDX-License-Identifier: MIT
import { declare, describePrototype, type AbiArgument, type AbiSyscall, type SyscallAbi } from '../../../../core/abi';
import { userCheck, whyNoUserAddress } from '../../../../core/abi/user-checks';

const DIRECTION = { in: 'the kernel reads from it', out: 'the kernel writes to it', inout: 'the kernel reads from it and writes to it' } as const;

/** A syscall as a hover shows it: prototype with registers, number, and its user pointers. Markdown. */
export function describeSyscall(abi: SyscallAbi, syscall: AbiSyscall, version: number | null): string {
  const pointers = (syscall.arguments ?? []).flatMap((argument, index) => {
    const text = describePointer(abi, syscall, index, version);
    return text === null ? [] : [`- \`${argument.name}\` ${text}`];
  });
  const heading = `\`\`\`c\n${describePrototype(abi, syscall)}\n\`\`\`\nSystem call ${syscall.number}.`;
  return pointers.length === 0 ? heading : `${heading}\n\n${pointers.join('\n')}`;
}

/** One argument of a syscall: which it is, its declaration, and what a kernel address does there. Markdown. */
export function describeArgument(abi: SyscallAbi, syscall: AbiSyscall, index: number, version: number | null): string {
  const argument = syscall.arguments?.[index];
  if (!argument) return `\`${syscall.name}()\` does not read \`${abi.registers[index] ?? '?'}\`.`;
  const pointer = describePointer(abi, syscall, index, version);
  return `\`${abi.registers[index] ?? '?'}\`: argument ${index + 1} of \`${syscall.name}()\`, \`${declare(argument)}\`${pointer === null ? '.' : `\n\nThis ${pointer}`}`;
}

/** What the pointer is for; null for an argument that is no address. Begins with a verb, ends with a full stop. */
function describePointer(abi: SyscallAbi, syscall: AbiSyscall, index: number, version: number | null): string | null {
  const argument = syscall.arguments?.[index];
  if (!argument) return null;
  if (argument.pointerFor) {
    const commands = Object.keys(argument.pointerFor.values);
    const some = commands.slice(0, 3).join(', ');
    const command = syscall.arguments[argument.pointerFor.command]?.name ?? '';
    return `is a user pointer for some values of \`${command}\` only: ${some}${commands.length > 3 ? ', …' : ''}.`;
  }
  if (argument.address) return 'is an address of the process, which the kernel does not read or write through.';
  if (!argument.user) return null;
  const direction = argument.direction ? `: ${DIRECTION[argument.direction]}` : '';
  return `is a user pointer${direction}${describeLength(argument, syscall)}. ${ofKernelAddress(abi, syscall, index, version)}`;
}

function describeLength({ length }: AbiArgument, syscall: AbiSyscall): string {
  const name = length && syscall.arguments?.[length.argument]?.name;
  if (!length || name === undefined) return '';
  return length.unit === 'bytes' ? `, \`${name}\` bytes` : length.unit === 'items' ? `, \`${name}\` items` : `, \`*${name}\` bytes`;
}

function ofKernelAddress(abi: SyscallAbi, syscall: AbiSyscall, index: number, version: number | null): string {
  switch (syscall.arguments?.[index]?.failure) {
    case 'faults':
      return `A kernel address there returns -EFAULT: ${userCheck(syscall, index)} refuses it, as ${whyNoUserAddress(abi.arch, version)}.`;
    case 'otherwise':
      return 'A kernel address there fails, but not with -EFAULT.';
    case 'silent':
      return 'A kernel address there is taken without a check.';
    default:
      return 'What a kernel address does there depends on the other arguments.';
  }
}

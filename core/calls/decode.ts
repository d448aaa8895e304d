// SPDX-License-Identifier: MIT
import { syscallAbi, type AbiArgument, type SyscallAbi } from '../abi';
import { areaOf, type AddressArea, type AddressSpace } from '../abi/address-space';
import { errnoEntry } from '../abi/errno';
import { argumentMeaning, describeFlags } from '../abi/flags';
import type { Architecture, Call } from '../model';

/** One argument of a recorded call, as the syscall takes it. */
export interface DecodedArgument {
  readonly name: string;
  readonly type: string;
  readonly register: string;
  /** The whole register. */
  readonly value: bigint;
  /** As strace would print it: `1`, `O_WRONLY|O_CREAT`, `0xffffffffc02e23e0`. */
  readonly text: string;
  /** The syscall takes 32 bits or fewer of it, and the others are not their extension. */
  readonly truncated: boolean;
  /** `holds`: the first bytes of what lay there, as strace prints them; null when they were not read. */
  readonly pointer: { readonly area: AddressArea; readonly user: boolean; readonly holds: string | null } | null;
}

const ERESTARTSYS = 512;
const AT_FDCWD = -100n;
const POINTER_BITS: Readonly<Record<Architecture, number>> = { x86_64: 64, arm64: 64, i386: 32 };

/** Width and sign of an argument's C type; types that are not known are as wide as a register. */
function integerType(type: string, arch: Architecture): { bits: number; signed: boolean } {
  const word = POINTER_BITS[arch];
  switch (type.replaceAll(/\b(?:const|volatile)\b/g, '').trim()) {
    case 'int':
    case 'pid_t':
    case 'clockid_t':
    case 'timer_t':
    case 'key_t':
    case 'mqd_t':
    case 'rwf_t':
    case 'key_serial_t':
    case '__s32':
    case 's32':
      return { bits: 32, signed: true };
    case 'unsigned':
    case 'unsigned int':
    case 'uid_t':
    case 'gid_t':
    case 'qid_t':
    case 'u32':
    case '__u32':
      return { bits: 32, signed: false };
    case 'umode_t':
      return { bits: 16, signed: false };
    case 'long':
    case 'off_t':
    case 'ssize_t':
      return { bits: word, signed: true };
    case 'loff_t':
      return { bits: 64, signed: true };
    default:
      return { bits: word, signed: false };
  }
}

/** The number as its type holds it. A register whose rest is its zero or sign extension loses nothing. */
function narrow(register: bigint, { bits, signed }: { bits: number; signed: boolean }): { value: bigint; truncated: boolean } {
  const value = signed ? BigInt.asIntN(bits, register) : BigInt.asUintN(bits, register);
  const extensions = [BigInt.asUintN(bits, register), BigInt.asUintN(64, BigInt.asIntN(bits, register))];
  return { value, truncated: !extensions.includes(register) };
}

function numberText(value: bigint, bits: number, arch: Architecture, syscall: string, argument: AbiArgument): string {
  const meaning = argumentMeaning(arch, syscall, argument.name);
  switch (meaning?.kind) {
    case 'flags':
      return describeFlags(BigInt.asUintN(bits, value), meaning.set);
    case 'names':
      return meaning.names.get(value) ?? String(value);
    case 'descriptor': {
      const descriptor = BigInt.asIntN(32, value);
      return descriptor === AT_FDCWD ? 'AT_FDCWD' : String(descriptor);
    }
    case 'mode':
      return `0${value.toString(8)}`;
    default:
      return value > 0xffffffffn ? `0x${value.toString(16)}` : String(value);
  }
}

const ESCAPES: Readonly<Record<number, string>> = { 0x09: '\\t', 0x0a: '\\n', 0x0d: '\\r', 0x22: '\\"', 0x5c: '\\\\' };

/** `"hello\n"...` */
function bytesText(hex: string, isWhole: boolean): string {
  const text = [...Buffer.from(hex, 'hex')].map((byte) => ESCAPES[byte] ?? (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`));
  return `"${text.join('')}"${isWhole ? '' : '...'}`;
}

/** What lay in the buffer of an argument, as far as it was read. */
function bufferText(call: Call, argument: number, length: string | undefined): string | null {
  const hex = call.buffers?.find((buffer) => buffer.argument === argument)?.bytes;
  return hex === undefined ? null : bytesText(hex, length !== undefined && BigInt(length) === BigInt(hex.length / 2));
}

/** The arguments of a call by its prototype; null when its registers were not read or it has no prototype. */
export function decodeArguments(call: Call, space: AddressSpace, abi: SyscallAbi = syscallAbi(space.arch)): DecodedArgument[] | null {
  const prototype = abi.byName(call.syscall)?.arguments;
  const { registers } = call;
  if (!registers || !prototype) return null;
  return prototype.flatMap((argument, index): DecodedArgument[] => {
    const register = registers[index];
    if (!register) return [];
    const whole = BigInt(register.value);
    const base = { name: argument.name, type: argument.type, register: register.name, value: whole };
    if (argument.type.includes('*')) {
      const text = whole === 0n ? 'NULL' : `0x${whole.toString(16)}`;
      const length = argument.length?.unit === 'bytes' ? registers[argument.length.argument]?.value : undefined;
      return [{ ...base, text, truncated: false, pointer: { area: areaOf(whole, space), user: argument.user, holds: bufferText(call, index, length) } }];
    }
    const type = integerType(argument.type, space.arch);
    const { value, truncated } = narrow(whole, type);
    return [{ ...base, text: numberText(value, type.bits, space.arch, call.syscall, argument), truncated, pointer: null }];
  });
}

/** A result as a person reads it: `-14 EFAULT (Bad address)`, `4`, `?` with the reason when it is not known. */
export function describeResult(call: Call): string {
  if (call.result === null) return call.status === 'returned' ? `? (${call.unknownBecause ?? 'not known'})` : `? <${call.status === 'unfinished' ? 'unfinished' : 'return lost'}>`;
  const entry = call.errno === null ? null : errnoEntry(-call.result);
  if (!entry) return String(call.result);
  // These never reach user space; a caller in the kernel gets them as they are.
  const untranslated = -call.result >= ERESTARTSYS ? ', for the kernel only' : '';
  return `${call.result} ${entry.name} (${entry.text}${untranslated})`;
}

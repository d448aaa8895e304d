// SPDX-License-Identifier: MIT
import type { CType, Expression } from '../syntax/ast';
import type { Frame } from './frame';
import type { Program } from './program';
import { integer, spaceOf, truthOf, UNKNOWN, type Value } from './values';

interface IntegerType {
  readonly bits: number;
  readonly signed: boolean;
}

const LONG_TYPES = /^(?:unsigned long(?: int)?|long unsigned(?: int)?|ulong|size_t|uintptr_t|__kernel_size_t|__kernel_ulong_t|kernel_ulong_t|phys_addr_t|resource_size_t)$/;
const SIGNED_LONG_TYPES = /^(?:(?:signed )?long(?: int)?|ssize_t|intptr_t|ptrdiff_t|__kernel_long_t)$/;
const FIXED: ReadonlyMap<string, IntegerType> = new Map(
  Object.entries({
    'char': [8, true], 'signed char': [8, true], 'unsigned char': [8, false], 'u8': [8, false], 's8': [8, true], '__u8': [8, false], '__s8': [8, true], 'uint8_t': [8, false], 'int8_t': [8, true],
    'short': [16, true], 'unsigned short': [16, false], 'u16': [16, false], 's16': [16, true], '__u16': [16, false], '__s16': [16, true], 'uint16_t': [16, false], 'int16_t': [16, true], 'umode_t': [16, false],
    'int': [32, true], 'signed': [32, true], 'signed int': [32, true], 'unsigned': [32, false], 'unsigned int': [32, false], 'uint': [32, false], 'u32': [32, false], 's32': [32, true],
    '__u32': [32, false], '__s32': [32, true], 'uint32_t': [32, false], 'int32_t': [32, true], 'pid_t': [32, true], 'uid_t': [32, false], 'gid_t': [32, false], 'dev_t': [32, false], 'gfp_t': [32, false],
    'long long': [64, true], 'unsigned long long': [64, false], 'u64': [64, false], 's64': [64, true], '__u64': [64, false], '__s64': [64, true], 'uint64_t': [64, false], 'int64_t': [64, true], 'loff_t': [64, true],
    'bool': [1, false], '_Bool': [1, false],
  }).map(([name, [bits, signed]]) => [name, { bits: Number(bits), signed: signed === true }]),
);

/** Integer types, with typedefs followed; null for any other type. */
export function integerType(type: CType, program: Program): IntegerType | null {
  const resolved = program.resolve(type);
  if (resolved.kind !== 'named') return null;
  const word = program.target.arch === 'i386' ? 32 : 64;
  if (LONG_TYPES.test(resolved.name)) return { bits: word, signed: false };
  if (SIGNED_LONG_TYPES.test(resolved.name)) return { bits: word, signed: true };
  return FIXED.get(resolved.name) ?? null;
}

/** What a value becomes in a variable or cast of a type. Addresses survive in anything that can hold them. */
export function convert(value: Value, type: CType, program: Program): Value {
  const target = integerType(type, program);
  if (!target) return value;
  if (target.bits === 1) {
    const truth = truthOf(value);
    if (truth === 'either') return { kind: 'scalar', low: 0n, high: 1n, nonzero: false };
    return integer(truth === 'true' || truth === 'assumedTrue' ? 1n : 0n, truth.startsWith('assumed'));
  }
  if (value.kind === 'integer') {
    const wrapped = target.signed ? BigInt.asIntN(target.bits, value.value) : BigInt.asUintN(target.bits, value.value);
    return wrapped === value.value ? value : { ...value, value: wrapped };
  }
  if (value.kind === 'scalar') {
    const low = target.signed ? -(1n << BigInt(target.bits - 1)) : 0n;
    const high = (1n << BigInt(target.signed ? target.bits - 1 : target.bits)) - 1n;
    const fits = value.low !== null && value.high !== null && value.low >= low && value.high <= high;
    if (fits || (target.signed && target.bits >= 32)) return value;
    const keep = value.low !== null && value.low >= low;
    return { kind: 'scalar', low: keep ? value.low : null, high: null, nonzero: target.bits >= 32 && value.nonzero, ...(value.symbol && target.bits >= 32 ? { symbol: value.symbol } : {}), ...(value.result === undefined ? {} : { result: value.result }) };
  }
  if (spaceOf(value) === 'unknown') return value;
  return target.bits >= (program.target.arch === 'i386' ? 32 : 64) ? value : UNKNOWN;
}

/** `struct pt_regs` */
export function isRegisters(type: CType, program: Program): boolean {
  const resolved = program.resolve(type);
  return resolved.kind === 'struct' && resolved.tag === 'pt_regs';
}

/** Bytes of a type, null when not known. */
export function sizeOf(type: CType, program: Program, depth = 0): number | null {
  const resolved = program.resolve(type);
  const word = program.target.arch === 'i386' ? 4 : 8;
  if (resolved.kind === 'pointer' || resolved.kind === 'function') return word;
  if (resolved.kind === 'array' && depth < 8) {
    const count = program.arraySize(resolved);
    const size = sizeOf(resolved.of, program, depth + 1);
    return count === null || size === null ? null : count * size;
  }
  const target = integerType(resolved, program);
  return target ? Math.ceil(target.bits / 8) : null;
}

/** The type of an expression as far as declarations tell. */
export function typeOf(expression: Expression, frame: Frame, program: Program, depth = 0): CType {
  const unknown: CType = { kind: 'unknown' };
  if (depth > 40) return unknown;
  const of = (inner: Expression): CType => program.resolve(typeOf(inner, frame, program, depth + 1));
  switch (expression.kind) {
    case 'identifier': {
      const local = frame.lookup(expression.name);
      if (local) return local.type;
      const global = program.findGlobal(expression.name, frame.unit);
      if (global) return global.object.type;
      const found = program.findFunction(expression.name, frame.unit);
      return found ? { kind: 'function', returns: found.definition.returns, parameters: found.definition.parameters } : unknown;
    }
    case 'cast':
    case 'compound':
      return expression.type;
    case 'string':
      return { kind: 'pointer', to: { kind: 'named', name: 'char' }, user: false };
    case 'unary': {
      if (expression.operator === '&') return { kind: 'pointer', to: of(expression.operand), user: false };
      if (expression.operator !== '*') return of(expression.operand);
      const pointer = of(expression.operand);
      return pointer.kind === 'pointer' ? pointer.to : pointer.kind === 'array' ? pointer.of : pointer.kind === 'function' ? pointer : unknown;
    }
    case 'index': {
      const base = of(expression.object);
      return base.kind === 'pointer' ? base.to : base.kind === 'array' ? base.of : unknown;
    }
    case 'member': {
      const base = of(expression.object);
      const struct = expression.arrow ? (base.kind === 'pointer' ? program.resolve(base.to) : unknown) : base;
      return program.typeAt(struct, `.${expression.field}`);
    }
    case 'call': {
      const callee = of(expression.callee);
      const called = callee.kind === 'pointer' ? program.resolve(callee.to) : callee;
      return called.kind === 'function' ? called.returns : unknown;
    }
    case 'binary':
      return /^[+-]$/.test(expression.operator) ? of(expression.left) : unknown;
    case 'assign':
      return of(expression.left);
    case 'conditional':
      return expression.yes ? of(expression.yes) : unknown;
    case 'comma':
      return of(expression.right);
    default:
      return unknown;
  }
}

// SPDX-License-Identifier: MIT
import type { Architecture, PreflightLine } from '../model';
import type { ModuleParameter } from './modinfo';
import { listed, ok, warning } from './preflight-line';

/** Bits of the kernel's integer types; 0 for a long. */
const INTEGERS: Readonly<Record<string, { readonly bits: number; readonly signed: boolean }>> = {
  byte: { bits: 8, signed: false },
  hexint: { bits: 32, signed: false },
  short: { bits: 16, signed: true },
  ushort: { bits: 16, signed: false },
  int: { bits: 32, signed: true },
  uint: { bits: 32, signed: false },
  long: { bits: 0, signed: true },
  ulong: { bits: 0, signed: false },
  ullong: { bits: 64, signed: false },
};
const ARRAY = 'array of ';
const BOOLS = new Set(['bool', 'invbool', 'bint']);

/** kstrtoint() and its kin with base 0: `-` only for signed types, `0x` hexadecimal, a leading 0 octal. */
function parseInteger(text: string): bigint | null {
  const [, sign = '', digits = ''] = /^([-+]?)(0x[0-9a-f]+|[0-9]+)$/i.exec(text) ?? [];
  if (digits === '') return null;
  const octal = /^0[0-9]+$/.test(digits);
  if (octal && !/^[0-7]+$/.test(digits)) return null;
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  return sign === '-' ? -value : value;
}

/** Why the kernel would refuse a value of one element; null when it would not, or when the type is not one of the kernel's own. */
function problemOf(type: string, value: string, arch: Architecture): string | null {
  if (BOOLS.has(type)) return /^(?:[ynYNtTfF01]|[oO][nNfF])/.test(value) || (value === '' && type === 'bool') ? null : 'takes y or n';
  const integer = INTEGERS[type];
  if (!integer) return null;
  const number = parseInteger(value);
  if (number === null) return `takes ${type === 'hexint' ? 'a hexadecimal number' : 'a whole number'}`;
  const bits = BigInt(integer.bits === 0 ? (arch === 'i386' ? 32 : 64) : integer.bits);
  const [low, high] = integer.signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  return number < low || number > high ? `takes ${low} to ${high}` : null;
}

/** What is wrong with a value for a parameter of the kernel's own types (kernel/params.c): `count takes a whole number, not "x"`. */
export function parameterProblem(parameter: ModuleParameter, value: string, arch: Architecture): string | null {
  const type = parameter.type ?? '';
  const elements = type.startsWith(ARRAY) ? value.split(',') : [value];
  const element = type.startsWith(ARRAY) ? type.slice(ARRAY.length) : type;
  for (const one of elements) {
    const problem = problemOf(element, one, arch);
    if (problem !== null) return `${parameter.name} ${problem}, not ${JSON.stringify(one.slice(0, 40))}`;
  }
  return null;
}

/** One line on the given parameters: unknown names are ignored by the kernel, values that do not parse make it refuse. */
export function checkParameters(known: readonly ModuleParameter[], given: Readonly<Record<string, string>>, arch: Architecture): PreflightLine {
  const check = 'parameters';
  const problems = Object.entries(given).flatMap(([name, value]) => {
    const parameter = known.find((candidate) => candidate.name === name);
    return parameter ? (parameterProblem(parameter, value, arch) ?? []) : [];
  });
  if (problems.length > 0) return warning(check, `The kernel will refuse a value: ${problems.join('; ')}.`, 'Correct the value.');
  const unknown = Object.keys(given).filter((name) => !known.some((parameter) => parameter.name === name));
  if (unknown.length === 0) return ok(check, Object.keys(given).length === 0 ? 'No parameter is given.' : 'The module has every parameter that is given.');
  const have = known.length === 0 ? 'It has none.' : `It has ${listed(known.map(({ name }) => name))}.`;
  return warning(check, `The module has no parameter ${unknown.join(', ')}: the kernel will ignore it.`, `Check the name. ${have}`);
}

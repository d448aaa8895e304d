// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { Architecture } from '../../core/model/analysis';
import { evaluateCondition } from '../../server/src/analysis/syntax/condition';
import { tokenize } from '../../server/src/analysis/syntax/lexer';
import { ARGUMENT_NAMES, MISSING_PROTOTYPES, MISSING_USER } from './prototypes';

/** An argument as the header declares it. */
export interface DeclaredArgument {
  readonly name: string;
  readonly type: string;
  readonly user: boolean;
}

export type Prototypes = ReadonlyMap<string, readonly DeclaredArgument[]>;

export interface SyscallNumber {
  readonly number: number;
  readonly name: string;
  /** The kernel's function without `sys_`; `ni_syscall` where there is none. */
  readonly entry: string;
}

/** Where the headers of one kernel lie. */
export interface KernelHeaders {
  /** `…/linux-headers-RELEASE`: generated tables of x86. */
  readonly own: string;
  /** `…/linux-headers-VERSION-common`: prototypes, and the table of arm64. */
  readonly common: string;
}

/** What decides the `#if`s of the headers that hold numbers and prototypes. */
const DEFINED: Readonly<Record<Architecture, readonly string[]>> = {
  x86_64: ['__ARCH_WANT_SYS_UTIME', 'CONFIG_OLD_SIGSUSPEND3', 'CONFIG_OLD_SIGACTION'],
  i386: ['__ARCH_WANT_STAT64', '__ARCH_WANT_SYS_UTIME', 'CONFIG_OLD_SIGSUSPEND3', 'CONFIG_OLD_SIGACTION', 'CONFIG_HAVE_UID16', '__ARCH_WANT_SYS_OLD_GETRLIMIT', 'CONFIG_ARCH_SPLIT_ARG64', 'CONFIG_CLONE_BACKWARDS'],
  arm64: ['__ARCH_WANT_RENAMEAT', '__ARCH_WANT_NEW_STAT', '__ARCH_WANT_SET_GET_RLIMIT', '__ARCH_WANT_TIME32_SYSCALLS', '__ARCH_WANT_SYS_CLONE3', '__ARCH_WANT_MEMFD_SECRET', 'CONFIG_CLONE_BACKWARDS'],
};

/** The lines of a header that are left after its `#if`s. */
function activeLines(text: string, arch: Architecture): string[] {
  const names = new Set(DEFINED[arch]);
  const bits = arch === 'i386' ? '32' : '64';
  const truth = (condition: string): boolean => {
    const resolved = condition.replace(/defined\s*\(?\s*(\w+)\s*\)?/g, (_all, name: string) => (names.has(name) ? '1' : '0')).replace(/\b(?:__BITS_PER_LONG|BITS_PER_LONG)\b/g, bits);
    return evaluateCondition(tokenize(resolved), () => 0n) !== 0n;
  };
  const stack: { active: boolean; taken: boolean; outer: boolean }[] = [];
  const lines: string[] = [];
  for (const line of text.replace(/\/\*[^]*?\*\//g, ' ').replace(/\\\n/g, ' ').split('\n')) {
    const directive = /^\s*#\s*(ifdef|ifndef|if|elif|else|endif)\b(.*)$/.exec(line);
    const top = stack.at(-1);
    const active = top?.active ?? true;
    if (!directive) {
      if (active) lines.push(line);
      continue;
    }
    const argument = (directive[2] ?? '').trim();
    if (directive[1] === 'endif') stack.pop();
    else if (directive[1] === 'else' || directive[1] === 'elif') {
      if (!top) continue;
      top.active = top.outer && !top.taken && (directive[1] === 'else' || truth(argument));
      top.taken ||= top.active;
    } else {
      const yes = directive[1] === 'ifdef' ? names.has(argument) : directive[1] === 'ifndef' ? !names.has(argument) : truth(argument);
      stack.push({ active: active && yes, taken: yes, outer: active });
    }
  }
  return lines;
}

const TYPE_WORDS = new Set(['int', 'long', 'unsigned', 'char', 'short', 'signed', 'size_t', 'void', 'umode_t']);

function parseArgument(text: string, index: number): DeclaredArgument {
  const words = text.replace(/\s+/g, ' ').replace(/\*/g, ' * ').trim().split(/\s+/);
  const last = words.at(-1) ?? '';
  const named = words.length > 1 && /^\w+$/.test(last) && !TYPE_WORDS.has(last) && !['struct', 'union', 'enum', '__user'].includes(words.at(-2) ?? '');
  const type = (named ? words.slice(0, -1) : words).join(' ').replace(/\* (?=\*)/g, '*').trim();
  const name = named ? last.replace(/^_(?=[a-z])/, '') : `arg${index + 1}`;
  return { name, type, user: /\b__user\b/.test(type) || /^(?:const )?cap_user_(?:header|data)_t$/.test(type) };
}

/** Entry name (without `sys_`) → arguments, from include/linux/syscalls.h with the documented exceptions. */
export function readPrototypes({ common }: KernelHeaders, arch: Architecture): Prototypes {
  const prototypes = new Map(MISSING_PROTOTYPES);
  for (const header of ['include/asm-generic/syscalls.h', 'include/linux/syscalls.h']) {
    const text = activeLines(fs.readFileSync(path.join(common, header), 'utf8'), arch).join('\n');
    for (const match of text.matchAll(/asmlinkage\s+long\s+sys_(\w+)\s*\(([^;]*?)\)\s*;/g)) {
      const [, entry = '', list = ''] = match;
      if (entry === 'rt_sigreturn' || entry === 'ni_syscall') continue;
      const parts = list.trim() === 'void' ? [] : list.split(',');
      const names = ARGUMENT_NAMES[entry === 'clone' && DEFINED[arch].includes('CONFIG_CLONE_BACKWARDS') ? 'clone_backwards' : entry] ?? [];
      prototypes.set(entry, parts.map((part, index) => {
        const argument = parseArgument(part, index);
        return argument.name === `arg${index + 1}` ? { ...argument, name: names[index] ?? argument.name } : argument;
      }));
    }
  }
  for (const [entry, index] of MISSING_USER) {
    const list = prototypes.get(entry);
    if (list) prototypes.set(entry, list.map((argument, at) => (at === index && !argument.user ? { ...argument, type: argument.type.replace(/\*$/, '__user *'), user: true } : argument)));
  }
  return prototypes;
}

/** Numbers and the functions behind them, from the tables that the kernel's own build made. */
export function readNumbers(headers: KernelHeaders, arch: Architecture): SyscallNumber[] {
  return arch === 'arm64' ? genericNumbers(headers) : x86Numbers(headers, arch === 'i386' ? '32' : '64');
}

function x86Numbers({ own }: KernelHeaders, bits: '32' | '64'): SyscallNumber[] {
  const generated = path.join(own, 'arch/x86/include/generated');
  const entries = new Map(
    [...fs.readFileSync(path.join(generated, `asm/syscalls_${bits}.h`), 'utf8').matchAll(/^__SYSCALL\w*\((\d+), sys_(\w+)/gm)].map(([, number, entry = '']) => [Number(number), entry]),
  );
  return [...fs.readFileSync(path.join(generated, `uapi/asm/unistd_${bits}.h`), 'utf8').matchAll(/^#define __NR_(?!syscalls )(\w+) (\d+)$/gm)].map(([, name = '', number]) => {
    return { name, number: Number(number), entry: entries.get(Number(number)) ?? 'ni_syscall' };
  });
}

function genericNumbers({ common }: KernelHeaders): SyscallNumber[] {
  const numbers = new Map<string, number>();
  const entries = new Map<string, string>();
  for (const line of activeLines(fs.readFileSync(path.join(common, 'include/uapi/asm-generic/unistd.h'), 'utf8'), 'arm64')) {
    const define = /^#define __NR(?:3264)?_(\w+) (\d+)/.exec(line);
    if (define?.[1] !== undefined) numbers.set(define[1], Number(define[2]));
    const entry = /^__S\w*\(__NR(?:3264)?_(\w+),\s*(?:sys_(\w+))(?:,\s*sys_(\w+))?/.exec(line);
    if (entry?.[1] !== undefined && entry[2] !== undefined) entries.set(entry[1], (line.includes('3264(') ? entry[3] : undefined) ?? entry[2]);
  }
  const rename: Readonly<Record<string, string>> = { fstatat: 'newfstatat' };
  return [...numbers].filter(([name]) => entries.has(name)).map(([name, number]) => ({ name: rename[name] ?? name, number, entry: entries.get(name) ?? name }));
}

// SPDX-License-Identifier: MIT
import { declare, type AbiSyscall } from '../../../../core/abi';
import type { Finding } from '../../../../core/model/analysis';
import type { RecordedCall, RegisterStores } from '../flow/recorder';
import { rangeOf, type Span } from '../syntax/source';
import { related, type Rule } from './rule';

type Store = RegisterStores['unread'][number];

/** An argument in a register that the syscall does not read, set for this call and for no other. */
export const wrongRegister: Rule = (calls, _program, { readElsewhere }) => {
  const suspects = calls.flatMap((call) => (call.syscall && call.takes === 'regs' && isSuspect(call) ? [{ call, syscall: call.syscall, unread: onEveryPath(call) }] : []));
  if (suspects.every(({ unread }) => unread.length === 0)) return [];
  const used = new Set([...readElsewhere, ...calls.flatMap((call) => call.visits.flatMap((visit) => visit.registers?.read ?? []))].map(keyOf));
  const findings = new Map<string, Finding>();
  for (const { call, syscall, unread } of suspects) {
    for (const store of unread) {
      const key = keyOf(store.stored);
      if (!used.has(key) && !findings.has(key)) findings.set(key, describe(call, syscall, store));
    }
  }
  return [...findings.values()];
};

/** Whether anything at all is put where it is not read. */
function isSuspect({ visits }: RecordedCall): boolean {
  return (visits[0]?.registers?.unread.length ?? 0) > 0;
}

function onEveryPath({ visits }: RecordedCall): readonly Store[] {
  const [first, ...others] = visits.map((visit) => visit.registers?.unread ?? []);
  return (first ?? []).filter((store) => others.every((list) => list.some((other) => other.register === store.register && keyOf(other.stored) === keyOf(store.stored))));
}

function keyOf({ file, start, end }: Span): string {
  return `${file.path} ${start} ${end}`;
}

function describe(call: RecordedCall, syscall: AbiSyscall, { register, stored, object }: Store): Finding {
  return {
    rule: 'wrong-register',
    severity: 'warning',
    file: stored.file.path,
    range: rangeOf(stored),
    message: `${syscall.name}() does not read what is put into '${object.name}.${register}': ${reason(call, syscall, register)}.`,
    related: [related(call.expression, `${syscall.name}() is called here.`)],
  };
}

function reason({ abi }: RecordedCall, syscall: AbiSyscall, register: string): string {
  const list = syscall.arguments ?? [];
  const fourth = list[3];
  if (abi.arch === 'x86_64' && register === 'cx' && fourth) return `its argument 4 (${declare(fourth)}) is read from r10, as the SYSCALL instruction overwrites rcx`;
  if (!abi.registers.includes(register)) return `system calls of ${abi.arch} take their arguments in ${abi.registers.join(', ')}`;
  if (list.length === 0) return 'it takes no arguments';
  return `it takes ${list.length === 1 ? '1 argument' : `${list.length} arguments`}, in ${abi.registers.slice(0, list.length).join(', ')}`;
}

// SPDX-License-Identifier: MIT
import { declare, type AbiSyscall } from '../../../../core/abi';
import type { Finding } from '../../../../core/model/analysis';
import type { RecordedCall, RegisterStores } from '../flow/recorder';
import { rangeOf, sameSpan, type SourceText, type Span } from '../syntax/source';
import { related, type Rule } from './rule';

type Store = RegisterStores['unread'][number];

/** An argument in a register that the syscall does not read, set for this call and for no other. */
export const wrongRegister: Rule = (calls, _program, { readElsewhere }) => {
  const suspects = calls.flatMap((call) => (call.syscall && call.takes === 'regs' && isSuspect(call) ? [{ call, syscall: call.syscall, unread: onEveryPath(call) }] : []));
  if (suspects.every(({ unread }) => unread.length === 0)) return [];
  const used = new SpanSet();
  for (const span of readElsewhere) used.add(span);
  for (const { visits } of calls) for (const { registers } of visits) for (const span of registers?.read ?? []) used.add(span);
  const findings = new Map<string, Finding>();
  for (const { call, syscall, unread } of suspects) {
    for (const store of unread) {
      if (used.has(store.stored)) continue;
      const key = keyOf(store.stored);
      if (!findings.has(key)) findings.set(key, describe(call, syscall, store));
    }
  }
  return [...findings.values()];
};

/** Whether anything at all is put where it is not read. */
function isSuspect({ visits }: RecordedCall): boolean {
  return (visits[0]?.registers?.unread.length ?? 0) > 0;
}

function onEveryPath({ visits }: RecordedCall): readonly Store[] {
  const [first, ...others] = visits;
  return (first?.registers?.unread ?? []).filter((store) => others.every(({ registers }) => registers?.unread.some((other) => other.register === store.register && sameSpan(other.stored, store.stored))));
}

/** Above every offset in a file. */
const OFFSETS = 2 ** 24;

/** Places of the text. There are thousands of them after each edit, so none makes a text of its own. */
class SpanSet {
  private readonly byFile = new Map<SourceText, Set<number>>();

  add({ file, start, end }: Span): void {
    const own = this.byFile.get(file) ?? new Set();
    this.byFile.set(file, own.add(start * OFFSETS + end));
  }

  has({ file, start, end }: Span): boolean {
    return this.byFile.get(file)?.has(start * OFFSETS + end) === true;
  }
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

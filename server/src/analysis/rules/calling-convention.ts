// SPDX-License-Identifier: MIT
import { declare, type AbiSyscall } from '../../../../core/abi';
import type { Architecture, Finding } from '../../../../core/model/analysis';
import type { RecordedCall } from '../flow/recorder';
import { rangeOf } from '../syntax/source';
import type { Rule } from './rule';

/** First release whose table entries take registers; sources: docs/rules/calling-convention.md. */
const SINCE: Readonly<Record<Architecture, string>> = { x86_64: '4.17', arm64: '4.19', i386: '5.7' };

/** Arguments handed over one by one to an entry that reads them from struct pt_regs, or the other way round. */
export const callingConvention: Rule = (calls, { target }) => {
  const findings = new Map<string, Finding>();
  for (const call of calls) {
    const { syscall, used, takes, expression } = call;
    if (!syscall || syscall.arguments?.length === 0 || used === 'either' || used === takes) continue;
    findings.set(`${expression.file.path} ${expression.start}`, {
      rule: 'calling-convention',
      severity: target.versionIsKnown ? 'error' : 'warning',
      file: expression.file.path,
      range: rangeOf(expression),
      message: takes === 'regs' ? givenArguments(call, syscall, target.arch) : givenRegisters(call, syscall, target.arch),
      related: [],
    });
  }
  return [...findings.values()];
};

function givenArguments({ symbol }: RecordedCall, syscall: AbiSyscall, arch: Architecture): string {
  const entry = symbol === null ? `since Linux ${SINCE[arch]} an entry of the ${arch} system call table` : `${symbol}()`;
  return `${syscall.name}() is called with its arguments, but ${entry} takes one struct pt_regs *: it takes the first argument for that address, which normally ends in an oops. Put the arguments into a struct pt_regs and pass its address.`;
}

function givenRegisters({ symbol }: RecordedCall, syscall: AbiSyscall, arch: Architecture): string {
  const entry = symbol === null ? `before Linux ${SINCE[arch]} an entry of the ${arch} system call table` : `${symbol}()`;
  const [first] = syscall.arguments ?? [];
  return `${syscall.name}() is called with a struct pt_regs *, but ${entry} takes the arguments themselves: it takes the address for ${first ? `'${declare(first)}'` : 'the first'}. Call it with the arguments.`;
}

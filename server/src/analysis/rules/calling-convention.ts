// SPDX-License-Identifier: MIT
import type { Finding } from '../../../../core/model/analysis';
import { rangeOf } from '../syntax/source';
import type { Rule } from './rule';

const SINCE = { x86_64: '4.17', arm64: '4.19', i386: '5.7' } as const;

/** Arguments handed over directly to an entry that reads them from struct pt_regs: it reads garbage, and may oops. */
export const callingConvention: Rule = (calls, program) => {
  if (!program.target.entriesTakeRegs) return [];
  const findings = new Map<string, Finding>();
  for (const call of calls) {
    if (!call.syscall || !call.throughTable || call.used !== 'direct' || call.syscall.arguments?.length === 0) continue;
    const range = rangeOf(call.expression);
    const since = SINCE[program.target.arch];
    findings.set(`${call.expression.file.path} ${call.expression.start}`, {
      rule: 'calling-convention',
      severity: program.target.versionIsKnown ? 'error' : 'warning',
      file: call.expression.file.path,
      range,
      message: `${call.syscall.name}() is called with its arguments, but since Linux ${since} an entry of the ${program.target.arch} system call table takes one struct pt_regs *: it takes the first argument for that address, which normally ends in an oops.`,
      related: [],
    });
  }
  return [...findings.values()];
};

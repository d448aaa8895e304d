// SPDX-License-Identifier: MIT
import { errnoNumber } from '../../../../core/abi/errno';
import { declare, type AbiArgument, type AbiSyscall } from '../../../../core/abi';
import type { Finding, Severity } from '../../../../core/model/analysis';
import { checkOf } from '../flow/forecast';
import type { CallArgument, RecordedCall, Visit } from '../flow/recorder';
import { spaceOf } from '../flow/values';
import { rangeOf, textOf, type Span } from '../syntax/source';
import { lineText, related, type Rule } from './rule';

/** A kernel address where the syscall takes a user-space pointer, on every path that reaches the call. */
export const kernelBuffer: Rule = (calls) => {
  const findings = new Map<string, Finding>();
  for (const brought of kernelArguments(calls, false)) {
    const severity = brought.argument.failure === 'silent' ? 'warning' : 'error';
    const finding = describe('kernel-buffer', severity, brought, consequence(brought));
    const key = keyOf(brought, finding);
    if (!findings.has(key)) findings.set(key, finding);
  }
  return [...findings.values()];
};

/** An argument that is a user pointer, and gets a kernel address on every path. */
export interface KernelArgument {
  readonly call: RecordedCall;
  readonly syscall: AbiSyscall;
  readonly index: number;
  readonly argument: AbiArgument;
  readonly brought: CallArgument;
}

/** All such arguments of calls that are under set_fs(KERNEL_DS) on every path, or on none. */
export function* kernelArguments(calls: readonly RecordedCall[], underSetFs: boolean): Generator<KernelArgument> {
  for (const call of calls) {
    const { syscall } = call;
    if (!syscall || call.visits.some((visit) => visit.kernelAddressesAllowed !== underSetFs)) continue;
    for (const [index, argument] of (syscall.arguments ?? []).entries()) {
      if (!argument.user) continue;
      const brought = call.visits.map((visit) => visit.arguments[index]);
      const [first] = brought;
      if (!first || !brought.every((item) => item && spaceOf(item.value) === 'kernel')) continue;
      yield { call, syscall, index, argument, brought: first };
    }
  }
}

/** One finding for each place, syscall and argument, however many paths and callers lead there. */
export function keyOf({ syscall, index }: KernelArgument, { file, range }: Finding): string {
  return [file, range.start.line, range.start.character, syscall.name, index].join(' ');
}

/** A finding at what brings the address, with the places that lead there. */
export function describe(rule: string, severity: Severity, { call, syscall, index, argument, brought }: KernelArgument, effect: string): Finding {
  const at = brought.broughtBy ?? call.expression;
  const { origin } = brought;
  const from = origin.span ? `${origin.text}, ${lineText(origin.span, at)}` : origin.text;
  return {
    rule,
    severity,
    file: at.file.path,
    range: rangeOf(at),
    message: `${syscall.name}(): argument ${index + 1} ('${argument.name}', ${argument.type}) gets a kernel address (${from}). ${effect}`,
    related: [
      ...(origin.span ? [related(origin.span, `The address is that of ${origin.text}.`)] : []),
      ...(sameSpan(at, call.expression) ? [] : [related(at, `It is given to ${declare(argument)}.`)]),
      related(call.expression, `${syscall.name}() is called here: ${oneLine(textOf(call.expression))}`),
    ],
  };
}

/** What the kernel does with it, and which check says so. */
function consequence({ call, syscall, index, argument }: KernelArgument): string {
  switch (argument.failure) {
    case 'silent':
      return 'The kernel takes the address without a check and uses it later as one of user space.';
    case 'otherwise':
      return 'The kernel does not accept it there and the call fails.';
    case 'faults': {
      const check = checkOf(syscall, index);
      const earlier = commonResult(call.visits);
      if (earlier?.kind === 'errno' && earlier.name !== 'EFAULT') {
        return `${check} would reject it with -EFAULT (-14), but the call returns -${earlier.name} (${earlier.value}) before that.`;
      }
      const result = `-EFAULT (-${String(errnoNumber('EFAULT') ?? 14)})`;
      if (earlier?.kind === 'errno') return `${check} rejects it and the call returns ${result}.`;
      return `${check} rejects it and the call will normally return ${result}.`;
    }
    default:
      return 'The kernel rejects an address of its own there: the call will normally return -EFAULT (-14).';
  }
}

function commonResult(visits: readonly Visit[]): Visit['forecast']['expect'] | null {
  const main = visits.filter((visit) => !visit.aside);
  const [first] = main;
  if (!first) return null;
  return main.every((visit) => JSON.stringify(visit.forecast.expect) === JSON.stringify(first.forecast.expect)) ? first.forecast.expect : null;
}

function sameSpan(a: Span, b: Span): boolean {
  return a.file === b.file && a.start === b.start && a.end === b.end;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

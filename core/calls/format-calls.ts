// SPDX-License-Identifier: MIT
import type { SyscallAbi } from '../abi';
import type { AddressSpace } from '../abi/address-space';
import { printable, type Call } from '../model';
import { decodeArguments, describeResult, type DecodedArgument } from './decode';

const AREA_NOTES: Readonly<Partial<Record<NonNullable<DecodedArgument['pointer']>['area'], string>>> = {
  nonCanonical: 'non-canonical',
  directMap: 'kernel: direct map',
  vmalloc: 'kernel: vmalloc',
  kernelData: 'kernel: direct map or vmalloc',
  kernelImage: 'kernel image',
  module: 'kernel: module',
  fixed: 'kernel',
  kernel: 'kernel',
};

function argumentText({ text, truncated, value, pointer }: DecodedArgument): string {
  const area = pointer?.user ? AREA_NOTES[pointer.area] : undefined;
  const notes = [area, pointer?.holds].filter((note) => note !== undefined && note !== null);
  if (notes.length > 0) return `${text} /* ${notes.join(': ')} */`;
  return truncated ? `${text} /* of 0x${value.toString(16)} */` : text;
}

/** A call as strace prints one, with the line that made it: `insmod[251] write(1, 0x…, 28) = -14 EFAULT (Bad address) <0.000121>`. */
export function formatCall(call: Call, space: AddressSpace, abi: SyscallAbi): string {
  const seconds = (call.usec / 1e6).toFixed(6).padStart(12);
  const task = call.task === null ? '' : `${printable(call.task)}[${call.pid ?? '?'}] `;
  const args = decodeArguments(call, space, abi)?.map(argumentText).join(', ') ?? '?';
  const duration = call.durationUsec === null ? '' : ` <${(call.durationUsec / 1e6).toFixed(6)}>`;
  const place = call.source ? `${call.source.file}:${call.source.line}` : (call.caller ?? '');
  const log = call.evidence === 'log' ? ' (said by the log)' : '';
  return `[${seconds}] ${task}${call.syscall}(${args}) = ${describeResult(call)}${duration}${log}${place === '' ? '' : `  ${printable(place)}`}`;
}

/** `strace -k`: who called, a line each, innermost first. */
export function formatStack(call: Call): string[] {
  return (call.stack ?? []).map(({ function: name, source }) => ` > ${printable(name)}${source ? `  ${printable(source.file)}:${source.line}` : ''}`);
}

/** `strace -c`: calls, errors and time of each syscall, the longest first. */
export function formatSummary(calls: readonly Call[]): string {
  const rows = new Map<string, { calls: number; errors: number; usec: number; timed: number }>();
  for (const call of calls) {
    const row = rows.get(call.syscall) ?? { calls: 0, errors: 0, usec: 0, timed: 0 };
    row.calls++;
    if (call.errno !== null) row.errors++;
    if (call.durationUsec !== null) {
      row.usec += call.durationUsec;
      row.timed++;
    }
    rows.set(call.syscall, row);
  }
  const total = [...rows.values()].reduce((sum, { usec }) => sum + usec, 0);
  const sorted = [...rows].sort(([, one], [, other]) => other.usec - one.usec || other.calls - one.calls);
  const lines = sorted.map(([name, { calls: count, errors, usec, timed }]) =>
    [
      (total > 0 ? (usec / total) * 100 : 0).toFixed(2).padStart(6),
      (usec / 1e6).toFixed(6).padStart(11),
      (timed > 0 ? Math.round(usec / timed) : 0).toString().padStart(11),
      count.toString().padStart(9),
      (errors > 0 ? errors.toString() : '').padStart(9),
      name,
    ].join(' '),
  );
  return ['% time     seconds  usecs/call     calls    errors syscall', '------ ----------- ----------- --------- --------- ----------------', ...lines].join('\n');
}

// SPDX-License-Identifier: MIT
import type { SyscallAbi } from '../../../core/abi';
import type { AddressArea } from '../../../core/abi/address-space';
import { decodeArguments, type DecodedArgument } from '../../../core/calls/decode';
import type { Call } from '../../../core/model';
import type { ArgumentRow, CallFact } from '../../../media/protocol';
import { visibleText } from '../visible-text';

const AREAS: Readonly<Record<AddressArea, string>> = {
  null: 'no address',
  user: 'user address',
  nonCanonical: 'no valid address (non-canonical)',
  directMap: 'kernel address (direct map)',
  vmalloc: 'kernel address (vmalloc)',
  kernelData: 'kernel address (direct map or vmalloc)',
  kernelImage: 'kernel address (kernel image)',
  module: 'kernel address (module)',
  fixed: 'kernel address',
  kernel: 'kernel address',
};

/** What the syscall makes of a register: a number by its type, or where a pointer lies and where it should. */
function meaningOf({ text, truncated, pointer }: DecodedArgument): string {
  if (!pointer) return truncated ? `${text} (the rest of the register is ignored)` : text;
  const isKernel = pointer.area !== 'user' && pointer.area !== 'null';
  return pointer.user && isKernel ? `${AREAS[pointer.area]}; a user address is wanted` : AREAS[pointer.area];
}

/** The arguments of a syscall beside the registers that hold them; values are null where no call was recorded. */
export function argumentRows(call: Call | null, abi: SyscallAbi, syscall: string): ArgumentRow[] {
  const decoded = call && decodeArguments(call, { arch: abi.arch, levels: null }, abi);
  return (abi.byName(syscall)?.arguments ?? []).map((argument, index) => {
    const value = decoded?.[index];
    return {
      index,
      name: argument.name,
      type: argument.type,
      register: abi.registers[index] ?? '?',
      value: value ? `0x${value.value.toString(16)}` : null,
      meaning: value ? visibleText(meaningOf(value)) : null,
    };
  });
}

/** Who made a call, and how long it took; only what is known. */
export function callFacts(call: Call | null, time: string | null): CallFact[] {
  if (!call) return [];
  const facts: [string, string | null][] = [
    ['Recorded by', call.evidence === 'probe' ? 'kernel probe' : 'kernel log line'],
    ['Caller', call.caller],
    ['Task', call.task],
    ['PID', call.pid === null ? null : String(call.pid)],
    ['Time', time === null ? null : `${time} after the first record`],
    ['Duration', call.durationUsec === null ? null : shownDuration(call.durationUsec)],
  ];
  return facts.flatMap(([name, text]) => (text === null ? [] : [{ name, text: visibleText(text) }]));
}

/** Microseconds as `12.1 µs`, `3.400 ms`, `2.438 s`. */
export function shownDuration(usec: number): string {
  if (usec < 1e3) return `${Number(usec.toFixed(1))} µs`;
  return usec < 1e6 ? `${(usec / 1e3).toFixed(3)} ms` : `${(usec / 1e6).toFixed(3)} s`;
}

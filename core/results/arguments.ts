// SPDX-License-Identifier: MIT
import type { SyscallAbi } from '../abi';
import { decodeArguments, type DecodedArgument } from '../calls/decode';
import { visibleText, type Call, type HostIdentity } from '../model';
import type { ArgumentRow, CallFact } from './types';
import { addressSpaceOf, areaText, isForeign, shownDuration } from './values';

/** What the syscall makes of a register: a number by its type, or where a pointer lies and where it should. */
function meaningOf({ text, truncated, pointer }: DecodedArgument): string {
  if (!pointer) return truncated ? `${text} (the rest of the register is ignored)` : text;
  const place = pointer.holds === null ? areaText(pointer.area) : `${areaText(pointer.area)}, where ${pointer.holds} lies`;
  return pointer.user && isForeign(pointer.area) ? `${place}; a user address is wanted` : place;
}

/** The arguments of a syscall beside the registers that hold them; values are null where no call was recorded. */
export function argumentRows(call: Call | null, host: HostIdentity, abi: SyscallAbi, syscall: string): ArgumentRow[] {
  const decoded = call && decodeArguments(call, addressSpaceOf(host), abi);
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

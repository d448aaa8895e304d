// SPDX-License-Identifier: MIT
import type { AbiSyscall } from '../abi';
import type { AddressArea, AddressSpace } from '../abi/address-space';
import { errnoEntry, errnoName } from '../abi/errno';
import { visibleText, type Call, type Expectation, type HostIdentity } from '../model';
import type { ShownValue, ShownVerdict } from './types';

export const ABSENT: ShownValue = { text: '–', name: null, meaning: null };

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

/** `kernel address (module)` */
export function areaText(area: AddressArea): string {
  return AREAS[area];
}

/** An address that no user pointer may hold. */
export function isForeign(area: AddressArea): boolean {
  return area !== 'user' && area !== 'null';
}

/** What is known of the address space of a session's host. */
export function addressSpaceOf(host: HostIdentity): AddressSpace {
  return { arch: host.arch, levels: host.levels ?? null };
}

/** A result as people read it: the number, and for -4095 to -1 the name and meaning of the error. */
export function shownResult(result: number): ShownValue {
  const name = errnoName(result);
  return { text: String(result), name, meaning: name === null ? null : (errnoEntry(-result)?.text ?? null) };
}

/** @param text the comparison's text, which begins with the number of an argument where that is known */
export function shownExpectation(expect: Expectation, text: string, syscall: AbiSyscall | undefined): ShownValue {
  switch (expect.kind) {
    case 'exact':
      return shownResult(expect.value);
    case 'errno':
      return { ...shownResult(expect.value), name: expect.name };
    case 'argument': {
      const argument = syscall?.arguments?.[expect.index]?.name ?? `argument ${expect.index}`;
      const number = /^-?\d+/.exec(text)?.[0];
      return number === undefined ? { text: argument, name: null, meaning: 'what it is given' } : { text: number, name: null, meaning: `equal to ${argument}` };
    }
    case 'unknown':
      return { text: 'unknown', name: null, meaning: null };
  }
}

/** What a call returned, or why there is no number. */
export function shownObservation(call: Call | null, verdict: ShownVerdict): ShownValue {
  if (call === null) return { ...ABSENT, meaning: verdict === 'pending' ? 'not made yet' : 'never made' };
  if (call.result !== null) return shownResult(call.result);
  if (call.status === 'returned') return { text: 'unknown', name: null, meaning: visibleText(call.unknownBecause ?? '') };
  return { text: '?', name: null, meaning: call.status === 'unfinished' ? 'still running' : 'return not seen' };
}

/** `-14 EFAULT` */
export function valueText({ text, name }: ShownValue): string {
  return name === null ? text : `${text} ${name}`;
}

/** Microseconds as `+12.041 ms`, from a second on as `+2.438 s`. */
export function shownTime(usec: number): string {
  const size = Math.abs(usec);
  const text = size < 1e6 ? `${(size / 1e3).toFixed(3)} ms` : `${(size / 1e6).toFixed(3)} s`;
  return `${usec < 0 ? '−' : '+'}${text}`;
}

/** Microseconds as `12.1 µs`, `3.400 ms`, `2.438 s`. */
export function shownDuration(usec: number): string {
  if (usec < 1e3) return `${Number(usec.toFixed(1))} µs`;
  return usec < 1e6 ? `${(usec / 1e3).toFixed(3)} ms` : `${(usec / 1e6).toFixed(3)} s`;
}

/** `insmod (42)` */
export function taskText({ task, pid }: Pick<Call, 'task' | 'pid'>): string | null {
  if (!task) return null;
  return visibleText(pid === null ? task : `${task} (${pid})`);
}

/** `6 calls` */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { CallJoiner, type JoinedCall } from '../../../core/calls/call-joiner';
import type { EntryEvent, ReturnEvent } from '../../../core/calls/trace-line';

const TRAMPOLINE = 0xffffffff81000000n;

interface Step {
  readonly pid?: number;
  readonly usec: number;
  readonly ra?: bigint;
  readonly of?: 'syscall' | 'function';
}

const symbol = null;
const entry = (name: string, sp: number, { pid = 7, usec, ra = 0xc100n, of = 'syscall' }: Step): EntryEvent => ({
  type: 'entry', of, name, task: 'task', pid, usec, at: { address: 0xb000n, symbol }, returnAddress: ra, stackPointer: BigInt(sp), registers: [1n, 2n, 3n, 4n, 5n, 6n],
});
const back = (name: string, result: number, { pid = 7, usec, ra = 0xc100n, of = 'syscall' }: Step): ReturnEvent => ({ type: 'return', of, name, task: 'task', pid, usec, to: { address: ra, symbol }, result: BigInt(result) });

describe('joining entries and returns', () => {
  let calls: JoinedCall[];
  let joiner: CallJoiner;
  beforeEach(() => {
    calls = [];
    joiner = new CallJoiner((call) => calls.push(call), TRAMPOLINE);
  });
  const brief = (): unknown[] => calls.map(({ id, syscall, result, status, usec, durationUsec, parent }) => [id, syscall, result === null ? null : Number(result), status, usec, durationUsec, parent?.id ?? null]);

  it('joins nested calls innermost first, each to its parent', () => {
    joiner.entry(entry('write', 0x900, { usec: 10, ra: 0xc100n }));
    joiner.entry(entry('write', 0x500, { usec: 12, ra: 0xc200n }));
    joiner.return(back('write', 3, { usec: 15, ra: 0xc200n }));
    joiner.return(back('write', 5, { usec: 20, ra: 0xc100n }));
    assert.deepEqual(brief(), [[2, 'write', 3, 'returned', 12, 3, 1], [1, 'write', 5, 'returned', 10, 10, null]]);
  });

  it('keeps tasks apart', () => {
    joiner.entry(entry('read', 0x900, { usec: 1, pid: 1 }));
    joiner.entry(entry('read', 0x900, { usec: 2, pid: 2 }));
    joiner.return(back('read', 1, { usec: 3, pid: 1 }));
    joiner.return(back('read', 2, { usec: 4, pid: 2 }));
    assert.deepEqual(brief(), [[1, 'read', 1, 'returned', 1, 2, null], [2, 'read', 2, 'returned', 2, 2, null]]);
  });

  it('gives a call whose return was lost as one, as soon as the stack shows that it is over', () => {
    joiner.entry(entry('dup', 0x500, { usec: 1 }));
    joiner.entry(entry('close', 0x500, { usec: 5, ra: 0xc300n }));
    assert.deepEqual(brief(), [[1, 'dup', null, 'entryOnly', 1, null, null]]);
    joiner.return(back('close', 0, { usec: 6, ra: 0xc300n }));
    assert.equal(calls.at(-1)?.status, 'returned');
  });

  it('does not give the return of a call whose entry was lost to another one', () => {
    joiner.entry(entry('write', 0x900, { usec: 1, ra: 0xc100n }));
    joiner.return(back('write', -9, { usec: 4, ra: 0xc777n }));
    joiner.return(back('write', 6, { usec: 8, ra: 0xc100n }));
    assert.deepEqual(calls.map(({ entryLost, registers, result }) => [entryLost, registers === null, Number(result)]), [[true, true, -9], [false, false, 6]]);
  });

  it('takes the caller from the return when the entry found a trampoline', () => {
    joiner.entry(entry('dup', 0x500, { usec: 1, ra: TRAMPOLINE }));
    joiner.return(back('dup', 4, { usec: 2, ra: 0xc456n }));
    assert.equal(calls[0]?.caller.address, 0xc456n);
  });

  it('ties a jump to the function that made it, and takes the function\'s result', () => {
    joiner.entry(entry('3', 0x800, { usec: 1, of: 'function', ra: TRAMPOLINE }));
    joiner.entry(entry('write', 0x800, { usec: 2, ra: TRAMPOLINE }));
    joiner.return(back('3', -14, { usec: 9, of: 'function', ra: 0xb123n }));
    assert.deepEqual(calls.map(({ tailOf, result, status, durationUsec }) => [tailOf, Number(result), status, durationUsec]), [['3', -14, 'returned', 7]]);
  });

  it('does not take a call inside a watched function for a jump, nor one after it', () => {
    joiner.entry(entry('3', 0x800, { usec: 1, of: 'function' }));
    joiner.entry(entry('write', 0x700, { usec: 2 }));
    joiner.return(back('write', 1, { usec: 3 }));
    joiner.return(back('3', 1, { usec: 4, of: 'function' }));
    joiner.entry(entry('write', 0x800, { usec: 5 }));
    joiner.return(back('write', 2, { usec: 6 }));
    assert.deepEqual(calls.map(({ tailOf }) => tailOf), [null, null]);
  });

  it('gives what is still in the kernel at the end as unfinished, in order', () => {
    joiner.entry(entry('read', 0x900, { usec: 1, pid: 1 }));
    joiner.entry(entry('write', 0x900, { usec: 2, pid: 2 }));
    joiner.end();
    assert.deepEqual(brief(), [[1, 'read', null, 'unfinished', 1, null, null], [2, 'write', null, 'unfinished', 2, null, null]]);
  });

  it('holds no more than it may, however many tasks and levels a trace invents', () => {
    for (let pid = 1; pid <= 10_000; pid++) joiner.entry(entry('read', 0x900, { usec: pid, pid }));
    for (let level = 1; level <= 2_000; level++) joiner.entry(entry('write', 1_000_000 - level, { usec: level, pid: 99_999 }));
    assert.ok(calls.length > 6_000);
    joiner.end();
    assert.equal(calls.length, 12_000);
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { areaOf, userLimit } from '../../../core/abi/address-space';
import { decodeArguments, describeResult } from '../../../core/calls/decode';
import { formatCall, formatSummary } from '../../../core/calls/format-calls';
import { syscallAbi } from '../../../core/abi';
import type { Architecture, Call } from '../../../core/model';

const NAMES = syscallAbi('x86_64').registers;

function call(syscall: string, values: readonly bigint[], more: Partial<Call> = {}): Call {
  const registers = NAMES.map((name, index) => ({ name, value: `0x${(values[index] ?? 0n).toString(16)}` }));
  return {
    id: 'call-1', parentId: null, syscall, nr: 1, registers, result: 0, unknownBecause: null, errno: null, source: null, caller: null, task: 'insmod', pid: 251, usec: 1_500_000, durationUsec: 121,
    status: 'returned', evidence: 'probe', predictionId: null, recordSeq: null, action: null, ...more,
  };
}
const texts = (syscall: string, values: readonly bigint[], arch: Architecture = 'x86_64'): string[] | undefined => decodeArguments(call(syscall, values), { arch, levels: 4 })?.map(({ text }) => text);

describe('decoding arguments', () => {
  it('names the flags of open, with their values of each architecture', () => {
    assert.deepEqual(texts('openat', [BigInt.asUintN(64, -100n), 0x7ffe0000n, 0o2101n, 0o644n]), ['AT_FDCWD', '0x7ffe0000', 'O_WRONLY|O_CREAT|O_APPEND', '0644']);
    assert.deepEqual(texts('openat', [3n, 0n, 0o200000n])?.slice(0, 3), ['3', 'NULL', 'O_RDONLY|O_DIRECTORY']);
    assert.equal(texts('openat', [3n, 0n, 0o200000n], 'arm64')?.[2], 'O_RDONLY|O_DIRECT');
  });

  it('names protections, mappings, sockets and signals, and leaves what has no name a number', () => {
    assert.deepEqual(texts('mmap', [0n, 4096n, 3n, 0x22n, 0xffffffffffffffffn, 0n]), ['0', '4096', 'PROT_READ|PROT_WRITE', 'MAP_PRIVATE|MAP_ANONYMOUS', '-1', '0']);
    assert.equal(texts('mprotect', [0n, 1n, 0n])?.[2], 'PROT_NONE');
    assert.deepEqual(texts('socket', [2n, 0o2000001n, 0n]), ['AF_INET', 'SOCK_STREAM|SOCK_CLOEXEC', '0']);
    assert.deepEqual(texts('kill', [1n, 9n]), ['1', 'SIGKILL']);
    assert.deepEqual(texts('kill', [1n, 77n]), ['1', '77']);
    assert.equal(texts('open', [0n, 0x80000000n])?.[1], 'O_RDONLY|0x80000000');
  });

  it('shows when the syscall takes less of a register than it holds', () => {
    const [fd] = decodeArguments(call('write', [0x100000001n]), { arch: 'x86_64', levels: null }) ?? [];
    assert.deepEqual([fd?.text, fd?.truncated], ['1', true]);
    for (const fits of [0xffffffffn, 0xffffffffffffffffn]) {
      const [minusOne] = decodeArguments(call('close', [fits]), { arch: 'x86_64', levels: null }) ?? [];
      assert.deepEqual([minusOne?.text, minusOne?.truncated], ['-1', false]);
    }
  });

  it('invents nothing without registers', () => {
    assert.equal(decodeArguments({ ...call('write', []), registers: null }, { arch: 'x86_64', levels: null }), null);
  });
});

describe('places in the address space', () => {
  const four = { arch: 'x86_64', levels: 4 } as const;
  const five = { arch: 'x86_64', levels: 5 } as const;

  it('tells user, non-canonical and kernel addresses apart at both depths of page tables', () => {
    assert.deepEqual([0n, 0x1000n, 0x7fffffffffffn, 0x800000000000n, 0xffff7fffffffffffn, 0xffff800000000000n].map((address) => areaOf(address, four)), ['null', 'user', 'user', 'nonCanonical', 'nonCanonical', 'kernelData']);
    assert.deepEqual([0x800000000000n, 0xffffffffffffffn, 0x100000000000000n, 0xff00000000000000n].map((address) => areaOf(address, five)), ['user', 'user', 'nonCanonical', 'kernelData']);
    assert.deepEqual([userLimit(four), userLimit(five)], [0x7ffffffff000n, 0xfffffffffff000n]);
    assert.equal(userLimit({ arch: 'x86_64', levels: null }), null);
  });

  it('knows modules and the kernel image, and the direct map where the kernel told its bases', () => {
    assert.deepEqual([0xffffffffc02e23e0n, 0xffffffff81000000n, 0xffffffffff5ff000n].map((address) => areaOf(address, four)), ['module', 'kernelImage', 'fixed']);
    const told = { ...four, directMapBase: 0xffff9b8000000000n, vmallocBase: 0xffffa871c0000000n };
    assert.deepEqual([0xffff9b8000001000n, 0xffffa871c0167d20n].map((address) => areaOf(address, told)), ['directMap', 'vmalloc']);
  });
});

describe('calls as strace shows them', () => {
  const abi = syscallAbi('x86_64');
  it('prints arguments, result, time and line', () => {
    const failed = call('write', [1n, 0xffffffffc0284060n, 28n], { result: -14, errno: 'EFAULT', source: { file: 'a.c', line: 32 } });
    assert.equal(formatCall(failed, { arch: 'x86_64', levels: null }, abi), '[    1.500000] insmod[251] write(1, 0xffffffffc0284060 /* kernel: module */, 28) = -14 EFAULT (Bad address) <0.000121>  a.c:32');
  });

  it('takes -4095 to -1 only for errors, names those that never leave the kernel, and says what is unfinished', () => {
    assert.match(describeResult(call('read', [], { result: -512, errno: 'ERESTARTSYS' })), /^-512 ERESTARTSYS \(.*for the kernel only\)$/);
    assert.equal(describeResult(call('mmap', [], { result: -4096 })), '-4096');
    assert.equal(describeResult(call('read', [], { result: null, status: 'unfinished' })), '? <unfinished>');
    assert.equal(describeResult(call('read', [], { result: null, status: 'entryOnly' })), '? <return lost>');
  });

  it('makes control characters of a task visible', () => {
    assert.match(formatCall(call('dup', [1n], { task: 'a\u001b[2J' }), { arch: 'x86_64', levels: null }, abi), /a\\x1b\[2J\[251\]/);
  });

  it('sums up calls, errors and time, the longest first', () => {
    const lines = formatSummary([call('dup', [], { durationUsec: 10 }), call('write', [], { durationUsec: 30, errno: 'EFAULT', result: -14 }), call('write', [], { durationUsec: null })]).split('\n');
    assert.deepEqual(lines.slice(2).map((line) => line.trim().split(/ +/)), [['75.00', '0.000030', '30', '2', '1', 'write'], ['25.00', '0.000010', '10', '1', 'dup']]);
  });
});

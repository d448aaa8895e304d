// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { describePrototype, syscallAbi } from '../../../core/abi';

describe('syscall ABI', () => {
  it('knows write by name and number on every architecture', () => {
    for (const [arch, number] of [['x86_64', 1], ['i386', 4], ['arm64', 64]] as const) {
      const abi = syscallAbi(arch);
      const write = abi.byName('write');
      assert.equal(write?.number, number);
      assert.equal(abi.byNumber(number), write);
      assert.deepEqual(write.arguments?.[1], { name: 'buf', type: 'const char __user *', user: true, failure: 'faults' });
    }
  });

  it('covers the implemented calls of x86-64 with their user pointers', () => {
    const known = syscallAbi('x86_64').syscalls.filter((syscall) => syscall.arguments !== null);
    const pointers = known.flatMap((syscall) => syscall.arguments ?? []).filter((argument) => argument.user);
    assert.ok(known.length >= 346, `${known.length} calls`);
    assert.ok(pointers.length >= 348, `${pointers.length} user pointers`);
    assert.ok(pointers.every((argument) => argument.failure !== undefined));
  });

  it('maps a number to the function behind it', () => {
    const abi = syscallAbi('x86_64');
    assert.equal(abi.byName('stat')?.entry, 'newstat');
    assert.equal(abi.byEntry('newstat')?.name, 'stat');
  });

  it('marks the user pointers that the header leaves unmarked', () => {
    const abi = syscallAbi('x86_64');
    for (const [name, index] of [['bpf', 1], ['openat2', 2], ['futex_waitv', 0], ['io_pgetevents', 5]] as const) {
      assert.equal(abi.byName(name)?.arguments?.at(index)?.user, true, name);
    }
  });

  it('says EFAULT only where it is sure', () => {
    const abi = syscallAbi('x86_64');
    assert.equal(abi.byName('shmat')?.arguments?.[1]?.failure, 'otherwise');
    assert.equal(abi.byName('set_tid_address')?.arguments?.[0]?.failure, 'silent');
    assert.equal(abi.byName('bpf')?.arguments?.[1]?.failure, 'unknown');
    assert.equal(abi.byName('openat')?.arguments?.[1]?.failure, 'faults');
  });

  it('names the registers in the order of the arguments', () => {
    assert.deepEqual(syscallAbi('x86_64').registers, ['di', 'si', 'dx', 'r10', 'r8', 'r9']);
    assert.deepEqual(syscallAbi('i386').registers, ['bx', 'cx', 'dx', 'si', 'di', 'bp']);
    const abi = syscallAbi('x86_64');
    const write = abi.byName('write');
    assert.ok(write);
    assert.equal(describePrototype(abi, write), 'write(unsigned int fd [di], const char __user *buf [si], size_t count [dx])');
  });
});

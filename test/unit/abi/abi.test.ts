// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { describePrototype, syscallAbi } from '../../../core/abi';
import { rangeCheck } from '../../../core/abi/address-space';

describe('syscall ABI', () => {
  it('knows write by name and number on every architecture', () => {
    for (const [arch, number] of [['x86_64', 1], ['i386', 4], ['arm64', 64]] as const) {
      const abi = syscallAbi(arch);
      const write = abi.byName('write');
      assert.equal(write?.number, number);
      assert.equal(abi.byNumber(number), write);
      assert.deepEqual(write.arguments?.[1], { name: 'buf', type: 'const char __user *', user: true, failure: 'faults', direction: 'in', length: { argument: 2, unit: 'bytes' } });
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
    assert.equal(abi.byName('clone')?.arguments?.[2]?.failure, 'unknown');
    assert.equal(abi.byName('munmap')?.arguments?.[0]?.failure, 'otherwise');
    assert.equal(abi.byName('mkdir')?.arguments?.[0]?.first, true);
    assert.equal(abi.byName('rt_sigaction')?.arguments?.[1]?.first, undefined);
    assert.equal(abi.byName('openat')?.arguments?.[1]?.failure, 'faults');
  });

  it('knows direction and length, and the commands that make an argument a pointer', () => {
    const abi = syscallAbi('x86_64');
    const argument = (name: string, index: number) => abi.byName(name)?.arguments?.[index];
    assert.equal(argument('read', 1)?.direction, 'out');
    assert.equal(argument('recvfrom', 5)?.direction, 'inout');
    assert.deepEqual(argument('recvfrom', 4)?.length, { argument: 5, unit: 'pointed' });
    assert.deepEqual(argument('readv', 1)?.length, { argument: 2, unit: 'items' });
    assert.equal(argument('munmap', 0)?.address, true);
    for (const [name, index, command, value] of [['fcntl', 2, 'F_GETLK', 5], ['prctl', 1, 'PR_SET_NAME', 15], ['arch_prctl', 1, 'ARCH_GET_FS', 0x1003], ['semctl', 3, 'SETALL', 17], ['ptrace', 3, 'PTRACE_GETREGSET', 0x4204], ['keyctl', 2, 'KEYCTL_READ', 11]] as const) {
      assert.equal(argument(name, index)?.user, false, name);
      assert.equal(argument(name, index)?.pointerFor?.values[command], value, name);
    }
    assert.equal(argument('ioctl', 2)?.pointerFor?.encoded, true);
  });

  it('gives nearly every user pointer a direction', () => {
    for (const arch of ['x86_64', 'i386', 'arm64'] as const) {
      const without = syscallAbi(arch).syscalls.flatMap(({ name, arguments: list }) => (list ?? []).filter(({ user, direction }) => user && direction === undefined).map((argument) => `${name}.${argument.name}`));
      assert.deepEqual(without.filter((name) => !/^(?:shmat|shmdt|getcpu|ipc)\./.test(name)), [], arch);
    }
  });

  it('has its arguments in the order of each architecture', () => {
    assert.deepEqual(syscallAbi('arm64').byName('clone')?.arguments?.map(({ name }) => name), ['clone_flags', 'newsp', 'parent_tidptr', 'tls', 'child_tidptr']);
    assert.deepEqual(syscallAbi('x86_64').byName('clone')?.arguments?.map(({ name }) => name), ['clone_flags', 'newsp', 'parent_tidptr', 'child_tidptr', 'tls']);
    assert.equal(syscallAbi('i386').byName('pread64')?.entry, 'ia32_pread64');
  });

  it('names the range check of each kernel', () => {
    assert.equal(rangeCheck('x86_64', 0x050a00), 'taskSize');
    assert.equal(rangeCheck('x86_64', 0x060100), 'taskSize');
    assert.equal(rangeCheck('x86_64', 0x060600), 'signBit');
    assert.equal(rangeCheck('x86_64', 0x060c75), 'userPtrMax');
    assert.equal(rangeCheck('arm64', 0x050a00), 'addrLimit');
    assert.equal(rangeCheck('i386', 0x060c00), 'taskSize');
    assert.equal(rangeCheck('x86_64', 0x041300), 'addrLimit');
    assert.equal(rangeCheck('x86_64', null), null);
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

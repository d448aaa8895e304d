// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { parseTraceLine } from '../../../core/calls/trace-line';

const HEAD = '          insmod-498     [000] .N...  1570.825877: ';

describe('lines of the trace', () => {
  it('reads an entry: task, clock, return address, stack and registers', () => {
    const event = parseTraceLine(`${HEAD}e_write: (__x64_sys_write+0x4/0x20 <ffffffffb694d9e0>) ra=0xffffffffc02e5078 sp=0xff6d4c8ac0643c88 a0=0x4d a1=0x1234 a2=0x5 a3=0x0 a4=0x0 a5=0xffffffffffffffff`);
    assert.deepEqual(event, {
      type: 'entry',
      of: 'syscall',
      name: 'write',
      task: 'insmod',
      pid: 498,
      usec: 1570825877,
      at: { address: 0xffffffffb694d9e0n, symbol: { name: '__x64_sys_write', offset: 4, size: 0x20, module: null } },
      returnAddress: 0xffffffffc02e5078n,
      stackPointer: 0xff6d4c8ac0643c88n,
      registers: [0x4dn, 0x1234n, 5n, 0n, 0n, 0xffffffffffffffffn],
    });
  });

  it('reads a return to a module, to a bare address, and the flags of older and newer kernels', () => {
    const known = parseTraceLine('          insmod-122     [000] dN..    54.114778: x_dup: (device2_descriptors+0x4e/0xc1 [device2] <ffffffffc01802cc> <- __x64_sys_dup <ffffffffa04ed420>) ret=4');
    assert.ok(known?.type === 'return');
    assert.deepEqual(known.to, { address: 0xffffffffc01802ccn, symbol: { name: 'device2_descriptors', offset: 0x4e, size: 0xc1, module: 'device2' } });
    assert.equal(known.result, 4n);
    const bare = parseTraceLine('          insmod-140     [001] ...1.     0.000009: x_write: (0xffffffffc0815353 <ffffffffc0815353> <- __x64_sys_write <ffffffff95be92b4>) ret=-9223372036854775808');
    assert.ok(bare?.type === 'return');
    assert.equal(bare.to.symbol, null);
    assert.equal(bare.result, -9223372036854775808n);
  });

  it('gives no registers when what it was given is no kernel address', () => {
    const event = parseTraceLine(`${HEAD}e_getpid: (__x64_sys_getpid+0x0/0x70 <ffffffffb6975ee0>) ra=0xffffffffc02e52cc sp=0xff6d4c8ac05eb9c8 frame=0x4d2 a0=0x1 a1=0x2 a2=0x0 a3=0x0 a4=0x0 a5=0x0`);
    assert.ok(event?.type === 'entry');
    assert.equal(event.registers, null);
    const read = parseTraceLine(`${HEAD}e_getpid: (__x64_sys_getpid+0x0/0x70 <ffffffffb6975ee0>) ra=0xffffffffc02e52cc sp=0xff6d4c8ac05eb9c8 frame=0xff6d4c8ac05eba00 a0=0x1 a1=0x2 a2=0x0 a3=0x0 a4=0x0 a5=0x0`);
    assert.deepEqual(read?.type === 'entry' && read.registers, [1n, 2n, 0n, 0n, 0n, 0n]);
  });

  it('reads a stack', () => {
    assert.deepEqual(parseTraceLine(`${HEAD}<stack trace>`), { type: 'stack', task: 'insmod', pid: 498, usec: 1570825877 });
    assert.deepEqual(parseTraceLine(' => device2_write.cold <ffffffffc03491c6>'), { type: 'frame', name: 'device2_write.cold', address: 0xffffffffc03491c6n });
    assert.deepEqual(parseTraceLine(" => [unknown/kretprobe'd] <ffffffff8765d2f0>"), { type: 'frame', name: null, address: 0xffffffff8765d2f0n });
    assert.equal(parseTraceLine(' => two words <ffffffff8765d2f0>'), null);
  });

  it('gives no registers when the kernel could not read one', () => {
    const event = parseTraceLine(`${HEAD}e_dup: (__x64_sys_dup+0x0/0x70 <ffffffffb6975ee0>) ra=0xffffffffc02e52cc sp=0xff6d4c8ac05eb9c8 a0=0x1 a1=(fault) a2=0x0 a3=0x0 a4=0x0 a5=0x0`);
    assert.ok(event?.type === 'entry');
    assert.equal(event.registers, null);
  });

  it('reads markers, with the writer\'s symbol printed or not', () => {
    for (const writer of ['tracing_mark_write', 'tracing_mark_write <ffffffffb67b348d>', 'tracing_mark_write+0xdd/0x240 <ffffffffb67b348d>']) {
      const event = parseTraceLine(`              sh-497     [000] .....  1570.201048: ${writer}: some: text`);
      assert.deepEqual(event, { type: 'marker', task: 'sh', pid: 497, usec: 1570201048, text: 'some: text' });
    }
  });

  it('takes a task by its columns, whatever its name holds', () => {
    const event = parseTraceLine('   a-1 [0] e_: x-77      [002] .....     1.000002: n_12: (0x1 <ffffffffc0000001> <- f <ffffffffc0000002>) ret=0');
    assert.ok(event?.type === 'return');
    assert.deepEqual([event.task, event.pid, event.of, event.name], ['a-1 [0] e_: x', 77, 'function', '12']);
  });

  it('knows lost events, and takes nothing for an event that is none', () => {
    assert.deepEqual(parseTraceLine('CPU:0 [LOST 4242 EVENTS]'), { type: 'lost' });
    for (const line of ['', '# tracer: nop', 'x'.repeat(10_000), `${HEAD}e_write: (broken`, `${HEAD}x_write: (a <b> <- c <d>) ret=`, `${HEAD}other: (a+0x1/0x2 <ffffffffc0000001>)`]) {
      assert.equal(parseTraceLine(line), null);
    }
  });
});

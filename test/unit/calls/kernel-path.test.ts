// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { formatKernelPath } from '../../../core/calls/format-path';
import { GraphTrace, type TracedCall } from '../../../core/calls/graph-trace';
import { borrowValues, functionNames, kernelPath } from '../../../core/calls/kernel-path';

const ENTRY = '__x64_sys_write';
const line = (body: string, duration = '', task = 'insmod-101'): string => `    6.875010 |   0)   ${task}   | ${duration.padEnd(13)} |  ${body}`;

function read(lines: readonly string[], names: readonly string[] = []): readonly TracedCall[] {
  const trace = new GraphTrace(ENTRY, names);
  for (const text of lines) trace.push(text);
  return trace.calls;
}

const REFUSED = [
  line(`${ENTRY}() {`),
  line('  ksys_write() {'),
  line('    fdget_pos();', '5.218 us'),
  line('    vfs_write();', '11.287 us'),
  line('  } /* ksys_write */', '47.992 us'),
  line(`} /* ${ENTRY} */`, '79.499 us'),
  line('/* x: (start+0x26/0x40 [echo]) ret=-14 */'),
];
const WITH_VALUES = [
  line(`${ENTRY}() {`),
  line('  kprobe_ftrace_handler();', '1.000 us'),
  line('  ksys_write() {'),
  line('    fdget_pos() {'),
  line('      rethook_handler() {'),
  line('        /* r_1: (ksys_write+0x20/0x90 <- fdget_pos) ret=4096 */'),
  line('      } /* rethook_handler */', '1.000 us'),
  line('    } /* fdget_pos */', '1.000 us'),
  line('    vfs_write();', '11.287 us'),
  line('    /* r_2: (ksys_write+0x40/0x90 <- vfs_write) ret=-14 */'),
  line('  } /* ksys_write */', '47.992 us'),
  line('  /* r_0: (do_syscall_64+0x5d/0x90 <- ksys_write) ret=4294967282 */'),
  line(`} /* ${ENTRY} */`, '79.499 us'),
  line('/* x: (start+0x26/0x40 [echo]) ret=-14 */'),
];
const NAMES = ['ksys_write', 'fdget_pos', 'vfs_write'];

function explained(lines: readonly string[] = REFUSED): ReturnType<typeof kernelPath> {
  const [first] = read(lines) as [TracedCall];
  const [second] = read(WITH_VALUES, NAMES) as [TracedCall];
  borrowValues(first.root, second.root);
  return kernelPath(first, { kernel: '6.1.0-56-cloud-amd64', result: first.result });
}

describe("the tracer's text", () => {
  it('becomes a tree with durations, one for each time the caller got its result', () => {
    const calls = read([...REFUSED, ...REFUSED]);
    assert.equal(calls.length, 2);
    assert.deepEqual(functionNames(calls[0]!), [ENTRY, 'ksys_write', 'fdget_pos', 'vfs_write']);
    assert.deepEqual(calls[0]?.root.callees[0]?.callees.map(({ name, durationUsec }) => [name, durationUsec]), [['fdget_pos', 5.218], ['vfs_write', 11.287]]);
  });

  it('leaves out what others called, and keeps tasks apart', () => {
    const others = REFUSED.slice(0, -1).map((text) => text.replace('insmod-101', '   cat-102'));
    const mixed = REFUSED.flatMap((text, index) => (others[index] === undefined ? [text] : [others[index], text]));
    assert.deepEqual(read(mixed), read(REFUSED));
    assert.deepEqual(read(others), []);
  });

  it('takes the inner one of two calls within each other', () => {
    const [inner] = read([line(`${ENTRY}() {`), line('  device_write [echo]() {'), ...REFUSED]);
    assert.equal(inner?.root.durationUsec, 79.499);
  });

  it('knows the call also when the probe itself is traced before the caller goes on', () => {
    const [inner] = read([line(`${ENTRY}() {`), line('  device_write [echo]() {'), ...REFUSED.slice(0, -1), line('kprobe_int3_handler() {'), line('get_kprobe();'), line('} /* kprobe_int3_handler */'), REFUSED.at(-1)!]);
    assert.equal(inner?.root.durationUsec, 79.499);
  });

  it('reads the return values of kernels that trace them, in both spellings', () => {
    for (const [leaf, end] of [['/* = 0x1000 */', '= -14'], ['/* ret=0x1000 */', 'ret=-14']]) {
      const [call] = read([line(`${ENTRY}() {`), line(`  fdget_pos(); ${leaf}`), line(`} /* ${ENTRY} ${end} */`), line('/* x: (start+0x26/0x40 [echo]) ret=-14 */')]);
      assert.deepEqual([call?.root.value, call?.root.callees[0]?.value], [-14n, 4096n]);
    }
  });

  it('knows whose value it is on kernels that read it in the caller, also when a function calls itself', () => {
    const machinery = (index: number, value: number): string[] => [line('trampoline_handler() {'), line('busy();'), line(`/* r_${index}: (a+0x1/0x2 <- b) ret=${value} */`), line('} /* trampoline_handler */')];
    const [call] = read([line(`${ENTRY}() {`), line('f() {'), line('f();'), ...machinery(0, 1), line('} /* f */'), ...machinery(0, 2), line('f();'), ...machinery(0, 3), line('}'), line('/* x: (start+0x26/0x40 [echo]) ret=0 */')], ['f']);
    const functions = call!.root.callees.filter(({ name }) => name === 'f');
    assert.deepEqual(functions.map(({ value, callees }) => [value, callees[0]?.value ?? null]), [[2n, 1n], [3n, null]]);
  });

  it('survives torn, foreign and endless input', () => {
    const depth = Array.from({ length: 5000 }, (_, index) => line(`f${index}() {`));
    const [call] = read([line(`${ENTRY}() {`), ...depth, ...depth.map(() => line('}')), 'x'.repeat(100_000), '} }', line('} }'), line('}'), line('}'), ...REFUSED]);
    assert.equal(call?.result, -14);
    const cut = read([...depth.map(() => line('deep() {')), ...depth.map(() => line('}')), ...REFUSED]);
    assert.equal(cut.length, 1);
  });
});

describe('the origin of an error', () => {
  it('is the innermost function that returned it, and what was inlined there is inferred', () => {
    const path = explained();
    assert.deepEqual(path.functions.map(({ name, depth, value }) => [name, depth, value]), [
      [ENTRY, 0, '0xfffffffffffffff2'],
      ['ksys_write', 1, '0xfffffff2'],
      ['fdget_pos', 2, '0x1000'],
      ['vfs_write', 2, '0xfffffffffffffff2'],
    ]);
    assert.equal(path.origin, 3);
    assert.deepEqual([path.inferred?.file, path.inferred?.line], ['fs/read_write.c', 572]);
  });

  it('is found although an interrupt did its work meanwhile', () => {
    const interrupted = REFUSED.flatMap((text) => (text.includes('vfs_write') ? [line('    vfs_write() {'), line('      handle_softirqs() {'), line('        run_timer_softirq();'), line('      }'), line('    } /* vfs_write */', '99.000 us')] : [text]));
    const path = explained(interrupted);
    assert.deepEqual(path.functions.map(({ name }) => name), [ENTRY, 'ksys_write', 'fdget_pos', 'vfs_write']);
    assert.equal(path.inferred?.line, 572);
  });

  it('is shown where it was first returned', () => {
    const text = formatKernelPath(explained(), false).split('\n');
    assert.match(text[1]!, /__x64_sys_write\(\) += -14 EFAULT$/);
    assert.match(text[3]!, /fdget_pos\(\) += 4096$/);
    assert.match(text[4]!, /vfs_write\(\) += -14 EFAULT {2}<- first returned it$/);
    assert.match(text[5]!, /access_ok\(buf, count\) {2}inferred, not traced: .* \(fs\/read_write\.c:572\)$/);
  });

  it('infers nothing where a callee may have returned it, and no line of a release that was not read', () => {
    const [call] = read([line(`${ENTRY}() {`), line('  vfs_write() {'), line('    rw_verify_area();'), line('  } /* vfs_write = -14 */'), line('}'), line('/* x: (start+0x26/0x40 [echo]) ret=-14 */')]);
    assert.equal(kernelPath(call!, { kernel: '6.1.0', result: -14 }).inferred, null);
    const [leaf] = read([line(`${ENTRY}() {`), line('  vfs_write(); /* = -14 */'), line('}'), line('/* x: (start+0x26/0x40 [echo]) ret=-14 */')]);
    assert.equal(kernelPath(leaf!, { kernel: '7.3.4', result: -14 }).inferred?.line, null);
    assert.equal(kernelPath(leaf!, { kernel: '6.1.0', result: -9 }).inferred, null);
  });

  it('of a call that succeeded is nowhere', () => {
    const [call] = read([line(`${ENTRY}();`), line('/* x: (start+0x26/0x40 [echo]) ret=25 */')]);
    assert.equal(kernelPath(call!, { kernel: '6.1.0', result: 25 }).origin, null);
  });
});

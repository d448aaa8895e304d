// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { syscallAbi } from '../../../core/abi';
import type { Call, LoadSession, Prediction } from '../../../core/model';
import { addressPicture } from '../../../core/results/addresses';
import { drawAddresses } from '../../../core/results/draw/addresses';
import type { Shape } from '../../../core/results/draw/shape';
import { drawTimeline } from '../../../core/results/draw/timeline';
import { callDetails } from '../../../core/results/rows';
import { timelineOf } from '../../../core/results/timeline';
import type { CallDetails, DescriptorStep } from '../../../core/results/types';
import { compareCall } from '../../../core/sessions/compare';
import { call, prediction, record, session } from '../extension/sample-session';

const abi = syscallAbi('x86_64');
const registers = (...values: string[]): Call['registers'] => ['di', 'si', 'dx', 'r10', 'r8', 'r9'].map((name, index) => ({ name, value: values[index] ?? '0x0' }));
const probed = (id: string, syscall: string, result: number, values: string[], changes: Partial<Call> = {}): Call =>
  call(id, syscall, result, { registers: registers(...values), evidence: 'probe', errno: result === -9 ? 'EBADF' : result === -14 ? 'EFAULT' : null, ...changes });

function details(of: string, changes: Partial<LoadSession>): CallDetails {
  const whole = session(changes);
  const made = whole.calls.find(({ id }) => id === of);
  assert.ok(made);
  return callDetails(compareCall(null, made, whole), { session: whole, abi });
}

/** A prediction of descriptor calls that takes the usual things for granted. */
function assuming(...ids: string[]): Prediction {
  return { ...prediction('p', 'dup', { kind: 'unknown' }), assumes: ids.map((id) => ({ id, text: id })) };
}

const USUAL = assuming('descriptor-0-open', 'descriptor-1-open', 'descriptor-2-open', 'descriptor-3-module', 'descriptor-4-up-free');

describe('why a call returned what it did', () => {
  it('names the kernel address that was taken for one of user space', () => {
    const { why } = details('a', { calls: [probed('a', 'write', -14, ['0x1', '0xffffffffc0284060', '0x1c'])] });
    assert.equal(why[0], 'buf (register si) is 0xffffffffc0284060, a kernel address (module), but write() takes it for an address of user space.');
    assert.equal(why[1], 'access_ok() refuses it whoever calls: it lies above TASK_SIZE_MAX. User space ends at 0x7ffffffff000 (0xfffffffffff000 with five levels of page tables). That is what -EFAULT says.');
  });

  it('blames no pointer that is one of user space', () => {
    const { why } = details('a', { calls: [probed('a', 'write', -14, ['0x1', '0x7ffc00001000', '0x1c'])] });
    assert.deepEqual(why, ['buf (register si) is 0x7ffc00001000: the address is one of user space, but what lies there could not be accessed.']);
  });

  it('says nothing where nothing follows', () => {
    for (const made of [probed('a', 'getpid', 7, []), call('a', 'write', -14, { errno: 'EFAULT' }), call('a', 'pause', null, { status: 'unfinished' })]) assert.deepEqual(details('a', { calls: [made] }).why, []);
  });

  it("shows the kernel's own path where it was traced, and what in it was concluded", () => {
    const functions = ['__x64_sys_write', 'vfs_write'].map((name, depth) => ({ name, depth, durationUsec: null, value: '0xfffffffffffffff2' }));
    const kernelPath = { kernel: '6.1.0', result: -14, functions, truncated: false, origin: 1, inferred: { check: 'access_ok()', because: 'it is inlined', file: 'fs/read_write.c', line: 7 } };
    const path = details('a', { calls: [probed('a', 'write', -14, ['0x1', '0xffffffffc0284060'], { kernelPath })] }).kernelPath;
    assert.deepEqual(path?.functions.map(({ depth, name, value, isOrigin, inferred }) => [depth, name, value, isOrigin, inferred]), [
      [0, '__x64_sys_write()', '-14 EFAULT', false, false],
      [1, 'vfs_write()', '-14 EFAULT', true, false],
      [2, 'access_ok()', null, false, true],
    ]);
    assert.equal(path.functions[2]?.note, 'inferred, not traced: it is inlined (fs/read_write.c:7)');
  });

  it('says who called, with the control characters of names made visible', () => {
    const stack = [{ function: 'start+0x26', source: { file: 'sample.c', line: 3 } }, { function: 'a\u202eb', source: null }];
    const shown = details('a', { calls: [probed('a', 'write', -14, ['0x1', '0xffffffffc0284060'], { stack })] }).stack;
    assert.deepEqual([shown[0], shown[1]?.function.includes('\u202e')], [stack[0], false]);
    assert.deepEqual(details('a', { calls: [probed('a', 'getpid', 7, [])] }).stack, []);
  });

  it('counts the bytes', () => {
    const why = (result: number): readonly string[] => details('a', { calls: [probed('a', 'write', result, ['0x1', '0x7000', '0x19'])] }).why;
    assert.deepEqual(why(25), ['All 25 bytes were written: the result is their number.']);
    assert.deepEqual(why(7), ['7 of 25 bytes were written.']);
  });
});

describe('the descriptors of a task', () => {
  const story = (of: string, calls: Call[], predictions: Prediction[] = [USUAL]): DescriptorStep => {
    const told = details(of, { calls: calls.map((made) => ({ ...made, predictionId: 'p' })), predictions }).descriptors;
    const step = told?.steps[told.current];
    assert.ok(step);
    return step;
  };
  const shown = (step: DescriptorStep): string[] => step.rows.map(({ number, before, after, changed }) => `${number} ${before.text}${changed ? ` > ${after.text}` : ''}`);
  const experiment = [
    probed('a', 'dup', 4, ['0x1']),
    probed('b', 'close', 0, ['0x0'], { source: { file: 'sample.c', line: 32 } }),
    probed('c', 'dup', 0, ['0x1']),
  ];

  it('go from what is assumed through every call', () => {
    assert.deepEqual(shown(story('a', experiment)), ['0 stdin', '1 stdout', '2 stderr', '3 module file', '4 free > stdout, as 1']);
    assert.deepEqual(shown(story('b', experiment)), ['0 stdin > free', '1 stdout', '2 stderr', '3 module file', '4 stdout, as 1']);
    assert.deepEqual(shown(story('c', experiment)), ['0 free > stdout, as 1', '1 stdout', '2 stderr', '3 module file', '4 stdout, as 1']);
  });

  it('begin with what was seen of the loader, where it was', () => {
    const calls = experiment.map((made) => ({ ...made, predictionId: 'p' }));
    const told = details('a', { calls, predictions: [USUAL], loaderDescriptors: [{ number: 0, target: '/dev/null' }, { number: 1, target: 'pipe:[7]' }] }).descriptors;
    assert.deepEqual(shown(told!.steps[told!.current]!), ['0 stdin: /dev/null', '1 stdout: pipe:[7]', '2 stderr', '3 module file', '4 free > stdout: pipe:[7], as 1']);
  });

  it('say why a number was handed out', () => {
    assert.equal(story('a', experiment).text, 'The kernel hands out the lowest free descriptor: 0 to 3 were open, so it was 4. It refers to the same open file as 1 (stdout).');
    assert.equal(story('b', experiment).text, 'Descriptor 0 (stdin) is free from here on: the next call that opens something gets the lowest free number.');
    assert.equal(story('c', experiment).text, 'The kernel hands out the lowest free descriptor: that was 0, which close() at sample.c:32 had freed. It refers to the same open file as 1 (stdout).');
  });

  it('are unknown where nothing says otherwise, and open below a number that was handed out', () => {
    const step = story('a', [probed('a', 'socket', 2, ['0x2', '0x1', '0x0'])], []);
    assert.equal(step.text, 'The kernel hands out the lowest free descriptor, so 0 to 1 were open.');
    assert.deepEqual(step.rows.map(({ number, before, after }) => [number, before.state, after.state, after.basis]), [[0, 'unknown', 'open', 'inferred'], [1, 'unknown', 'open', 'inferred'], [2, 'unknown', 'open', null]]);
  });

  it('correct an assumption that the kernel does not keep', () => {
    assert.match(story('a', [probed('a', 'dup', 5, ['0x1'])]).text, /^Descriptor 4 was taken for free, but the kernel passed over it: it was open\./);
    assert.match(story('a', [probed('a', 'dup', 2, ['0x1'])]).text, /^Descriptor 2 was assumed to be open, but the kernel handed it out: it was free\./);
  });

  it('explain a descriptor that was not open', () => {
    const calls = [experiment[1]!, probed('z', 'close', -9, ['0x0'])];
    assert.equal(story('z', calls).text, 'Descriptor 0 was not open: close() at sample.c:32 had closed it.');
    assert.equal(story('z', [probed('z', 'write', -9, ['0x7', '0x7000', '0x1'])], []).text, 'Descriptor 7 is not open, or not in a way that write() can use.');
  });

  it('follow dup2 and close_range, and forget what cannot be followed', () => {
    const calls = [probed('a', 'dup2', 9, ['0x1', '0x9']), probed('b', 'close_range', 0, ['0x3', '0xffffffff', '0x0']), probed('c', 'pipe', 0, ['0x7000']), probed('d', 'close', 0, ['0x9'])];
    assert.ok(shown(story('a', calls)).includes('9 free > stdout, as 1'));
    assert.deepEqual(shown(story('b', calls)).filter((row) => row.includes('>')), ['3 module file > free', '9 stdout, as 1 > free']);
    assert.deepEqual([...new Set(story('d', calls).rows.map(({ before }) => before.state))], ['unknown']);
    assert.equal(shown(story('b', [call('b', 'close', 0)]))[0], '0 stdin > not known', 'a log line does not say which one was closed');
  });

  it('belong to one task', () => {
    const other = probed('x', 'close', 0, ['0x1'], { pid: 99 });
    assert.equal(details('c', { calls: [other, ...experiment].map((made) => ({ ...made, predictionId: 'p' })), predictions: [USUAL] }).descriptors?.steps.length, 3);
  });

  it('are told around the call when there are very many', () => {
    const calls = Array.from({ length: 500 }, (_, index) => probed(`c${index}`, index % 2 === 0 ? 'dup' : 'close', index % 2 === 0 ? 4 : 0, [index % 2 === 0 ? '0x1' : '0x4']));
    const told = details('c250', { calls, predictions: [USUAL] }).descriptors;
    assert.ok(told && told.steps.length <= 60 && told.hasLater);
    assert.equal(told.steps[told.current]?.callId, 'c250');
    assert.equal(told.earlier + told.current, 250);
  });

  it('are none of the business of a call without descriptors', () => assert.equal(details('a', { calls: [probed('a', 'getpid', 7, [])] }).descriptors, null));
});

function texts(drawing: Shape): string[] {
  return drawing.children.flatMap((child) => (typeof child === 'string' ? [child] : texts(child)));
}

function all(drawing: Shape, wanted: (shape: Shape) => boolean): Shape[] {
  return [...(wanted(drawing) ? [drawing] : []), ...drawing.children.flatMap((child) => (typeof child === 'string' ? [] : all(child, wanted)))];
}

const hasClass = (name: string) => (shape: Shape): boolean => (shape.attributes['class'] ?? '').split(' ').includes(name);

describe('the picture of an address space', () => {
  const { host } = session();

  it('places each pointer in its area, with the length of its buffer', () => {
    const picture = addressPicture(probed('a', 'write', -14, ['0x1', '0xffffffffc0284060', '0x1c']), host, abi);
    assert.deepEqual(picture?.areas.filter(({ pointers }) => pointers.length > 0).map(({ label, pointers }) => [label, pointers[0]?.name, pointers[0]?.size, pointers[0]?.wrong]), [['modules', 'buf', '28 bytes', true]]);
    assert.deepEqual(picture.areas.map(({ side }) => side).slice(0, 3), ['user', 'hole', 'kernel']);
    assert.match(picture.text, /where a user address is wanted/);
  });

  it('is drawn at any width', () => {
    const picture = addressPicture(probed('a', 'rename', -14, ['0x1000', '0xdead000000000000']), host, abi);
    assert.ok(picture);
    for (const width of [1000, 300, 40, 0]) {
      const drawing = drawAddresses(picture, width);
      assert.equal(all(drawing, hasClass('area')).length, picture.areas.length);
      assert.equal(all(drawing, hasClass('arrow')).length, 2);
      for (const { attributes } of all(drawing, ({ tag }) => tag === 'rect')) assert.ok(Number(attributes['width']) > 0 && Number(attributes['height']) > 0);
    }
    assert.equal(all(drawAddresses(picture, 600), hasClass('limit')).length, 1);
  });

  it('is none without a pointer that was recorded', () => {
    for (const made of [probed('a', 'dup', 4, ['0x1']), probed('a', 'write', 0, ['0x1', '0x0', '0x0']), call('a', 'write', -14)]) assert.equal(addressPicture(made, host, abi), null);
  });

  it('knows the other architectures', () => {
    for (const arch of ['arm64', 'i386'] as const) {
      const made = { ...probed('a', 'write', -14, ['0x1', arch === 'arm64' ? '0xffff800012345678' : '0xc1234567', '0x1']) };
      const picture = addressPicture(made, { ...host, arch }, syscallAbi(arch));
      if (arch === 'arm64') assert.deepEqual(picture?.areas.filter(({ pointers }) => pointers.length > 0).map(({ label }) => label), ['kernel']);
    }
  });
});

describe('the timeline', () => {
  it('gives each call its bar, by task, and marks the records between', () => {
    const timeline = timelineOf(session({ calls: [call('a', 'write', -14, { usec: 1_001_000, durationUsec: 100, errno: 'EFAULT' }), call('b', 'dup', 4, { usec: 1_005_000, task: 'sh', pid: 7 })], records: [record(2, 'between', { level: 3 }), record(90, 'after')] }));
    assert.ok(timeline);
    assert.deepEqual(timeline.lanes.map(({ task, bars }) => [task, bars.map(({ label }) => label)]), [['insmod (42)', ['write() = -14 EFAULT']], ['sh (7)', ['dup() = 4']]]);
    assert.deepEqual(timeline.marks.map(({ text, level }) => [text, level]), [['between', 3]]);
    assert.equal(timeline.text, '2 calls of 2 tasks within 4.000 ms');
    const drawing = drawTimeline(timeline, 800);
    assert.deepEqual(all(drawing, hasClass('bar')).map(({ attributes }) => attributes['data-call']), ['a', 'b']);
    assert.ok(texts(drawing).includes('insmod (42)'));
    const places = all(drawing, ({ tag }) => tag === 'rect').map(({ attributes }) => Number(attributes['x']));
    assert.ok(places.every((x) => x >= 0 && x <= 800));
  });

  it('keeps calls apart that a coarse clock puts at one moment', () => {
    const calls = ['a', 'b', 'c'].map((id) => call(id, 'dup', 4, { usec: 1_000_000, durationUsec: 0 }));
    const timeline = timelineOf(session({ calls }));
    assert.ok(timeline);
    const bars = all(drawTimeline(timeline, 600), ({ tag }) => tag === 'rect').map(({ attributes }) => [Number(attributes['x']), Number(attributes['width'])] as const);
    bars.forEach(([x, width], index) => assert.ok(width > 20 && x >= (bars[index - 1]?.[0] ?? 0) + (bars[index - 1]?.[1] ?? 0), JSON.stringify(bars)));
  });

  it('gathers very many calls, and shows the worst of those that stand together', () => {
    const calls = Array.from({ length: 50_000 }, (_, index) => call(`c${index}`, 'dup', index === 25_000 ? 5 : 4, { usec: 1_000_000 + index, predictionId: 'p', task: `t${index % 9}`, pid: index % 9 }));
    const timeline = timelineOf(session({ calls, predictions: [prediction('p', 'dup', { kind: 'exact', value: 4 })] }));
    assert.ok(timeline);
    const bars = timeline.lanes.flatMap((lane) => lane.bars);
    assert.ok(bars.length < 2000);
    assert.equal(timeline.lanes.length + timeline.otherTasks, 9);
    const shown = new Set(timeline.lanes.map(({ task }) => task));
    if (shown.has(`t${25_000 % 9} (${25_000 % 9})`)) assert.deepEqual(bars.filter(({ verdict }) => verdict === 'differ').map(({ callId }) => callId), ['c25000']);
  });

  it('is none without a call', () => assert.equal(timelineOf(session()), null));
});

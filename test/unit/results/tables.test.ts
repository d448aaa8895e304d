// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { syscallAbi } from '../../../core/abi';
import type { LoadSession } from '../../../core/model';
import { NO_FILTER } from '../../../core/results/filter';
import { headerOf, shownActions } from '../../../core/results/summary';
import { DifferenceTable, PredictionTable, type ResultsTable } from '../../../core/results/tables';
import { shownDuration, shownTime } from '../../../core/results/values';
import { call, prediction, record, session } from '../extension/sample-session';

const abi = syscallAbi('x86_64');

/** Takes every step; @returns how many there were */
function finish(table: ResultsTable): number {
  let steps = 1;
  while (table.step()) steps++;
  return steps;
}

function model(changes: Partial<LoadSession>): PredictionTable & { header: ReturnType<typeof headerOf>; actions: ReturnType<typeof shownActions> } {
  const whole = session(changes);
  const table = new PredictionTable({ session: whole, abi });
  finish(table);
  return Object.assign(table, { header: headerOf(whole), actions: shownActions(whole) });
}

const EBADF = { kind: 'errno', name: 'EBADF', value: -9 } as const;

describe('the rows of a session', () => {
  it('decodes a call: errno with its meaning, arguments by name and register', () => {
    const results = model({
      records: [record(1, 'first'), record(2, 'close() = -9')],
      predictions: [prediction('p', 'write', EBADF)],
      calls: [call('c', 'write', -9, { predictionId: 'p', recordSeq: 2, errno: 'EBADF' })],
    });
    const [row] = results.range(0, 1);
    assert.deepEqual(row?.observed, { text: '-9', name: 'EBADF', meaning: 'Bad file number' });
    assert.deepEqual(row.predicted, row.observed);
    assert.equal(row.signature, '(fd, buf, count)');
    assert.equal(row.verdict, 'agree');
    assert.equal(row.time, '+1.000 ms');
    assert.equal(row.task, 'insmod (42)');
    const details = results.details(0);
    assert.deepEqual(details?.arguments.map(({ name, register, value }) => [name, register, value]), [
      ['fd', 'di', null],
      ['buf', 'si', null],
      ['count', 'dx', null],
    ]);
    assert.equal(details.logLine, 'close() = -9');
    assert.deepEqual(details.notes, ['The argument registers were not recorded: no probes']);
    assert.deepEqual(details.assumes, ['descriptor 1 is open']);
  });

  it('shows registers that were read from the kernel', () => {
    const registers = ['di', 'si', 'dx', 'r10', 'r8', 'r9'].map((name, index) => ({ name, value: `0x${index}` }));
    const details = model({ calls: [call('c', 'close', 0, { registers, evidence: 'probe' })] }).details(0);
    assert.deepEqual(details?.arguments.map(({ value, meaning }) => [value, meaning]), [['0x0', '0']]);
    assert.deepEqual(details.notes, []);
    assert.equal(details.row.evidence, 'kernel probe');
  });

  it('says where a pointer lies, and who made the call', () => {
    const registers = ['di', 'si', 'dx', 'r10', 'r8', 'r9'].map((name, index) => ({ name, value: ['0x1', '0xffffffffc0284060', '0x1c'][index] ?? '0x0' }));
    const details = model({ records: [record(1, 'first')], calls: [call('c', 'write', -14, { registers, evidence: 'probe', durationUsec: 12.34 })] }).details(0);
    assert.deepEqual(details?.arguments.map(({ meaning }) => meaning), ['1', 'kernel address (module); a user address is wanted', '28']);
    assert.deepEqual(details.facts.map(({ name, text }) => `${name}: ${text}`), [
      'Recorded by: kernel probe',
      'Caller: sample_init',
      'Task: insmod',
      'PID: 42',
      'Time: +1.000 ms after the first record',
      'Duration: 12.3 µs',
    ]);
  });

  it('says nothing of a call that was not made, and where a user pointer lies', () => {
    assert.deepEqual(model({ predictions: [prediction('p', 'dup', { kind: 'unknown' })] }).details(0)?.facts, []);
    const registers = ['di', 'si', 'dx', 'r10', 'r8', 'r9'].map((name) => ({ name, value: '0x7ffc00001000' }));
    const rows = model({ calls: [call('c', 'write', 1, { registers, evidence: 'probe' })] }).details(0)?.arguments;
    assert.deepEqual(rows?.slice(0, 2).map(({ meaning }) => meaning), ['4096 (the rest of the register is ignored)', 'user address']);
  });

  it('says how the calls were recorded, or why not by probes', () => {
    const detail = (recorder: LoadSession['recorder']): string => model({ recorder }).summary().detail;
    assert.equal(detail({ mode: 'probe', reason: 'Kernel probes on dup.', lost: 0 }), 'Recorded by kernel probes.');
    assert.equal(detail({ mode: 'log', reason: 'There is no root.', lost: 0 }), 'There is no root. Registers were not recorded.');
    assert.equal(detail({ mode: 'none', reason: '', lost: 2 }), 'Calls were not recorded. 2 calls lost by the recorder.');
  });

  it('chooses a unit for the duration', () => {
    assert.deepEqual([shownDuration(0.25), shownDuration(999), shownDuration(3400), shownDuration(2_437_700)], ['0.3 µs', '999 µs', '3.400 ms', '2.438 s']);
  });

  it('takes an address near the top for no error, and -4095 for one without a name', () => {
    const [address, nameless] = model({ calls: [call('a', 'mmap', -4096), call('b', 'mmap', -4095)] }).range(0, 2);
    assert.deepEqual(address?.observed, { text: '-4096', name: null, meaning: null });
    assert.deepEqual(nameless?.observed, { text: '-4095', name: null, meaning: null });
  });

  it('says in one line that all agree', () => {
    const summary = model({
      predictions: [prediction('p', 'dup', { kind: 'exact', value: 4 })],
      calls: [call('c', 'dup', 4, { predictionId: 'p' })],
    }).summary();
    assert.equal(summary.headline, '1 of 1 call as predicted');
    assert.equal(summary.tone, 'good');
  });

  it('says first what differs', () => {
    const summary = model({
      predictions: [prediction('p', 'dup', { kind: 'exact', value: 4 })],
      calls: [call('c', 'dup', 5, { predictionId: 'p' }), call('d', 'dup', 6, { predictionId: 'p' }), call('e', 'dup', 4, { predictionId: 'p' })],
    }).summary();
    assert.equal(summary.headline, '2 of 3 calls differ from their prediction');
    assert.equal(summary.tone, 'bad');
  });

  it('never counts as agreeing what was not predicted or cannot be known', () => {
    const summary = model({
      predictions: [prediction('p', 'dup', { kind: 'unknown' })],
      calls: [call('c', 'dup', 5, { predictionId: 'p' }), call('d', 'getpid', 7)],
    }).summary();
    assert.deepEqual([summary.counts.agree, summary.counts.unknown, summary.counts.notPredicted], [0, 1, 1]);
    assert.equal(summary.tone, 'neutral');
  });

  it('waits for a predicted call while the module is loaded, and misses it afterwards', () => {
    const predictions = [prediction('p', 'dup', { kind: 'exact', value: 4 }), prediction('q', 'write', { kind: 'argument', index: 2, value: 'len' })];
    const calls = [call('c', 'dup', 4, { predictionId: 'p' })];
    const running = model({ predictions, calls });
    assert.equal(running.range(1, 1)[0]?.verdict, 'pending');
    assert.equal(running.summary().tone, 'good');
    assert.equal(running.summary().counts.pending, 1);
    const over = model({ predictions, calls, end: { state: 'unloaded', reason: '' } });
    assert.equal(over.range(1, 1)[0]?.verdict, 'neverMade');
    assert.equal(over.summary().tone, 'bad');
  });

  it('resolves a prediction that names an argument', () => {
    const predictions = [prediction('q', 'write', { kind: 'argument', index: 2, value: 'len' })];
    assert.deepEqual(model({ predictions }).range(0, 1)[0]?.predicted, { text: 'count', name: null, meaning: 'what it is given' });
    assert.equal(model({ predictions }).details(0)?.expected, 'len');
    const actions = [{ argv: [], stdin: '', stdout: '', stderr: '', exitCode: 0, at: '', deviceWrite: { device: '/dev/x', bytes: 25, text: '' } }];
    const [row] = model({ predictions, actions, calls: [call('c', 'write', 25, { predictionId: 'q', action: 0 })] }).range(0, 1);
    assert.deepEqual(row?.predicted, { text: '25', name: null, meaning: 'equal to count' });
    assert.equal(row.verdict, 'agree');
  });

  it("shows a refusal in the kernel's own words", () => {
    const refused = model({ end: { state: 'refused', reason: 'insmod said: \u001bno' } });
    const [header, summary] = [refused.header, refused.summary()];
    assert.equal(header.problem, 'insmod said: \\x1bno');
    assert.equal(summary.headline, 'The module was not loaded');
    assert.equal(summary.tone, 'bad');
  });

  it('names a call that did not return, and why a result is not known', () => {
    const [unfinished, unknown] = model({ calls: [call('c', 'pause', null, { status: 'unfinished' }), call('d', 'dup', null, { unknownBecause: 'two lines fit' })] }).range(0, 2);
    assert.equal(unfinished?.observed.meaning, 'still running');
    assert.equal(unknown?.observed.meaning, 'two lines fit');
  });

  it('shows an action as it would be typed', () => {
    const action = { stdin: '', stdout: '', stderr: '', exitCode: 0, at: '' };
    const { actions } = model({
      actions: [
        { ...action, argv: ['cat', '/dev/a b'], deviceWrite: null },
        { ...action, argv: ['echo', "it's", '>', '/dev/x'], deviceWrite: { device: '/dev/x', bytes: 5, text: "it's\n" } },
      ],
    });
    assert.deepEqual(actions.map(({ command }) => command), ["cat '/dev/a b'", "echo 'it'\\''s' > /dev/x"]);
  });

  it('survives a syscall that no table knows', () => {
    const results = model({ calls: [call('c', 'no_such_call', 1)] });
    assert.equal(results.range(0, 1)[0]?.signature, '()');
    assert.deepEqual(results.details(0)?.arguments, []);
    assert.equal(results.details(1), null);
  });

  it('chooses a unit for the time', () => {
    assert.deepEqual([shownTime(41), shownTime(999_999), shownTime(2_437_700), shownTime(-5)], ['+0.041 ms', '+999.999 ms', '+2.438 s', '−0.005 ms']);
  });
});

describe('the rows of a growing session', () => {
  const predictions = [prediction('p', 'dup', { kind: 'exact', value: 4 }), prediction('q', 'close', { kind: 'exact', value: 0 })];
  const dup = call('c', 'dup', 4, { predictionId: 'p' });

  it('say from where on they changed', () => {
    const table = new PredictionTable({ session: session({ predictions }), abi });
    finish(table);
    assert.equal(table.takeChangedFrom(), 0);
    assert.equal(table.takeChangedFrom(), null);
    table.take(session({ predictions, calls: [dup] }));
    finish(table);
    assert.deepEqual(table.range(0, 9).map(({ syscall, verdict }) => [syscall, verdict]), [['dup', 'agree'], ['close', 'pending']]);
    assert.equal(table.takeChangedFrom(), 0, 'the row of the prediction became one of a call');
    table.take(session({ predictions, calls: [dup, call('d', 'dup', 5, { predictionId: 'p' })] }));
    finish(table);
    assert.equal(table.takeChangedFrom(), 1, 'the first call stays as it is');
    table.take(session({ predictions, calls: [dup, call('d', 'dup', 5, { predictionId: 'p', buffers: [{ argument: 1, bytes: '00' }] })] }));
    assert.equal(table.takeChangedFrom(), 1, 'more became known of the second call');
    const missed = { predictions: [...predictions, prediction('r', 'close', { kind: 'exact', value: 0 })], calls: [dup] };
    table.take(session(missed));
    table.step();
    table.takeChangedFrom();
    table.take(session({ ...missed, end: { state: 'unloaded', reason: '' } }));
    assert.equal(table.takeChangedFrom(), 1, 'what was not made yet was never made');
  });

  it('begin again when another analysis, or what an action wrote, says more', () => {
    const table = new PredictionTable({ session: session({ calls: [dup] }), abi });
    finish(table);
    assert.equal(table.summary().counts.notPredicted, 1);
    table.take(session({ predictions, calls: [dup] }));
    finish(table);
    assert.deepEqual([table.summary().counts.agree, table.summary().counts.pending], [1, 1]);
  });

  it('are taken over and filtered in steps, 100,000 of them', () => {
    const calls = Array.from({ length: 100_000 }, (_, index) => call(`c${index}`, index % 3 === 0 ? 'write' : 'getpid', index % 3 === 0 ? -9 : 42, { errno: index % 3 === 0 ? 'EBADF' : null, task: index % 2 === 0 ? 'even' : 'odd' }));
    const table = new PredictionTable({ session: session({ calls }), abi });
    assert.ok(finish(table) > 10, 'one step is a small part of the work');
    assert.equal(table.shown, 100_000);
    assert.deepEqual(table.range(99_999, 5).map(({ syscall }) => syscall), ['write']);
    table.setFilter({ ...NO_FILTER, syscall: 'write', task: 'odd', failed: true });
    assert.equal(table.shown, 0);
    finish(table);
    assert.equal(table.shown, 16_667);
    assert.equal(table.indexOf('c3'), 0);
    assert.equal(table.indexOf('c1'), null, 'it does not pass the filter');
    assert.deepEqual(table.facets().tasks, [{ value: 'even', calls: 50_000 }, { value: 'odd', calls: 50_000 }]);
  });
});

describe('a filter', () => {
  const calls = [
    call('a', 'write', -14, { errno: 'EFAULT', predictionId: 'p', source: { file: 'buffers.c', line: 32 } }),
    call('b', 'dup', 4, { predictionId: 'q', task: 'sh' }),
    call('c', 'mmap', -4096),
    call('d', 'pause', null, { status: 'unfinished' }),
  ];
  const predictions = [prediction('p', 'write', { kind: 'exact', value: 1 }), prediction('q', 'dup', { kind: 'exact', value: 4 }), prediction('r', 'close', { kind: 'exact', value: 0 })];
  const chosen = (filter: Partial<typeof NO_FILTER>, changes: Partial<LoadSession> = {}): string[] => {
    const table = new PredictionTable({ session: session({ calls, predictions, ...changes }), abi });
    table.setFilter({ ...NO_FILTER, ...filter });
    finish(table);
    return table.range(0, 99).map(({ syscall }) => syscall);
  };

  it('lets through what it names', () => {
    assert.deepEqual(chosen({}), ['write', 'dup', 'mmap', 'pause', 'close']);
    assert.deepEqual(chosen({ syscall: 'dup' }), ['dup']);
    assert.deepEqual(chosen({ task: 'sh' }), ['dup']);
    assert.deepEqual(chosen({ failed: true }), ['write'], '-4096 is an address');
    assert.deepEqual(chosen({ differs: true }), ['write']);
    assert.deepEqual(chosen({ differs: true }, { end: { state: 'unloaded', reason: '' } }), ['write', 'close'], 'a call that was never made differs');
  });

  it('finds text in the syscall, the result, the source and the caller, in any case', () => {
    for (const text of ['efault', '-14', 'BUFFERS.C:32', ' write() ']) assert.deepEqual(chosen({ text }), ['write'], text);
    assert.deepEqual(chosen({ text: 'sample_init' }), ['write', 'dup', 'mmap', 'pause', 'close']);
    assert.deepEqual(chosen({ text: 'nothing like it' }), []);
  });
});

describe('two sessions beside each other', () => {
  const calls = [call('a', 'write', -14, { errno: 'EFAULT' }), call('b', 'dup', 4)];
  const before = session({ id: 'before', calls });
  const table = (changes: LoadSession['calls']): DifferenceTable => {
    const made = new DifferenceTable({ session: session({ calls: changes }), abi }, before, '5.10');
    finish(made);
    return made;
  };

  it('show what each returned, and count what came out otherwise', () => {
    const other = table([call('x', 'write', 28), call('y', 'dup', 4), call('z', 'close', 0)]);
    assert.deepEqual(other.range(0, 9).map(({ syscall, predicted, observed, verdict }) => [syscall, predicted.text, observed.text, verdict]), [
      ['write', '-14', '28', 'differs'],
      ['dup', '4', '4', 'same'],
      ['close', '–', '0', 'onlySecond'],
    ]);
    assert.equal(other.summary().headline, '2 of 3 calls came out otherwise');
    other.setFilter({ ...NO_FILTER, differs: true });
    finish(other);
    assert.deepEqual(other.range(0, 9).map(({ syscall }) => syscall), ['write', 'close']);
    assert.equal(other.details(0)?.callId, 'x');
  });

  it('show the card of a call that only the other made', () => {
    const other = table([]);
    assert.deepEqual(other.range(0, 9).map(({ verdict }) => verdict), ['onlyFirst', 'onlyFirst']);
    assert.deepEqual(other.details(1)?.notes, ['Only the other load made this call: 5.10.']);
    assert.equal(other.callAt(1), null);
  });

  it('say so when nothing changed', () => {
    assert.deepEqual([table(calls).summary().headline, table(calls).summary().tone], ['All 2 calls came out the same', 'good']);
  });
});

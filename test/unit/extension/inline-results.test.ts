// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { LoadSession } from '../../../core/model';
import { callSites } from '../../../extension/src/sessions/call-sites';
import { disagreements, fatalErrors } from '../../../extension/src/inline-results/objections';
import { inlineResults, isBuiltFrom, sourcePath, type EditedDocument, type InlineResult } from '../../../extension/src/inline-results/inline-model';
import { placeLines } from '../../../extension/src/inline-results/place-lines';
import { call, prediction, session } from './sample-session';

const BUILT = 'one\ntwo\nthree\nfour\nfive\n';
const AS_BUILT: EditedDocument = { text: BUILT, isAsBuilt: true, built: BUILT };
const EBADF = { kind: 'errno', name: 'EBADF', value: -9 } as const;
const at = (line: number): { source: { file: string; line: number } } => ({ source: { file: 'sample.c', line } });

function results(changes: Partial<LoadSession>, document = AS_BUILT): InlineResult[] {
  return inlineResults(callSites(session(changes)), 'sample.c', document);
}

describe('results in the editor', () => {
  it('say at the line what was returned, and that it was predicted', () => {
    const [result, ...rest] = results({
      predictions: [prediction('p', 'write', EBADF)],
      calls: [call('c', 'write', -9, { ...at(2), predictionId: 'p', evidence: 'probe' })],
    });
    assert.deepEqual(rest, []);
    assert.deepEqual([result?.line, result?.text, result?.stale, result?.differs, result?.callId], [1, '= -9 EBADF · as predicted', false, false, 'c']);
    assert.deepEqual(result?.hover, ['write() returned -9 EBADF (Bad file number) to insmod in sample_init. Predicted: -9 EBADF. It is so. Recorded by a kernel probe.']);
  });

  it('name the prediction that did not come true', () => {
    const [result] = results({ predictions: [prediction('p', 'dup', { kind: 'exact', value: 4 })], calls: [call('c', 'dup', 5, { ...at(1), predictionId: 'p' })] });
    assert.equal(result?.text, '= 5 · predicted 4');
    assert.equal(result.differs, true);
  });

  it('never say that a call was as predicted when nothing was', () => {
    const [unknown, unpredicted, running] = results({
      predictions: [prediction('p', 'dup', { kind: 'unknown' })],
      calls: [call('a', 'dup', 5, { ...at(1), predictionId: 'p' }), call('b', 'getpid', 7, at(2)), call('c', 'pause', null, { ...at(3), status: 'unfinished' })],
    });
    assert.deepEqual([unknown?.text, unpredicted?.text, running?.text], ['= 5 · prediction unknown', '= 7 · not predicted', '= ? still running']);
  });

  it('join the calls of one line, each with its name', () => {
    const shown = results({ calls: [call('a', 'dup', 5, at(1)), call('b', 'close', 0, at(1))] });
    assert.deepEqual(shown.map(({ text }) => text), ['dup = 5 · not predicted | close = 0 · not predicted']);
    assert.equal(shown[0]?.hover.length, 2);
  });

  it('show the last call of a line that was reached again, and how often it was', () => {
    const predictions = [prediction('p', 'dup', { kind: 'exact', value: 4 })];
    const calls = [5, 4].map((result, index) => call(`c${index}`, 'dup', result, { ...at(1), predictionId: 'p' }));
    const [result] = results({ predictions, calls });
    assert.equal(result?.text, '= 4 · as predicted · 2 calls, not all as predicted');
    assert.equal(result.differs, true);
    assert.equal(result.callId, 'c0', 'the one that differs is what a person looks for');
    assert.deepEqual(result.calls, [{ title: 'dup() = 5 · 2 calls', callId: 'c0' }]);
  });

  it('keep their lines while the file is edited, and say that they are of before', () => {
    const calls = [call('a', 'dup', 1, at(1)), call('b', 'dup', 3, at(3)), call('c', 'dup', 5, at(5))];
    const text = 'one\nnew\ntwo\nTHREE\nfour\nfive\n';
    const shown = results({ calls }, { text, isAsBuilt: false, built: BUILT });
    assert.deepEqual(shown.map(({ line, stale }) => [line, stale]), [[0, true], [3, true], [5, true]]);
    assert.equal(shown[0]?.text, '= 1 · not predicted · before your edit');
  });

  it('stay on the lines that there are when the built text was never seen', () => {
    const calls = [call('a', 'dup', 1, at(1)), call('b', 'dup', 3, at(30))];
    assert.deepEqual(results({ calls }, { text: 'one', isAsBuilt: false, built: null }).map(({ line }) => line), [0]);
  });

  it('belong to no other file, and need a line', () => {
    assert.deepEqual(results({ calls: [call('a', 'dup', 1, { source: null }), call('b', 'dup', 1, { source: { file: 'other.c', line: 1 } })] }), []);
  });

  it('hide nothing that would reorder the line', () => {
    const [result] = results({ calls: [call('a', 'dup', 1, { ...at(1), task: '\u202eevil' })] });
    assert.match(result?.hover[0] ?? '', /\\u202eevil/);
  });
});

describe('a call that differs from its prediction', () => {
  const predictions = [prediction('p', 'dup', { kind: 'exact', value: 4 })];
  const messages = (calls: LoadSession['calls']): string[] => disagreements(callSites(session({ predictions, calls }))).map(({ file, line, message }) => `${file}:${line}: ${message}`);

  it('is a problem at its line', () => {
    const differs = call('a', 'dup', -9, { ...at(3), predictionId: 'p', errno: 'EBADF', evidence: 'probe' });
    assert.deepEqual(messages([differs]), ['sample.c:3: The kernel disagrees with the analysis here: dup() predicted 4, returned -9 EBADF.']);
  });

  it('is not said of the kernel when only the module says so', () => {
    const [message] = messages([call('a', 'dup', 5, { ...at(3), predictionId: 'p', evidence: 'log' })]);
    assert.match(message ?? '', /^sample\.c:3: The module's log line disagrees/);
  });

  it('is one problem however often it is made', () => {
    const calls = [5, 6, 4].map((result, index) => call(`c${index}`, 'dup', result, { ...at(3), predictionId: 'p', evidence: 'probe' }));
    const [message, ...rest] = messages(calls);
    assert.deepEqual(rest, []);
    assert.match(message ?? '', /returned 6\.$/);
  });

  it('is none when it agrees, or when nothing was predicted', () => {
    assert.deepEqual(messages([call('a', 'dup', 4, { ...at(3), predictionId: 'p' }), call('b', 'dup', 9, at(3)), call('c', 'dup', null, { ...at(3), predictionId: 'p' })]), []);
  });
});

describe('a source of a session', () => {
  const sha256 = createHash('sha256').update('\ufeffint x;\r\n').digest('hex');
  const built = session({ module: { name: 'sample', folder: '/w/sample', sources: [{ path: 'sub/sample.c', sha256 }], koBuildId: null } });

  it('is found by its path below the module', () => {
    assert.equal(sourcePath(built, '/w/sample/sub/sample.c'), 'sub/sample.c');
    for (const other of ['/w/sample/sample.c', '/w/other/sub/sample.c', '/w/sample']) assert.equal(sourcePath(built, other), null);
  });

  it('is what was built when its bytes are, with or without the mark that editors hide', () => {
    assert.ok(isBuiltFrom(built, 'sub/sample.c', 'int x;\r\n'));
    assert.ok(isBuiltFrom(built, 'sub/sample.c', Buffer.from('\ufeffint x;\r\n')));
    assert.ok(!isBuiltFrom(built, 'sub/sample.c', 'int x;\n'));
    assert.ok(!isBuiltFrom(built, 'none.c', 'int x;\r\n'));
  });
});

describe('lines of an edited text', () => {
  const places = (before: string, after: string): (number | null)[] => before.split('\n').map((_, index) => placeLines(before, after)(index + 1));

  it('move with what was inserted or removed above them', () => {
    assert.deepEqual(places('a\nb\nc', 'x\ny\na\nb\nc'), [3, 4, 5]);
    assert.deepEqual(places('a\nb\nc', 'c'), [null, null, 1]);
    assert.deepEqual(places('a\nb\nc', 'a\nb\nc'), [1, 2, 3]);
  });

  it('are found between two edits', () => {
    assert.deepEqual(places('a\nb\nc\nd\ne', 'a\nB\nnew\nc\nD\ne'), [1, 2, 4, 5, 6]);
  });

  it('stay beside their neighbours when they were edited', () => {
    assert.deepEqual(places('a\nb\nc', 'a\nB\nc'), [1, 2, 3]);
    assert.deepEqual(places('a\nb\nc', ''), [1, 1, 1]);
  });

  it('do not change with the line ends', () => {
    assert.deepEqual(['a\r\nb', 'a\rb'].map((after) => placeLines('a\nb', after)(2)), [2, 2]);
  });

  it('are none beyond the end', () => {
    assert.equal(placeLines('a', 'a\nb')(2), null);
  });
});

describe('a fatal error of the kernel', () => {
  it('is a problem at the line that it named, and none where it named no line', () => {
    const end = { state: 'oops', reason: 'BUG: kernel NULL pointer dereference, address: 8' } as const;
    assert.deepEqual(fatalErrors({ ...end, ...at(7) }), [
      { file: 'sample.c', line: 7, message: 'The kernel met a fatal error here: BUG: kernel NULL pointer dereference, address: 8', code: 'kernel-fault' },
    ]);
    assert.deepEqual([fatalErrors(end), fatalErrors(null)], [[], []]);
  });
});

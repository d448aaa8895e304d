// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Call, Expectation, LoadSession } from '../../../core/model';
import { comparePredictions } from '../../../core/sessions/compare';
import { formatComparison, formatSession } from '../../../core/sessions/format';
import { actionOf, callOf, emptySession, predictionOf } from '../../support/session';

function compare(expect: Expectation, call: Partial<Call>, more: Partial<LoadSession> = {}): string[] {
  const session = emptySession({ predictions: [predictionOf({ expect })], calls: [callOf({ predictionId: 'p', ...call })], ...more });
  return comparePredictions(session).map(({ verdict, predicted, observed }) => `${verdict}: ${predicted} / ${observed}`);
}

const registers = (value: string): Call['registers'] => ['di', 'si', 'dx', 'r10', 'r8', 'r9'].map((name) => ({ name, value }));

describe('predicted beside observed', () => {
  it('compares exact numbers', () => {
    assert.deepEqual(compare({ kind: 'exact', value: 4 }, { result: 4 }), ['agree: 4 / 4']);
    assert.deepEqual(compare({ kind: 'exact', value: 4 }, { result: 5 }), ['differ: 4 / 5']);
  });

  it('compares errors by value', () => {
    const expect: Expectation = { kind: 'errno', name: 'EFAULT', value: -14 };
    assert.deepEqual(compare(expect, { result: -14, errno: 'EFAULT' }), ['agree: -14 EFAULT / -14 EFAULT']);
    assert.deepEqual(compare(expect, { result: -9, errno: 'EBADF' }), ['differ: -14 EFAULT / -9 EBADF']);
  });

  it('resolves an argument by its register', () => {
    const expect: Expectation = { kind: 'argument', index: 2, value: 'len' };
    assert.deepEqual(compare(expect, { result: 25, registers: registers('0x19') }), ['agree: 25 (len) / 25']);
    assert.deepEqual(compare(expect, { result: 25, registers: registers('0x1a') }), ['differ: 26 (len) / 25']);
    assert.deepEqual(compare(expect, { result: -1, registers: registers('0xffffffffffffffff') }), ['agree: -1 (len) / -1']);
  });

  it('resolves it by what the action handed over when no registers were read', () => {
    const expect: Expectation = { kind: 'argument', index: 2, value: 'len' };
    const actions = [actionOf(3), actionOf(25)];
    assert.deepEqual(compare(expect, { result: 25, action: 1 }, { actions }), ['agree: 25 (len) / 25']);
    assert.deepEqual(compare(expect, { result: 25, action: 0 }, { actions }), ['differ: 3 (len) / 25']);
    assert.deepEqual(compare(expect, { result: 25, action: null }, { actions }), ['unknown: len / 25']);
    assert.deepEqual(compare(expect, { result: 25, action: 0 }, { actions: [actionOf(null)] }), ['unknown: len / 25']);
    assert.deepEqual(compare({ ...expect, value: 'len - 3' }, { result: 22, action: 1 }, { actions }), ['unknown: len - 3 / 22']);
  });

  it('names what a prediction took for granted and the host showed to be otherwise', () => {
    const assume = (id: string): { id: string; text: string } => ({ id, text: id });
    const all = ['descriptor-0-open', 'descriptor-3-module', 'descriptor-4-up-free', 'buffer-of-writer'].map(assume);
    const broken = (numbers: number[] | undefined, task = 'insmod'): string[] => {
      const loaderDescriptors = numbers?.map((number) => ({ number, target: '/dev/null' }));
      const session = emptySession({ predictions: [predictionOf({ expect: { kind: 'exact', value: 4 }, assumes: all })], calls: [callOf({ predictionId: 'p', result: 5, task })], ...(loaderDescriptors ? { loaderDescriptors } : {}) });
      return comparePredictions(session).flatMap((row) => row.broken.map(({ id }) => id));
    };
    assert.deepEqual(broken([0, 1, 2]), []);
    assert.deepEqual(broken([1, 2]), ['descriptor-0-open', 'descriptor-3-module']);
    assert.deepEqual(broken([0, 1, 2, 3]), ['descriptor-3-module']);
    assert.deepEqual(broken([0, 1, 2, 9]), ['descriptor-4-up-free']);
    assert.deepEqual([...broken(undefined), ...broken([], 'sh')], [], 'nothing is known of them');
  });

  it('never lets unknown agree', () => {
    assert.deepEqual(compare({ kind: 'unknown' }, { result: 0 }), ['unknown: unknown / 0']);
    assert.deepEqual(compare({ kind: 'exact', value: 0 }, { result: null, unknownBecause: 'no line' }), ['unknown: 0 / unknown: no line']);
  });

  it('keeps calls that were not predicted and predictions that were not made', () => {
    const session = emptySession({ predictions: [predictionOf({ expect: { kind: 'exact', value: 1 } })], calls: [callOf({ result: 3 }), callOf({ predictionId: 'gone' })] });
    assert.deepEqual(comparePredictions(session).map(({ verdict, prediction, call }) => [verdict, prediction?.id, call?.id]), [
      ['notPredicted', undefined, 'c'],
      ['notPredicted', undefined, 'c'],
      ['neverMade', 'p', undefined],
    ]);
  });

  it('is printed as a table that no kernel text can break', () => {
    const call = callOf({ predictionId: 'p', result: null, unknownBecause: '\x1b[2J\nforged row' });
    const table = formatComparison(comparePredictions(emptySession({ predictions: [predictionOf({ expect: { kind: 'exact', value: 4 } })], calls: [call] })));
    assert.equal(table.split('\n').length, 3);
    assert.ok(!table.includes('\x1b'));
    assert.deepEqual(table.split('\n')[0]?.split(/\s+/), ['call', 'at', 'predicted', 'observed', 'verdict']);
    assert.equal(formatComparison([]), 'No syscall of the module was seen, and none was predicted.');
    assert.match(formatSession(emptySession({ parameters: { a: 'b' }, end: { state: 'oops', reason: 'BUG: x', source: { file: 'hello.c', line: 7 } }, lost: { records: 2 } })), /^hello on Guest 6\.1-cloud .*\nparameters: a=b\noops: BUG: x \(hello\.c:7\)\n2 kernel log records were lost$/);
  });
});

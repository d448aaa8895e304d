// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { CallsFromLog } from '../../../core/calls/log-calls';
import { PrintkFormat } from '../../../core/calls/printk-format';
import type { Prediction } from '../../../core/model';
import { predictionOf, recordOf } from '../../support/session';

const NUMBERS: Readonly<Record<string, number>> = { write: 1, dup: 32, close: 3 };
const syscallNumber = (name: string): number | null => NUMBERS[name] ?? null;

function value(format: string, text: string, index = 0): bigint | null | 'no match' {
  const compiled = PrintkFormat.compile(format);
  assert.ok(compiled, format);
  const values = compiled.match(text);
  return values ? compiled.value(values, index) : 'no match';
}

describe('printk formats', () => {
  it('reads the number of a conversion', () => {
    assert.equal(value('[X]write() = %d\n', '[X]write() = -14'), -14n);
    assert.equal(value('%s: %5d/%-3u|', 'name:   -14/7  |', 1), -14n);
    assert.equal(value('%s: %5d/%-3u|', 'name:   -14/7  |', 2), 7n);
    assert.equal(value('100%% of %d', '100% of 3'), 3n);
    assert.equal(value('%zd %lld', '-1 9007199254740993', 1), 9007199254740993n);
  });

  it('reads the bits as the number that they mean', () => {
    assert.equal(value('%u', '4294967282'), -14n);
    assert.equal(value('%x', 'fffffff2'), -14n);
    assert.equal(value('%#lx', '0xfffffffffffffff2'), -14n);
    assert.equal(value('%lu', '4294967282'), 4294967282n);
    assert.equal(value('%hhd', '-1'), -1n);
    assert.equal(value('%o', '17'), 15n);
  });

  it('matches the whole line only', () => {
    assert.equal(value('dup() = %d\n', '[X]dup() = 4'), 'no match');
    assert.equal(value('dup() = %d\n', 'dup() = 4 '), 4n);
    assert.equal(value('dup() = %d', 'dup() = 4x'), 'no match');
    assert.equal(value('a.c', 'abc'), 'no match');
  });

  it('passes over pointers and texts of any shape', () => {
    assert.equal(value('write %p, %zu', 'write 000000004c6cb94e, 25', 1), 25n);
    assert.equal(value('write %p, %zu', 'write (____ptrval____), 25', 1), 25n);
    assert.equal(value('%pS = %d', 'kallsyms_lookup_name+0x4/0xc0 = 3', 1), 3n);
    assert.equal(value('%s = %d', 'a = b = 3', 1), 3n);
    assert.equal(value('%s', 'text'), null);
  });

  it('says when a format is not known, and stays quick on hostile texts', () => {
    assert.equal(PrintkFormat.compile('%y'), null);
    assert.equal(PrintkFormat.compile('%'), null);
    assert.equal(PrintkFormat.compile('x'.repeat(5000)), null);
    const hostile = PrintkFormat.compile(`${'%s a'.repeat(20)}%d!`);
    assert.equal(hostile?.match(' a'.repeat(1500)), null);
    assert.equal(PrintkFormat.compile('%s')?.match('x'.repeat(100_000)), null);
  });
});

describe('calls from the log', () => {
  const reported = (id: string, caller: string, syscall: string, format: string): Prediction => predictionOf({ id, caller, syscall, report: { source: { file: 'a.c', line: 1 }, format, conversion: 0 } });

  function read(predictions: Prediction[], texts: readonly string[]): (string | null)[] {
    const calls = new CallsFromLog({ predictions, syscallNumber });
    return texts.map((text, index) => {
      const call = calls.push(recordOf(text, index), null);
      return call && `${call.predictionId ?? '-'} ${call.syscall} ${call.result ?? 'null'} ${call.errno ?? ''}`.trim();
    });
  }

  it('tells equal formats apart by program order', () => {
    const predictions = [reported('w', 'init', 'write', 'w = %d\n'), reported('d1', 'init', 'dup', 'd = %d\n'), reported('c', 'init', 'close', 'c = %d\n'), reported('d2', 'init', 'dup', 'd = %d\n')];
    assert.deepEqual(read(predictions, ['w = -14', 'noise', 'd = 4', 'c = 0', 'd = 0']), ['w write -14 EFAULT', null, 'd1 dup 4', 'c close 0', 'd2 dup 0']);
  });

  it('begins anew when the function runs again, and skips what a branch left out', () => {
    const predictions = [reported('a', 'handler', 'write', 'a = %d'), reported('b', 'handler', 'dup', 'b = %d')];
    assert.deepEqual(read(predictions, ['a = 1', 'a = 2', 'b = 3', 'b = 4']), ['a write 1', 'a write 2', 'b dup 3', 'b dup 4']);
  });

  it('keeps two functions apart that print alike', () => {
    const predictions = [reported('i1', 'init', 'write', 'r = %d'), reported('i2', 'init', 'dup', 'r = %d'), reported('h', 'handler', 'write', 'r = %d')];
    assert.deepEqual(read(predictions, ['r = 1', 'r = 2', 'r = 3']), ['i1 write 1', 'i2 dup 2', 'h write 3']);
  });

  it('takes a line that names a syscall and its result when no format does', () => {
    assert.deepEqual(read([], ['[X]dup() = 4', 'close(fd 3) returned = -9', 'frobnicate() = 1', 'write() = x', 'dup() = 4 of 5']), ['- dup 4', '- close -9 EBADF', null, null, null]);
  });

  it('takes nothing from a prediction that is not printed', () => {
    assert.deepEqual(read([predictionOf({ syscall: 'dup' })], ['anything = 1']), [null]);
  });

  it('says what it did not read: registers, time, task', () => {
    const call = new CallsFromLog({ predictions: [], syscallNumber }).push(recordOf('dup() = 99999999999999999999', 7), 2);
    assert.equal(call, null);
    const read = new CallsFromLog({ predictions: [], syscallNumber }).push(recordOf('dup() = 9999999999999999999', 7), 2);
    assert.deepEqual([read?.result, read?.registers, read?.durationUsec, read?.pid, read?.evidence, read?.recordSeq, read?.action, read?.nr], [null, null, null, null, 'log', 7, 2, 32]);
    assert.match(read?.unknownBecause ?? '', /number/);
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Call, LoadSession } from '../../../core/model';
import { compareSessions } from '../../../core/sessions/compare-sessions';
import { callOf, emptySession } from '../../support/session';

const session = (...calls: Partial<Call>[]): LoadSession => emptySession({ calls: calls.map((call) => callOf({ caller: 'init+0x10', ...call })) });
const brief = (one: LoadSession, other: LoadSession): unknown[] => compareSessions(one, other).map(({ first, second, difference }) => [first?.result ?? null, second?.result ?? null, difference]);

describe('two sessions beside each other', () => {
  it('pairs by syscall and function, not by line or offset', () => {
    const one = session({ result: -14, source: { file: 'a.c', line: 5 } });
    const other = session({ result: 28, source: { file: 'a.c', line: 9 }, caller: 'init+0x44' });
    assert.deepEqual(brief(one, other), [[-14, 28, 'differs']]);
  });

  it('names what only one of them made, and goes on in step', () => {
    const one = session({ result: 1 }, { syscall: 'dup', result: 4 }, { syscall: 'close', result: 0 });
    const other = session({ result: 1 }, { syscall: 'close', result: 0 }, { syscall: 'dup', result: 5, caller: 'later+0x1' });
    assert.deepEqual(brief(one, other), [[1, 1, 'same'], [4, null, 'onlyFirst'], [0, 0, 'same'], [null, 5, 'onlySecond']]);
  });

  it('does not take a call that never returned for one that returned nothing', () => {
    assert.deepEqual(brief(session({ result: null, status: 'unfinished' }), session({ result: null, status: 'entryOnly' })), [[null, null, 'differs']]);
  });

  it('pairs very long sessions by position', () => {
    const many = Array.from({ length: 3_000 }, (_, index): Partial<Call> => ({ result: index }));
    const rows = compareSessions(session(...many), session(...many, { result: 7 }));
    assert.deepEqual([rows.length, rows.filter(({ difference }) => difference === 'same').length, rows.at(-1)?.difference], [3_001, 3_000, 'onlySecond']);
  });

  it('keeps very long sessions in step around what only one of them did', () => {
    const long = (extra: number): Call[] => [...Array.from({ length: 5_000 }, (_, index) => callOf({ id: `h${index}`, syscall: 'dup' })), ...Array.from({ length: extra }, (_, index) => callOf({ id: `x${index}`, syscall: 'close' })), ...Array.from({ length: 5_000 }, (_, index) => callOf({ id: `t${index}`, syscall: 'dup' }))];
    const rows = compareSessions(emptySession({ calls: long(0) }), emptySession({ calls: long(3) }));
    assert.equal(rows.length, 10_003);
    assert.deepEqual(rows.filter(({ difference }) => difference !== 'same').map(({ second, difference }) => [second?.id, difference]), [['x0', 'onlySecond'], ['x1', 'onlySecond'], ['x2', 'onlySecond']]);
  });
});

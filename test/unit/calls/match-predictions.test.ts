// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { PredictionMatcher } from '../../../core/calls/match-predictions';
import type { Call, Prediction } from '../../../core/model';

describe('the prediction of a call', () => {
  const source = { file: 'a.c', line: 3 };
  const predictions = ['p1', 'p2'].map((id): Prediction => ({ id, source, caller: 'f', syscall: 'dup', expect: { kind: 'unknown' }, assumes: [], because: 'Because.', report: null }));
  const idsOf = (matcher: PredictionMatcher, callers: readonly string[]): (string | undefined)[] => callers.map((caller) => matcher.match('dup', caller, [source]).prediction?.id);

  it('is told by the order of return addresses where a line has several', () => {
    assert.deepEqual(idsOf(new PredictionMatcher(predictions), ['f+0x20', 'f+0x40', 'f+0x20', 'f+0x60']), ['p1', 'p2', 'p1', undefined]);
  });

  it('stays the same for a return address when recording goes on', () => {
    const earlier = [{ syscall: 'dup', caller: 'f+0x20', source, predictionId: 'p1' }, { syscall: 'dup', caller: 'f+0x80', source, predictionId: null }] as Call[];
    assert.deepEqual(idsOf(new PredictionMatcher(predictions, earlier), ['f+0x40', 'f+0x20']), ['p2', 'p1']);
  });
});

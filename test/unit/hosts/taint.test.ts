// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { taintFlags } from '../../../core/hosts/taint';

describe('taint flags', () => {
  const letters = (tainted: number): string => taintFlags(tainted).map(({ letter }) => letter).join(' ');

  it('are named by their letters', () => {
    assert.equal(letters(0), '');
    assert.equal(letters(12_288), 'O E');
    assert.equal(letters(12_416), 'D O E');
    assert.equal(letters(1), 'P');
    assert.equal(letters(2 ** 20 - 1).replaceAll(' ', ''), 'PFSRMBUDAWCIOELKXTNJ');
  });

  it('of a newer kernel are named by their bit', () => {
    assert.equal(letters(2 ** 31 + 4096), 'O bit 31');
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { diskFailure } from '../../../core/guest/disk';

describe('a full disk', () => {
  it('is told from other errors, in three sentences', () => {
    const caught = (work: () => void): unknown => {
      try {
        work();
      } catch (error) {
        return error;
      }
      return assert.fail('it worked');
    };
    const failure = diskFailure(caught(() => fs.writeFileSync('/dev/full', 'x')));
    assert.equal(failure?.code, 'disk-full');
    assert.match(failure.why, /no space left/);
    assert.equal(diskFailure(caught(() => fs.readFileSync('/nowhere/at/all'))), null);
    assert.equal(diskFailure('ENOSPC'), null);
  });
});

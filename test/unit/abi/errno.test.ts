// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import os from 'node:os';
import { errnoEntry, errnoName, errnoNumber } from '../../../core/abi/errno';

describe('error numbers', () => {
  it("agree with this machine's own", () => {
    const synonyms = new Set(['EWOULDBLOCK', 'EDEADLOCK', 'ENOTSUP', 'EOPNOTSUPP']);
    const own = Object.entries(os.constants.errno).filter(([name]) => !synonyms.has(name));
    assert.ok(own.length > 60);
    for (const [name, number] of own) {
      assert.equal(errnoNumber(name), number, name);
      assert.equal(errnoName(-number), name);
    }
  });

  it('name results only when they are errors', () => {
    assert.equal(errnoName(-14), 'EFAULT');
    assert.equal(errnoEntry(14)?.text, 'Bad address');
    assert.equal(errnoName(-512), 'ERESTARTSYS');
    for (const result of [0, 14, -4096, -200, -134, -1e9]) assert.equal(errnoName(result), null);
    assert.equal(errnoNumber('ENOTHING'), null);
  });
});

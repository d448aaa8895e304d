// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { faultPlace } from '../../../core/modules/fault';

/** A module whose functions begin at 0x100. */
const code = { placeOf: (name: string, offset: number) => (name === 'twice' ? null : { section: `.text.${name}`, offset: 0x100 + offset }) };
const BUG = 'BUG: kernel NULL pointer dereference, address: 0000000000000008';
const at = (...log: string[]) => faultPlace(log, 'mine', code);

describe('the place of a fatal error', () => {
  it('is the instruction when that is the module\'s', () => {
    assert.deepEqual(at(BUG, 'RIP: 0010:start+0x14/0x1000 [mine]'), { section: '.text.start', offset: 0x114 });
    assert.deepEqual(at('Unable to handle kernel NULL pointer dereference at 8', 'pc : start+0x8/0x40 [mine]'), { section: '.text.start', offset: 0x108 });
  });

  it('is the call of what failed when the kernel failed for the module', () => {
    const log = [BUG, 'RIP: 0010:strlen+0x0/0x20', ' ? stale+0x1/0x2 [mine]', ' other+0x1/0x2 [another]', ' start+0x14/0x1000 [mine 0123abcd]', ' outer+0x2/0x3 [mine]'];
    assert.deepEqual(at(...log), { section: '.text.start', offset: 0x113 });
  });

  it('is unknown without an error, without a frame of the module, and where a name means two functions', () => {
    assert.equal(at('RIP: 0010:start+0x14/0x1000 [mine]'), null);
    assert.equal(at(BUG, 'RIP: 0010:strlen+0x0/0x20', ' do_one_initcall+0x59/0x220'), null);
    assert.equal(at(BUG, 'RIP: 0010:twice+0x14/0x1000 [mine]'), null);
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { recordsInConsole } from '../../../core/kernel-log/console-records';
import type { KernelRecord } from '../../../core/model';

const MARKER = 'kmodlab: session 1-a ';
const CONSOLE = `SeaBIOS (version 1)\r
[    1.000001] kmodlab: session 0-z insmod begin
[    1.500000] another load
[    2.000000] ${MARKER}insmod begin
[    2.000001] a: begins
[    2.000002][   T77] a: more
[    2.100000] ${MARKER}action 0 begin
[    2.200000] BUG: kernel NULL pointer dereference, address: 0000000000000008
[    2.200001] RIP: 0010:start+0x1/0x2 [a]
[    2.300000] Kernel panic - not syncing: Fatal exception
no time
`;

function record(usec: number): KernelRecord {
  return { seq: 41, usec, level: 6, facility: 0, text: 'a: begins', continuation: false, dictionary: {} };
}

describe('the last words of a kernel', () => {
  it('are what its console has of the session, without markers, from its first marker on', () => {
    const records = recordsInConsole(CONSOLE, MARKER, []);
    assert.deepEqual(
      records.map(({ seq, usec, level, text }) => [seq, usec, level, text]),
      [
        [0, 2_000_001, 6, 'a: begins'],
        [1, 2_000_002, 6, 'a: more'],
        [2, 2_200_000, 1, 'BUG: kernel NULL pointer dereference, address: 0000000000000008'],
        [3, 2_200_001, 4, 'RIP: 0010:start+0x1/0x2 [a]'],
        [4, 2_300_000, 0, 'Kernel panic - not syncing: Fatal exception'],
      ],
    );
  });

  it('go on behind what is known', () => {
    assert.deepEqual(
      recordsInConsole(CONSOLE, MARKER, [record(2_000_001)]).map(({ seq, text }) => [seq, text]).slice(0, 2),
      [
        [42, 'a: more'],
        [43, 'BUG: kernel NULL pointer dereference, address: 0000000000000008'],
      ],
    );
  });

  it('are none where nothing of the session stands', () => {
    assert.deepEqual(recordsInConsole(CONSOLE, 'kmodlab: session 2-b ', []), []);
    assert.deepEqual(recordsInConsole('', MARKER, [record(1)]), []);
  });
});

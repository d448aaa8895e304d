// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Insertion } from '../../../core/modules/insertion';
import { EXIT_NOT_COPIED, INSERT } from '../../../core/modules/host-scripts';
import { FakeHost, FakeKernel } from '../../support/fake-kernel';

describe('a shell that waits for a .ko', () => {
  let kernel: FakeKernel;
  let host: FakeHost;
  let ko: string;

  beforeEach(() => {
    kernel = new FakeKernel();
    host = new FakeHost(kernel);
    ko = path.join(kernel.root, 'tmp/private/echo.ko');
    fs.mkdirSync(path.dirname(ko));
  });
  afterEach(() => kernel.dispose());

  const about = ['/dev/kmsg', 'begin', 'end', '/proc/modules', '/proc/devices', '/proc/misc', '/sys/module', 'echo', 'session', '0', 'watchdog'];

  it('inserts what it is given, byte for byte, and leaves nothing', async () => {
    const local = path.join(kernel.root, 'local.ko');
    const bytes = Buffer.from([0, 10, 13, 255, 10, 10, 0]);
    fs.writeFileSync(local, bytes);
    kernel.onInsmod('cp "$1" "$root/inserted"');
    const insertion = new Insertion({ host, about, ko, parameters: ['a=1'] });
    insertion.aboutToInsert();
    const result = await insertion.insert(local, '');
    await insertion.begun;
    assert.equal(result.exitCode, 0);
    assert.deepEqual(fs.readFileSync(path.join(kernel.root, 'inserted')), bytes);
    assert.match(kernel.read('insmod.args'), /\/echo\.ko\na=1\n$/);
    assert.deepEqual(kernel.list('tmp'), []);
  });

  for (const [when, stdin, exitCode] of [
    ['before it was told of the .ko', '', 0],
    ['before the size', '\n', 0],
    ['within the .ko', '\n9 \nshort', EXIT_NOT_COPIED],
  ] as const) {
    it(`inserts nothing and leaves nothing when the connection ends ${when}`, async () => {
      const result = await host.run(['sh', '-c', INSERT, 'sh', ...about, ko], { stdin });
      assert.equal(result.exitCode, exitCode);
      assert.equal(kernel.exists('insmod.args'), false);
      assert.deepEqual(kernel.list('tmp'), []);
    });
  }

  it('goes when it is given up', async () => {
    await new Insertion({ host, about, ko, parameters: [] }).giveUp();
    assert.equal(kernel.exists('insmod.args'), false);
    assert.deepEqual(kernel.list('tmp'), []);
  });
});

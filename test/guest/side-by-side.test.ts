// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import path from 'node:path';
import { endGuests, guestsFolder, listGuests, resetGuest } from '../../core/guest/manage';
import { openGuest, type GuestHost } from '../../core/hosts/guest';
import type { LoadedModule } from '../../core/modules/load';
import { load, texts } from './modules';
import { guestDeps, testDirs, type TestGuest } from './support';

describe('guests side by side: two of one kernel, and one of another', function () {
  this.timeout(300_000);
  let common: Omit<TestGuest, 'host'>;
  let remove: () => void;
  const hosts: GuestHost[] = [];
  let loaded: LoadedModule[];
  const names = async (): Promise<string[]> => (await listGuests(guestsFolder(common.dirs))).map(({ name }) => name).sort();
  const hasModule = async (host: GuestHost): Promise<boolean> => (await host.run(['grep', '-q', '^device2 ', '/proc/modules'])).exitCode === 0;

  before(async () => {
    const own = testDirs();
    remove = own.remove;
    common = { dirs: own.dirs, deps: guestDeps(own.dirs) };
    for (const options of [{}, { name: 'two' }, { kernel: '5.10-cloud' }]) hosts.push(await openGuest({ ...options, lease: { kind: 'window' } }, common.deps));
  });
  after(async () => {
    await Promise.all(hosts.map((host) => host.dispose()));
    assert.deepEqual(await names(), []);
    remove();
  });

  it('load the same module at the same time', async () => {
    assert.deepEqual(await names(), ['5.10-cloud', '6.1-cloud', '6.1-cloud@two']);
    loaded = await Promise.all(hosts.map((host) => load({ ...common, host }, path.resolve('module'))));
    assert.deepEqual(await Promise.all(hosts.map(hasModule)), [true, true, true]);
    assert.equal(new Set(loaded.map((one) => one.session().host.bootId)).size, 3);
    assert.ok(loaded.every((one) => texts(one.session()).some((text) => text.startsWith('[DEVICE2]initialized'))));
  });

  it('are reset, crash and end each by itself', async () => {
    const [one, two, older] = hosts as [GuestHost, GuestHost, GuestHost];
    await resetGuest(guestsFolder(common.dirs), '6.1-cloud@two');
    assert.match((await two.lost).why, /Another program ended it/);
    await two.reset();
    assert.deepEqual(await Promise.all(hosts.map(hasModule)), [true, false, true]);

    await assert.rejects(older.script('echo c > /proc/sysrq-trigger', []), { code: 'host-lost' });
    await older.reset();
    assert.deepEqual(await Promise.all(hosts.map(hasModule)), [true, false, false]);

    await endGuests(guestsFolder(common.dirs), '6.1-cloud@two');
    await two.lost;
    assert.deepEqual(await names(), ['5.10-cloud', '6.1-cloud']);
    assert.equal(await hasModule(one), true);
    assert.equal((await loaded[0]!.unload()).end?.state, 'unloaded');
  });
});

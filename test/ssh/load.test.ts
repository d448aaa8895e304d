// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Account } from './support/image';
import type { Host } from '../../core/hosts/host';
import type { AskSecret } from '../../core/hosts/sudo';
import { comparePredictions } from '../../core/sessions/compare';
import { unloadModule } from '../../core/modules/unload';
import { SessionStore } from '../../core/sessions/store';
import { PASSWORD } from './support/image';
import { loadOn, newestSession } from './support/load';
import { withRig } from './support/rig';

const TEXTS = ['qwerty for test purposes', 'another string'];

describe('loading a module on an SSH host', function () {
  this.timeout(300_000);
  const rig = withRig();

  /** What a load may leave on the host: the module, its device, files, probes, processes of root. */
  async function leftOn(host: Host): Promise<string> {
    const script = 'grep device2 /proc/modules /proc/devices; ls /tmp; ls /dev/device2 2>/dev/null; cat /sys/kernel/tracing/kprobe_events 2>/dev/null; ls /sys/kernel/tracing/instances 2>/dev/null; ps -o user,args | grep -e "kmodlab" | grep -v -e grep -e " sh -s --"';
    return (await host.script(script, [], { asRoot: true })).stdout;
  }

  async function fullLoad(name: Account, askSecret?: AskSecret): Promise<void> {
    const host = await rig().open(name, askSecret ? { askSecret } : {});
    const loaded = await loadOn(host, rig());
    const [device] = loaded.devices();
    assert.ok(device);
    const node = await loaded.createNode(device);
    for (const text of TEXTS) assert.equal((await loaded.writeToDevice(node, text)).stderr, `${text}\n`);
    assert.equal((await loaded.exercise(['id', '-un'])).stdout, `${name}\n`);
    const { stdout, asRoot } = await loaded.exercise(['sh', '-c', 'id -un; cat'], 'in', { asRoot: true });
    assert.deepEqual([stdout, asRoot], ['root\nin', true]);
    const session = await loaded.unload();
    assert.equal(session.end?.state, 'unloaded');
    assert.equal(session.recorder.mode, 'probe', session.recorder.reason);
    assert.deepEqual(session.calls.map(({ syscall, result, evidence }) => [syscall, result, evidence]), [
      ['write', -14, 'probe'],
      ['dup', 4, 'probe'],
      ['close', 0, 'probe'],
      ['dup', 0, 'probe'],
      ['write', 25, 'probe'],
      ['write', 15, 'probe'],
    ]);
    assert.deepEqual(comparePredictions(session).map(({ verdict }) => verdict), Array.from({ length: 6 }, () => 'agree'));
    assert.deepEqual(session.gaps, []);
    assert.deepEqual(await newestSession(rig()), session);
    assert.equal(await leftOn(host), '');
  }

  it('goes as on a guest, through sudo without a password', () => fullLoad('free'));

  it('goes as on a guest, through sudo with a password that is asked for once', async () => {
    let asked = 0;
    await fullLoad('asks', () => {
      asked += 1;
      return Promise.resolve(PASSWORD);
    });
    assert.equal(asked, 1);
  });

  it('keeps the password out of everything that is written down', async () => {
    const session = JSON.stringify(await newestSession(rig()));
    assert.ok(session.includes('asks'));
    assert.ok(!session.includes(PASSWORD) && !session.includes('battery'));
  });

  it('is refused before insmod where the user cannot become root', async () => {
    const host = await rig().open('terminal');
    await assert.rejects(loadOn(host, rig()), { code: 'preflight-blocked', why: /terminal cannot become root/, next: /visudo: terminal ALL=/ });
    const { end, preflight } = await newestSession(rig());
    assert.equal(end?.state, 'refused');
    assert.equal(preflight.find(({ check }) => check === 'rights')?.verdict, 'blocked');
  });

  it('is continued by another process', async () => {
    const host = await rig().open('free');
    const { id } = await (await loadOn(host, rig())).detach();
    const { dirs } = rig();
    const session = await unloadModule({ name: 'device2', host: await rig().open('free') }, { store: new SessionStore(dirs.state), dirs });
    assert.deepEqual([session?.id, session?.end?.state], [id, 'unloaded']);
    assert.equal(await leftOn(host), '');
  });
});

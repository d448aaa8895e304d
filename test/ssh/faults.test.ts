// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Host } from '../../core/hosts/host';
import type { HostDeps } from '../../core/hosts/registry';
import type { SessionEvent } from '../../core/model';
import { unloadModule } from '../../core/modules/unload';
import { SessionStore } from '../../core/sessions/store';
import { loadOn, newestSession } from './support/load';
import { withRig } from './support/rig';

const SLOW = `// SPDX-License-Identifier: GPL-2.0-only
#include <linux/delay.h>
#include <linux/module.h>
static int __init slow_init(void) { pr_info("begun\\n"); msleep(4000); pr_info("done\\n"); return 0; }
static void __exit slow_exit(void) { pr_info("gone\\n"); }
module_init(slow_init);
module_exit(slow_exit);
MODULE_DESCRIPTION("Test");
MODULE_LICENSE("GPL");
`;

describe('faults of the connection to an SSH host', function () {
  this.timeout(180_000);
  const rig = withRig();
  let folder: string;
  before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kf-'))));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  /** The host, and the process of the jump host through which its connection goes. */
  async function connected(more: Partial<HostDeps> = {}): Promise<{ host: Host; session: number }> {
    const before = rig().jump.sessions();
    const host = await rig().open('free', more);
    await host.facts();
    const [session] = rig().jump.sessions().filter((pid) => !before.includes(pid));
    assert.ok(session);
    return { host, session };
  }
  const drop = (session: number): boolean => process.kill(session, 'SIGKILL');
  const deps = (): { store: SessionStore; dirs: ReturnType<typeof rig>['dirs'] } => ({ store: new SessionStore(rig().dirs.state), dirs: rig().dirs });

  it('while a file is copied: it does not appear, in part or whole', async () => {
    const { host, session } = await connected();
    const witness = await rig().open('stranger');
    const file = path.join(folder, 'large');
    fs.closeSync(fs.openSync(file, 'w'));
    fs.truncateSync(file, 48 * 1024 * 1024);
    const copied = assert.rejects(host.put(file, '/tmp/large'), { code: 'host-lost', why: 'The connection ended while a command was running.' });
    await witness.script('until [ -s "$(echo /tmp/large.*)" ]; do sleep 0.1; done', []);
    drop(session);
    await copied;
    await witness.script('while [ -e "$(echo /tmp/large.*)" ]; do sleep 0.1; done', []);
    assert.equal((await witness.run(['ls', '/tmp'])).stdout, '');
  });

  it('while insmod runs: the session ends as it was, and the module can be unloaded later', async () => {
    fs.writeFileSync(path.join(folder, 'Kbuild'), 'obj-m := slow.o\n');
    fs.writeFileSync(path.join(folder, 'slow.c'), SLOW);
    const { host, session } = await connected();
    const dropAtFirst = (event: SessionEvent): boolean => event.type === 'record' && event.record.text.includes('begun') && drop(session);
    await assert.rejects(loadOn(host, rig(), folder, { onEvent: dropAtFirst }), { code: 'host-lost' });
    const { end, records, endedAt } = await newestSession(rig());
    assert.equal(end?.state, 'hostLost');
    assert.ok(endedAt);
    assert.deepEqual(records.filter(({ text }) => text.includes('begun')).length, 1);

    const again = await rig().open('free');
    await again.script('until grep -q "^slow .* Live" /proc/modules; do sleep 0.1; done', []);
    await unloadModule({ name: 'slow', host: again }, deps());
    assert.equal((await again.run(['grep', '^slow ', '/proc/modules'])).exitCode, 1);
  });

  it('while the log is followed: the session ends by itself with what it had', async () => {
    const { host, session } = await connected();
    const loaded = await loadOn(host, rig());
    drop(session);
    const ended = await loaded.ended;
    assert.deepEqual([ended.end?.state, ended.end?.reason], ['hostLost', 'The connection ended while a command was running.']);
    assert.equal(ended.calls.length, 4);
    assert.deepEqual(await newestSession(rig()), ended);
    const again = await rig().open('free');
    await again.script('while ls /sys/kernel/tracing/instances | grep -q kmodlab; do sleep 0.1; done', [], { asRoot: true });
    await unloadModule({ name: 'device2', host: again }, deps());
    assert.equal((await again.script('cat /sys/kernel/tracing/kprobe_events; ls /tmp', [], { asRoot: true })).stdout, '');
  });

  it('that passes: what the kernel said meanwhile arrives, and nothing is lost', async () => {
    const { host, session } = await connected();
    const loaded = await loadOn(host, rig());
    const witness = await rig().open('free');
    await witness.facts();
    process.kill(session, 'SIGSTOP');
    const late = loaded.exercise(['echo', 'after all']);
    await witness.script('for n in $(seq 200); do echo "<6>while away $n" >/dev/kmsg; done', [], { asRoot: true });
    process.kill(session, 'SIGCONT');
    assert.equal((await late).stdout, 'after all\n');
    const done = await loaded.unload();
    assert.deepEqual([done.end?.state, done.gaps, done.calls.length], ['unloaded', [], 4]);
    assert.equal(done.records.filter(({ text }) => text.startsWith('while away')).length, 200);
  });

  it('that lasts: the session ends with the reason, and another connection serves', async () => {
    const { host, session } = await connected({ sshLostAfterSeconds: 3 });
    const loaded = await loadOn(host, rig());
    process.kill(session, 'SIGSTOP');
    try {
      await assert.rejects(loaded.exercise(['true']), { code: 'host-lost' });
      assert.equal((await loaded.ended).end?.state, 'hostLost');
      await unloadModule({ name: 'device2', host }, deps());
    } finally {
      drop(session);
    }
  });

  it('when the host is started anew: its module is gone, and its session says so', async () => {
    const { host, session } = await connected();
    const { bootId } = await host.facts();
    const { id } = await (await loadOn(host, rig())).detach();
    const up = rig().machine.nextBoot();
    const lost = assert.rejects(host.script('echo b >/proc/sysrq-trigger; sleep 600', [], { asRoot: true }), { code: 'host-lost' });
    await up;
    if (rig().jump.sessions().includes(session)) drop(session); // else ssh has found out by itself, in half a minute
    await lost;
    assert.notEqual((await host.facts()).bootId, bootId);
    await assert.rejects(unloadModule({ name: 'device2', host }, deps()), { code: 'not-loaded' });
    assert.deepEqual((await deps().store.read(id)).end, { state: 'hostLost', reason: 'The host was started anew.' });
  });

  it('that cannot be made: said as it is', async () => {
    await rig().jump.end();
    await assert.rejects((await rig().open('free')).facts(), { code: 'host-unreachable', next: /"ssh free true" works in a terminal/ });
  });
});

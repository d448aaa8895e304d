// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { listGuests, guestsFolder, statesFolder } from '../../core/guest/manage';
import { listStates } from '../../core/guest/saved-state';
import { openGuest, type GuestDeps, type GuestHost } from '../../core/hosts/guest';
import type { Lease } from '../../core/guest/lease';
import { discoverModules } from '../../core/modules/discover';
import { startLoad } from '../../core/modules/load';
import { SessionStore } from '../../core/sessions/store';
import { guestDeps, testDirs } from './support';

describe('a guest that begins from a saved state', function () {
  this.timeout(120_000);
  let deps: GuestDeps;
  let remove: () => void;
  const states = (): string => statesFolder(deps.dirs);
  const memoryFile = (): string => path.join(states(), fs.readdirSync(states()).find((name) => /^[0-9a-f]+$/.test(name))!, 'memory');
  const open = (lease: Lease = { kind: 'process' }, fresh = true): Promise<GuestHost> => openGuest({ lease, fresh }, deps);

  before(() => {
    const own = testDirs();
    // The packages are the user's, the states are not: they are damaged here.
    deps = { ...guestDeps(own.dirs), dirs: { ...own.dirs, cache: path.join(own.dirs.state, 'cache') } };
    remove = own.remove;
  });
  after(() => remove());

  /** What the SSH server makes of its own randomness for each connection (RFC 4253, 7.1), behind the line that it greets with. */
  async function cookieOf(port: number): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    socket.write('SSH-2.0-test\r\n');
    let said = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      said = Buffer.concat([said, chunk]);
      const packet = said.indexOf('\n') + 1;
      if (packet > 0 && said.length >= packet + 22) return said.subarray(packet + 6, packet + 22).toString('hex');
    }
    return assert.fail('it greets nobody');
  }

  /** What no two guests may share, and the clock. */
  async function identity(host: GuestHost): Promise<{ secrets: string[]; offset: number }> {
    const before = Date.now() / 1000;
    const { stdout } = await host.script('cat /proc/sys/kernel/random/boot_id; head -c 16 /dev/urandom | od -An -tx1; date +%s', []);
    const [bootId = '', random = '', date = ''] = stdout.split('\n');
    const secrets = [bootId, random, await cookieOf(host.endpoint.port), fs.readFileSync(host.endpoint.knownHosts, 'utf8'), fs.readFileSync(host.endpoint.keyFile, 'utf8')];
    return { secrets, offset: Math.round(Number(date) - before) };
  }

  it('is another one each time, with the right clock, also two at once', async () => {
    const first = await open();
    const known = [await identity(first)];
    await first.dispose();
    const stamp = fs.statSync(memoryFile()).mtimeMs;
    const both = await Promise.all([open(), open()]);
    known.push(...(await Promise.all(both.map(identity))));
    await both[0].script('head -c 8000000 /dev/urandom > /tmp/mine', []);
    assert.notEqual((await both[1].run(['test', '-e', '/tmp/mine'])).exitCode, 0);
    await Promise.all(both.map((host) => host.dispose()));
    const secrets = known.flatMap((one) => one.secrets);
    assert.equal(new Set(secrets).size, 15, secrets.join('\n'));
    for (const { offset } of known) assert.ok(Math.abs(offset) <= 2, String(offset));
    assert.equal(fs.statSync(memoryFile()).mtimeMs, stamp);
    assert.equal(listStates(states()).length, 1);
  });

  it('keeps its keys, and still answers, when its agent is killed', async () => {
    const host = await open();
    const { stdout } = await host.script('cd /etc/dropbear; before=$(ls -l; md5sum *); kill -9 $(pidof agent-program); until pidof agent-program > /dev/null; do sleep 0.1; done; test "$before" = "$(ls -l; md5sum *)"; echo $?; umask; ls -l /root/.ssh', []);
    assert.match(stdout, /^0\n0022\n.*-rw------- .* 89 .*authorized_keys\n$/s);
    await host.dispose();
  });

  for (const [what, damage] of [
    ['cut short', () => fs.truncateSync(memoryFile(), 4096)],
    ['without its device state', () => fs.rmSync(path.join(path.dirname(memoryFile()), 'state'))],
    ['overwritten', () => fs.writeFileSync(path.join(path.dirname(memoryFile()), 'state'), 'nonsense')],
  ] as const) {
    it(`boots when its state is ${what}, and has another one then`, async () => {
      const former = listStates(states())[0]!.savedAt;
      damage();
      const host = await open();
      assert.equal((await host.run(['echo', 'up'])).stdout, 'up\n');
      await host.dispose();
      assert.notEqual(listStates(states())[0]!.savedAt, former);
      assert.ok(fs.statSync(memoryFile()).size > 4096);
    });
  }

  it('tests the ciphers that a module registers, as a kernel does that was not booted in a hurry', async () => {
    const host = await open();
    assert.equal((await host.run(['cat', '/sys/module/cryptomgr/parameters/notests'])).stdout, 'N\n');
    await host.dispose();
  });

  it('boots also where no state can be kept', async () => {
    const nowhere = path.join(deps.dirs.state, 'nowhere');
    fs.mkdirSync(nowhere);
    fs.writeFileSync(path.join(nowhere, 'states'), 'no folder');
    const host = await openGuest({ lease: { kind: 'process' }, fresh: true }, { ...deps, dirs: { ...deps.dirs, cache: nowhere } });
    assert.equal((await host.run(['echo', 'up'])).stdout, 'up\n');
    await host.dispose();
  });

  it('is there again after a crash, for an owner that stays', async () => {
    const host = await open({ kind: 'window' }, false);
    await assert.rejects(host.script('echo c > /proc/sysrq-trigger', []), { code: 'host-lost' });
    assert.match((await host.lost).why, /sysrq triggered crash/);
    const nobody = (): never => assert.fail('nothing has to be prepared');
    const packages = { provideTool: deps.packages.provideTool.bind(deps.packages), provideKernel: nobody, provideUserland: nobody, provideHeaders: nobody };
    const again = await openGuest({ lease: { kind: 'process' } }, { ...deps, packages });
    assert.notEqual(again.pid, host.pid);
    assert.equal((await again.run(['echo', 'up'])).stdout, 'up\n');
    await again.dispose();
    assert.deepEqual((await listGuests(guestsFolder(deps.dirs))).map(({ name }) => name), ['6.1-cloud']);
    await host.dispose();
    assert.deepEqual(await listGuests(guestsFolder(deps.dirs)), []);
  });

  it('crashes fifty times, and comes back fifty times', async () => {
    const host = await open();
    const boots = new Set<string>();
    for (let crash = 0; crash < 50; crash++) {
      boots.add((await host.facts()).bootId);
      await assert.rejects(host.script('echo c > /proc/sysrq-trigger', []), { code: 'host-lost' });
      await host.reset();
    }
    boots.add((await host.facts()).bootId);
    assert.equal(boots.size, 51);
    const own = fs.readdirSync(host.endpoint.folder).sort();
    assert.deepEqual(own.filter((name) => !/^s[0-9a-f]{6}$/.test(name)), ['console.log', 'keeper', 'key51', 'known_hosts51']);
    await host.dispose();
  });

  it('is ended and replaced when its kernel hangs with interrupts off', async () => {
    const folder = path.join(deps.dirs.state, 'hang');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'Kbuild'), 'obj-m := hang.o\n');
    fs.writeFileSync(path.join(folder, 'hang.c'), '#include <linux/module.h>\nstatic int __init hang_init(void)\n{\n\tlocal_irq_disable();\n\tfor (;;)\n\t\tcpu_relax();\n\treturn 0;\n}\nmodule_init(hang_init);\nMODULE_DESCRIPTION("hangs");\nMODULE_LICENSE("GPL");\n');
    const host = await openGuest({ lease: { kind: 'window' }, fresh: true }, { ...deps, guest: { hangSeconds: 2 } });
    const [module] = await discoverModules(folder);
    const loading = startLoad({ module: module!, host, parameters: {}, predict: null }, { store: new SessionStore(deps.dirs.state), dirs: deps.dirs });
    await assert.rejects(loading, { code: 'host-lost', why: /Its kernel hangs: it ran no program for/ });
    await host.reset();
    assert.equal((await host.run(['echo', 'up'])).stdout, 'up\n');
    await host.dispose();
  });
});

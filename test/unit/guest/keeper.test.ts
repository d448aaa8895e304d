// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { acquireGuest, type AcquiredGuest, type AcquireRequest, type KeeperInputs } from '../../../core/guest/open';
import { GuestLease } from '../../../core/guest/owner';
import { SOCKET_NAME } from '../../../core/guest/protocol';
import { Failure } from '../../../core/model';
import { withFileLock } from '../../../core/platform/file-lock';
import { fakeInputs, fakeProgram, keeperFromSource, lifeline, READY_AND_RUN, temporaryFolder } from './support';

describe('the keeper of a guest', function () {
  this.timeout(60_000);
  let folder: string;
  let remove: () => void;
  let keeperPath: string;
  beforeEach(() => {
    ({ folder, remove } = temporaryFolder());
    keeperPath = keeperFromSource(folder);
  });
  afterEach(() => remove());

  const guestsDir = (): string => path.join(folder, 'g');
  const guestFolder = (): string => path.join(guestsDir(), 'shared');
  const qemu = (script: string): KeeperInputs => fakeInputs(folder, fakeProgram(folder, 'qemu', script));
  const nothing = (): void => undefined;
  const open = (inputs: KeeperInputs, request: Partial<AcquireRequest> = {}): Promise<AcquiredGuest> =>
    acquireGuest({ guestsDir: guestsDir(), name: 'shared', lease: { kind: 'process' }, keeperPath, prepare: () => Promise.resolve(inputs), onBoot: nothing, onWait: nothing, ...request });
  const nobody = (): Promise<KeeperInputs> => assert.fail('it should be running already');

  /** A connection that is no lease: it closes when nothing is left of the guest. */
  async function observe(name = 'shared'): Promise<{ socket: Socket; gone: Promise<unknown> }> {
    const socket = connect(path.join(guestsDir(), name, SOCKET_NAME));
    await once(socket, 'connect');
    socket.resume();
    return { socket, gone: once(socket, 'close') };
  }
  const parentOf = (pid: number): number => Number(/^PPid:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
  const failure = async (promise: Promise<unknown>): Promise<Failure> => {
    const error: unknown = await promise.then(nothing, (reason: unknown) => reason);
    assert.ok(error instanceof Failure, String(error));
    return error;
  };

  it('keeps its folder to this user, and removes it with the last lease', async () => {
    const line = lifeline(folder);
    const { lease, endpoint } = await open(qemu(`${line.shell}; ${READY_AND_RUN}`));
    assert.equal(fs.statSync(endpoint.folder).mode & 0o777, 0o700);
    assert.equal(fs.statSync(endpoint.keyFile).mode & 0o777, 0o600);
    assert.equal(endpoint.kernelRelease, '6.1.0-0-fake');
    await lease.close();
    assert.equal(fs.existsSync(endpoint.folder), false);
    assert.equal(await lease.check(), null);
    await line.closed;
  });

  it('lets owners share a guest, and prepares it once', async () => {
    const inputs = qemu(READY_AND_RUN);
    let prepared = 0;
    const prepare = (): Promise<KeeperInputs> => {
      prepared++;
      return Promise.resolve(inputs);
    };
    const [one, two] = await Promise.all([open(inputs, { prepare }), open(inputs, { prepare })]);
    assert.equal(prepared, 1);
    assert.equal(one.endpoint.pid, two.endpoint.pid);
    await one.lease.close();
    process.kill(two.endpoint.pid, 0);
    await two.lease.close();
    assert.equal(fs.existsSync(guestFolder()), false);
  });

  it('keeps an idle guest after its owner has gone, until its time is over', async () => {
    const first = await open(qemu(READY_AND_RUN), { lease: { kind: 'idle', seconds: 600 } });
    await first.lease.close();
    const second = await open(qemu(READY_AND_RUN), { lease: { kind: 'process' }, prepare: nobody });
    assert.equal(second.endpoint.pid, first.endpoint.pid);
    await second.lease.end();

    const third = await open(qemu(READY_AND_RUN), { lease: { kind: 'idle', seconds: 0.1 } });
    const { gone } = await observe();
    await third.lease.close();
    await gone;
    assert.equal(fs.existsSync(guestFolder()), false);
  });

  it('tells every owner when the guest ends, and why', async () => {
    const inputs = qemu('echo KMODLAB-READY; read -r line; echo "Kernel panic - not syncing: Oops"');
    const guest = await open(qemu(`echo KMODLAB-READY; while ! [ -e ${folder}/crash ]; do sleep 0.01; done; echo "[1.0] Kernel panic - not syncing: Oops"`));
    const other = await open(inputs, { prepare: nobody });
    fs.writeFileSync(path.join(folder, 'crash'), '');
    for (const { lease } of [guest, other]) {
      const end = await lease.ended;
      assert.equal(end.cause, 'panic');
      assert.equal(end.panic, 'Kernel panic - not syncing: Oops');
      assert.match(end.console, /KMODLAB-READY/);
      assert.equal(await lease.check(), end);
    }
  });

  it('is heard also by an owner that asks before it reads what it was told', async () => {
    const { lease } = await open(qemu(READY_AND_RUN));
    const owner = connect(path.join(guestFolder(), SOCKET_NAME));
    owner.write('{"type":"lease","lease":{"kind":"process"}}\n');
    await once(owner, 'data');
    owner.pause();
    await lease.end();
    owner.on('error', () => undefined).write('{"type":"check"}\n');
    let heard = '';
    owner.on('data', (chunk) => (heard += chunk.toString())).resume();
    await once(owner, 'close');
    assert.match(heard, /"type":"lost"/);
  });

  it('has the next guest ready for an owner that stays', async () => {
    const inputs = qemu(`n=$(ls ${folder}/begun* 2>/dev/null | wc -l); touch ${folder}/begun$n; echo KMODLAB-READY; while ! [ -e ${folder}/crash$n ]; do sleep 0.01; done; echo "Kernel panic - not syncing: $n"`);
    const first = await open(inputs, { lease: { kind: 'window' } });
    fs.writeFileSync(path.join(folder, 'crash0'), '');
    assert.equal((await first.lease.ended).panic, 'Kernel panic - not syncing: 0');
    const second = await open(inputs, { prepare: nobody });
    assert.notEqual(second.endpoint.pid, first.endpoint.pid);
    assert.notEqual(second.endpoint.keyFile, first.endpoint.keyFile);
    await Promise.all([first.lease.close(), second.lease.close()]);
    assert.equal(fs.existsSync(guestFolder()), false);
  });

  it('waits to be asked for the next guest where no owner stays', async () => {
    const first = await open(qemu(READY_AND_RUN));
    process.kill(first.endpoint.pid, 'SIGKILL');
    await first.lease.ended;
    const again = await open(qemu(READY_AND_RUN), { insteadOf: first.endpoint, prepare: nobody });
    const third = await open(qemu(READY_AND_RUN), { insteadOf: again.endpoint, prepare: nobody });
    assert.equal((await again.lease.ended).cause, 'requested');
    assert.equal(new Set([first, again, third].map(({ endpoint }) => endpoint.pid)).size, 3);
    await Promise.all([first.lease.close(), again.lease.close(), third.lease.close()]);
    assert.equal(fs.existsSync(guestFolder()), false);
  });

  it('ends a guest that runs no program any more, and says so', async () => {
    const inputs = { ...qemu('echo KMODLAB-READY; while :; do :; done'), hangSeconds: 0.2 };
    const { lease } = await open(inputs);
    const end = await lease.ended;
    assert.equal(end.cause, 'hung');
    assert.match(end.qemu, /ran no program for/);
    await lease.close();
  });

  it('goes on without KVM where a guest does not come up under it, and takes that down', async () => {
    const inputs = qemu(`case "$*" in *"-accel kvm"*) exit 1;; esac; ${READY_AND_RUN}`);
    const kvmDir = path.join(folder, 'kvm');
    const { lease, endpoint } = await open({ ...inputs, kvmDir, machine: { ...inputs.machine, accelerator: 'kvm' } });
    assert.equal(endpoint.accelerator, 'tcg');
    assert.match(fs.readFileSync(path.join(kvmDir, fs.readdirSync(kvmDir)[0]!), 'utf8'), /"works":false/);
    await lease.close();
  });

  it('keeps KVM where a guest comes up without it neither', async () => {
    const inputs = qemu('exit 1');
    const kvmDir = path.join(folder, 'kvm');
    const error = await failure(open({ ...inputs, kvmDir, machine: { ...inputs.machine, accelerator: 'kvm' } }));
    assert.equal(error.code, 'guest-boot-failed');
    assert.equal(fs.existsSync(kvmDir), false);
  });

  it('removes states that were left half made, but no other', async () => {
    const statesDir = path.join(folder, 'states');
    const names = ['0123abcd', '0123abcd.refused', '0123abcd.leftXY', '0123abcd.making', 'more.than6x'];
    for (const name of names) fs.mkdirSync(path.join(statesDir, name), { recursive: true });
    for (const name of names.filter((one) => !one.endsWith('.making'))) fs.utimesSync(path.join(statesDir, name), new Date(0), new Date(0));
    const { lease } = await open({ ...qemu(`case "$*" in *share=on*) exit 1;; esac; ${READY_AND_RUN}`), statesDir });
    await lease.close();
    assert.deepEqual(fs.readdirSync(statesDir).sort(), names.filter((name) => !name.endsWith('.leftXY')).sort());
  });

  it('tells the other owners when one of them ends the guest', async () => {
    const one = await open(qemu(READY_AND_RUN));
    const two = await open(qemu(READY_AND_RUN), { prepare: nobody });
    await one.lease.end();
    assert.equal((await two.lease.ended).cause, 'requested');
    assert.equal(fs.existsSync(guestFolder()), false);
  });

  it('says why a guest did not come up, and leaves nothing', async () => {
    const ended = await failure(open(qemu('echo "qemu: out of memory" >&2; exit 1')));
    assert.equal(ended.code, 'guest-boot-failed');
    assert.match(ended.why, /out of memory/);
    const slow = await failure(open(fakeInputs(folder, fakeProgram(folder, 'qemu', 'exec sleep 1000'), 200)));
    assert.equal(slow.code, 'guest-boot-timeout');
    assert.equal(fs.existsSync(guestFolder()), false);
  });

  it('starts no keeper for a guest that cannot be prepared, and leaves nothing', async () => {
    const broken = new Failure({ code: 'disk-full', what: 'It failed.', why: 'It is full.', next: 'Make room.' });
    const opening = (name: string | null): Promise<Failure> => failure(open(qemu(READY_AND_RUN), { name, prepare: () => Promise.reject(broken) }));
    assert.equal(await opening(null), broken);
    assert.equal(await opening('shared'), broken);
    assert.deepEqual(fs.readdirSync(guestsDir()).filter((name) => !name.startsWith('shared.')), []);
    await withFileLock(path.join(guestsDir(), 'shared.lock'), undefined, nothing, () => Promise.resolve());
  });

  it('ends a boot that is cancelled', async () => {
    const line = lifeline(folder);
    const controller = new AbortController();
    const opening = failure(open(qemu(`${line.shell}; exec sleep 1000`), { signal: controller.signal }));
    await line.opened;
    controller.abort();
    assert.equal((await opening).code, 'cancelled');
    await line.closed;
    assert.equal(fs.existsSync(guestFolder()), false);
  });

  it('goes on booting for another owner when the first one gives up', async () => {
    const controller = new AbortController();
    const go = path.join(folder, 'go');
    const line = lifeline(folder);
    const opening = failure(open(qemu(`${line.shell}; while ! [ -e ${go} ]; do sleep 0.01; done; ${READY_AND_RUN}`), { signal: controller.signal }));
    await line.opened;
    const second = await GuestLease.connect(guestFolder(), { kind: 'process' });
    controller.abort();
    assert.equal((await opening).code, 'cancelled');
    fs.writeFileSync(go, '');
    assert.ok(second);
    await second.ready;
    await second.close();
  });

  it('shuts the door on those who do not speak its language', async () => {
    const { lease, endpoint } = await open(qemu(READY_AND_RUN));
    const { socket, gone } = await observe();
    socket.write('GET / HTTP/1.1\r\n');
    await gone;
    process.kill(endpoint.pid, 0);
    await lease.close();
  });

  it('takes the guest along when it is killed; the next one clears up', async () => {
    const line = lifeline(folder);
    const { lease, endpoint } = await open(qemu(`${line.shell}; ${READY_AND_RUN}`));
    const fresh = await open(qemu(READY_AND_RUN), { name: null });
    process.kill(parentOf(endpoint.pid), 'SIGKILL');
    process.kill(parentOf(fresh.endpoint.pid), 'SIGKILL');
    await line.closed;
    assert.equal((await lease.ended).cause, 'ended');
    await fresh.lease.ended;
    assert.equal(fs.existsSync(fresh.endpoint.folder), true);
    const [stale, young] = [path.join(guestsDir(), 'fresh-stale.lock'), path.join(guestsDir(), 'fresh-young.lock')];
    for (const lock of [stale, young]) fs.writeFileSync(lock, '');
    fs.utimesSync(stale, new Date(0), new Date(0));
    const next = await open(qemu(READY_AND_RUN));
    assert.equal(fs.existsSync(fresh.endpoint.folder), false);
    assert.deepEqual([stale, young].map((lock) => fs.existsSync(lock)), [false, true]);
    fs.rmSync(young);
    await next.lease.close();
    assert.deepEqual(fs.readdirSync(guestsDir()).sort(), ['shared.lock', 'shared.open.lock']);
  });

  it('ends in order when it is asked to', async () => {
    const { lease, endpoint } = await open(qemu(READY_AND_RUN));
    process.kill(parentOf(endpoint.pid), 'SIGTERM');
    await lease.ended;
    await lease.close();
    assert.equal(fs.existsSync(guestFolder()), false);
  });

  it('refuses a folder whose sockets nobody could name', async () => {
    const long = path.join(folder, 'x'.repeat(100));
    assert.equal((await failure(open(qemu(READY_AND_RUN), { guestsDir: long }))).code, 'runtime-path-too-long');
  });

  describe('when its only owner is killed', () => {
    function opener(inputs: KeeperInputs, stopAt: 'preparing' | 'later'): ChildProcess {
      const request = JSON.stringify({ guestsDir: guestsDir(), keeperPath, inputs, stopAt });
      return spawn(process.execPath, ['--import', pathToFileURL(require.resolve('tsx')).href, path.resolve('test/unit/guest/opener.ts'), request], { stdio: ['ignore', 'pipe', 'inherit'] });
    }
    async function says(child: ChildProcess, word: string): Promise<void> {
      for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) if (chunk.toString().includes(word)) return;
      assert.fail(`it ended without saying ${word}`);
    }

    for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
      it(`by ${signal} while it prepares, leaves nothing`, async () => {
        const child = opener(qemu(READY_AND_RUN), 'preparing');
        await says(child, 'preparing');
        child.kill(signal);
        await once(child, 'exit');
        for (const lock of ['shared.open.lock', 'shared.lock']) await withFileLock(path.join(guestsDir(), lock), undefined, nothing, () => Promise.resolve());
        assert.equal(fs.existsSync(guestFolder()), false);
      });

      it(`by ${signal} while it boots, leaves nothing`, async () => {
        const line = lifeline(folder);
        const child = opener(qemu(`${line.shell}; exec sleep 1000`), 'later');
        await line.opened;
        const { socket, gone } = await observe();
        socket.write('{"type":"check"}\n');
        await once(socket, 'data'); // it is accepted when it is answered
        child.kill(signal);
        await Promise.all([gone, line.closed]);
        assert.equal(fs.existsSync(guestFolder()), false);
      });

      it(`by ${signal} while it is in use, leaves nothing`, async () => {
        const line = lifeline(folder);
        const child = opener(qemu(`${line.shell}; ${READY_AND_RUN}`), 'later');
        await says(child, 'ready');
        const { gone } = await observe();
        child.kill(signal);
        await Promise.all([gone, line.closed]);
        assert.equal(fs.existsSync(guestFolder()), false);
      });
    }
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import path from 'node:path';
import { startMachine, type Machine, type MachineEffects } from '../../../core/guest/machine';
import { Failure } from '../../../core/model';
import { fakeProgram, lifeline, NOBODY, READY_AND_RUN, temporaryFolder } from './support';

describe('a machine', () => {
  let folder: string;
  let remove: () => void;
  beforeEach(() => ({ folder, remove } = temporaryFolder()));
  afterEach(() => remove());

  function begin(script: string, more: { bootTimeoutMs?: number; signal?: AbortSignal; effects?: MachineEffects; } = {}): Promise<Machine> {
    const qemu = fakeProgram(folder, 'qemu', script);
    const config = { qemu, qemuVersion: '7.2', accelerator: 'tcg', memoryMiB: 256, cpus: 1, kernel: '/k', initrd: '/i', bootTimeoutMs: more.bootTimeoutMs ?? 20_000 } as const;
    const options = { from: null, consoleLog: path.join(folder, 'console.log'), identity: NOBODY };
    return startMachine(config, options, more.signal ?? new AbortController().signal, more.effects);
  }

  const failure = async (promise: Promise<unknown>): Promise<Failure> => {
    const error = await promise.then(
      () => assert.fail('it came up'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof Failure, String(error));
    for (const sentence of [error.what, error.why, error.next]) assert.match(sentence, /^[^.].*\.$/);
    return error;
  };

  it('is up when its init says so, and tells how it ended', async () => {
    const machine = await begin(READY_AND_RUN);
    process.kill(machine.pid, 0);
    machine.kill();
    const end = await machine.ended;
    assert.equal(end.qemu, 'signal SIGKILL');
    assert.equal(end.panic, null);
    assert.throws(() => process.kill(machine.pid, 0));
  });

  it('takes another port when the first was taken', async () => {
    const ports = [1001, 1002];
    const script = `case "$*" in *1001*) echo "qemu: Could not set up host forwarding rule 'tcp:127.0.0.1:1001-:22'" >&2; exit 1;; esac; ${READY_AND_RUN}`;
    const machine = await begin(script, { effects: { pickPort: () => Promise.resolve(ports.shift()!) } });
    assert.equal(machine.port, 1002);
    machine.kill();
    await machine.ended;
  });

  it('says so when every port is taken', async () => {
    const error = await failure(begin("echo \"Could not set up host forwarding rule 'x'\" >&2; exit 1"));
    assert.equal(error.code, 'guest-port-taken');
  });

  it('that panics while booting says what the kernel said', async () => {
    const error = await failure(begin('echo "[ 1.0] Kernel panic - not syncing: No working init found."'));
    assert.equal(error.code, 'guest-boot-failed');
    assert.match(error.why, /Kernel panic - not syncing: No working init found\.$/);
    assert.match(error.detail!, /\[ 1\.0\]/);
  });

  it('whose QEMU does not start says what QEMU said', async () => {
    const error = await failure(begin('echo "qemu: invalid accelerator kvm" >&2; exit 1'));
    assert.match(error.why, /invalid accelerator kvm\.$/);
  });

  it('that never comes up is ended, and its console shown', async () => {
    const line = lifeline(folder);
    const error = await failure(begin(`${line.shell}; echo "stuck here"; exec sleep 1000`, { bootTimeoutMs: 500 }));
    assert.equal(error.code, 'guest-boot-timeout');
    assert.match(error.detail!, /stuck here/);
    await line.closed;
  });

  it('is ended when its start is cancelled', async () => {
    const line = lifeline(folder);
    const controller = new AbortController();
    const starting = failure(begin(`${line.shell}; exec sleep 1000`, { signal: controller.signal }));
    await line.opened;
    controller.abort();
    assert.equal((await starting).code, 'cancelled');
    await line.closed;
  });

  it('keeps a bounded console', async () => {
    const flood = 'yes "0123456789012345678901234567890123456789" | head -c 3000000; echo "Kernel panic - not syncing: end of flood"';
    const machine = await begin(`echo KMODLAB-READY; ${flood}`);
    const end = await machine.ended;
    assert.equal(end.panic, 'Kernel panic - not syncing: end of flood');
    assert.ok(end.console.length <= 64 * 1024);
  });
});

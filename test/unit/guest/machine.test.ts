// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import path from 'node:path';
import { startMachine } from '../../../core/guest/machine';
import type { MachineConfig } from '../../../core/guest/qemu';
import { Failure } from '../../../core/model';
import { fakeProgram, lifeline, READY_AND_RUN, temporaryFolder } from './support';

describe('a machine', () => {
  let folder: string;
  let remove: () => void;
  beforeEach(() => ({ folder, remove } = temporaryFolder()));
  afterEach(() => remove());

  function config(script: string, bootTimeoutMs = 20_000): MachineConfig {
    const qemu = fakeProgram(folder, 'qemu', script);
    return { qemu, accelerator: 'tcg', memoryMiB: 256, kernel: '/k', initrd: '/i', consoleLog: path.join(folder, 'console.log'), bootTimeoutMs };
  }

  const never = new AbortController().signal;
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
    const machine = await startMachine(config(READY_AND_RUN), never);
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
    const machine = await startMachine(config(script), never, { pickPort: () => Promise.resolve(ports.shift()!) });
    assert.equal(machine.port, 1002);
    machine.kill();
    await machine.ended;
  });

  it('says so when every port is taken', async () => {
    const error = await failure(startMachine(config("echo \"Could not set up host forwarding rule 'x'\" >&2; exit 1"), never));
    assert.equal(error.code, 'guest-port-taken');
  });

  it('that panics while booting says what the kernel said', async () => {
    const error = await failure(startMachine(config('echo "[ 1.0] Kernel panic - not syncing: No working init found."'), never));
    assert.equal(error.code, 'guest-boot-failed');
    assert.match(error.why, /Kernel panic - not syncing: No working init found\.$/);
    assert.match(error.detail!, /\[ 1\.0\]/);
  });

  it('whose QEMU does not start says what QEMU said', async () => {
    const error = await failure(startMachine(config('echo "qemu: invalid accelerator kvm" >&2; exit 1'), never));
    assert.match(error.why, /invalid accelerator kvm\.$/);
  });

  it('that never comes up is ended, and its console shown', async () => {
    const line = lifeline(folder);
    const error = await failure(startMachine(config(`${line.shell}; echo "stuck here"; exec sleep 1000`, 500), never));
    assert.equal(error.code, 'guest-boot-timeout');
    assert.match(error.detail!, /stuck here/);
    await line.closed;
  });

  it('is ended when its start is cancelled', async () => {
    const line = lifeline(folder);
    const controller = new AbortController();
    const starting = failure(startMachine(config(`${line.shell}; exec sleep 1000`), controller.signal));
    await line.opened;
    controller.abort();
    assert.equal((await starting).code, 'cancelled');
    await line.closed;
  });

  it('keeps a bounded console', async () => {
    const flood = 'yes "0123456789012345678901234567890123456789" | head -c 3000000; echo "Kernel panic - not syncing: end of flood"';
    const machine = await startMachine(config(`echo KMODLAB-READY; ${flood}`), never);
    const end = await machine.ended;
    assert.equal(end.panic, 'Kernel panic - not syncing: end of flood');
    assert.ok(end.console.length <= 64 * 1024);
  });
});

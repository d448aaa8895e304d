// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { KvmTrial } from '../../../core/guest/kvm';
import type { MachineConfig } from '../../../core/guest/qemu';
import { fakeProgram, lifeline, NOBODY, READY_AND_RUN, temporaryFolder } from './support';

describe('a trial of KVM', () => {
  let folder: string;
  let remove: () => void;
  beforeEach(() => ({ folder, remove } = temporaryFolder()));
  afterEach(() => remove());

  const never = new AbortController().signal;
  /** Only a guest under KVM does what `script` says. */
  function trial(script: string, device = '/dev/null', maxSeconds?: number): KvmTrial {
    const qemu = fakeProgram(folder, 'qemu', `case "$*" in *"-accel kvm -cpu host"*) ${script};; esac; exit 9`);
    const config: MachineConfig = { qemu, qemuVersion: '7.2', accelerator: 'tcg', memoryMiB: 256, cpus: 1, kernel: '/k', initrd: '/i', bootTimeoutMs: 20_000 };
    return new KvmTrial(path.join(folder, 'verdicts'), config, device, maxSeconds);
  }
  const attempt = (of: KvmTrial, signal = never): Promise<void> => of.run(path.join(folder, 'scratch'), NOBODY, signal);

  it('that comes up is remembered, and its machine ended', async () => {
    const line = lifeline(folder);
    const first = trial(`${line.shell}; ${READY_AND_RUN}`);
    assert.deepEqual([first.isDue, first.hasSucceeded], [true, false]);
    await attempt(first);
    await line.closed;
    const later = trial(`${line.shell}; ${READY_AND_RUN}`);
    assert.deepEqual([later.isDue, later.hasSucceeded], [false, true]);
    later.withdraw('it did not come up');
    assert.deepEqual([later.isDue, later.hasSucceeded], [false, false]);
  });

  it('that fails is remembered', async () => {
    const failing = trial('echo "error: failed to set MSR 0x10a" >&2');
    await attempt(failing);
    assert.deepEqual([failing.isDue, failing.hasSucceeded], [false, false]);
    const [verdict] = fs.readdirSync(path.join(folder, 'verdicts'));
    assert.match(fs.readFileSync(path.join(folder, 'verdicts', verdict!), 'utf8'), /failed to set MSR/);
  });

  it('that fails is made again when the machine was started anew; one that succeeded is not', async () => {
    const restarted = (): void => {
      const verdict = path.join(folder, 'verdicts', fs.readdirSync(path.join(folder, 'verdicts'))[0]!);
      fs.writeFileSync(verdict, fs.readFileSync(verdict, 'utf8').replace(/"bootId":"[^"]+"/, '"bootId":"another"'));
    };
    await attempt(trial('exit 1'));
    restarted();
    const again = trial(READY_AND_RUN);
    assert.equal(again.isDue, true);
    await attempt(again);
    restarted();
    assert.deepEqual([again.isDue, again.hasSucceeded], [false, true]);
  });

  it('that takes more processor time than an emulated boot does not count as one that works', async () => {
    const slow = trial(READY_AND_RUN, '/dev/null', -1);
    await attempt(slow);
    assert.deepEqual([slow.isDue, slow.hasSucceeded], [false, false]);
    assert.match(fs.readFileSync(path.join(folder, 'verdicts', fs.readdirSync(path.join(folder, 'verdicts'))[0]!), 'utf8'), /came up in [\d.]+ s of processor time/);
  });

  it('that is cut short says nothing, and leaves no machine', async () => {
    const line = lifeline(folder);
    const hanging = trial(`${line.shell}; exec sleep 1000`);
    const controller = new AbortController();
    const running = attempt(hanging, controller.signal);
    await line.opened;
    controller.abort();
    await Promise.all([running, line.closed]);
    assert.equal(hanging.isDue, true);
  });

  it('is not due where the device cannot be opened, and no verdict holds there', async () => {
    assert.equal(trial(READY_AND_RUN, path.join(folder, 'no-device')).isDue, false);
    await attempt(trial(READY_AND_RUN));
    assert.equal(trial(READY_AND_RUN).hasSucceeded, true);
    assert.equal(trial(READY_AND_RUN, path.join(folder, 'no-device')).hasSucceeded, false);
  });
});

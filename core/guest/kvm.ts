// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as z from 'zod';
import { Failure } from '../model/failure';
import { processorSeconds } from './hang';
import { startMachine, type StartOptions } from './machine';
import type { MachineConfig } from './qemu';

const DEVICE = '/dev/kvm';
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
/** A guest under KVM is ready within two seconds; one that is not within this time hangs. */
export const KVM_BOOT_MS = 20_000;
/** Of processor time. A boot under KVM takes about one, an emulated one two and a half: with nested virtualization KVM can be the slower one. */
const MAX_SECONDS = 3;

const Verdict = z.object({ works: z.boolean(), why: z.string(), at: z.iso.datetime(), bootId: z.string() });

/**
 * Whether guests run under KVM here. That its device can be opened proves nothing (a nested one may hang a kernel), so that is
 * found out by booting one, once for this QEMU on this kernel and processor, and remembered in the cache; that it does not work, only
 * until the machine is started again: another program may have had KVM, or a setting is changed.
 */
export class KvmTrial {
  private readonly file: string;

  /** `verdictsDir`: folder of the cache. `device`, `maxSeconds`: for tests. */
  constructor(
    verdictsDir: string,
    private readonly config: MachineConfig,
    private readonly device = DEVICE,
    private readonly maxSeconds = MAX_SECONDS,
  ) {
    const inputs = [config.qemu, config.qemuVersion, os.release(), os.cpus()[0]?.model];
    this.file = path.join(verdictsDir, `${createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 24)}.json`);
  }

  /** A trial boot has succeeded, and the device can still be opened. */
  get hasSucceeded(): boolean {
    return this.verdict?.works === true && this.canOpen;
  }

  get isDue(): boolean {
    return this.verdict === null && this.canOpen;
  }

  /** Boots a guest under KVM, looks whether it comes up in time, and ends it. Never rejects; a trial that was cut short leaves no verdict. */
  async run(scratch: string, identity: StartOptions['identity'], signal: AbortSignal): Promise<void> {
    try {
      fs.mkdirSync(scratch, { mode: 0o700 });
      const qemu = { ...this.config.qemu, argv: ['nice', '-n', '19', ...this.config.qemu.argv] };
      const options = { from: null, consoleLog: path.join(scratch, 'console.log'), identity };
      const machine = await startMachine({ ...this.config, qemu, accelerator: 'kvm', bootTimeoutMs: KVM_BOOT_MS }, options, signal);
      const seconds = processorSeconds(machine.pid);
      machine.kill();
      await machine.ended;
      this.decide(seconds <= this.maxSeconds, `a trial boot came up in ${seconds} s of processor time`);
    } catch (error) {
      if (!signal.aborted) this.decide(false, error instanceof Failure ? error.why : String(error));
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true });
    }
  }

  /** A guest under KVM did not come up although the trial did. */
  withdraw(why: string): void {
    this.decide(false, why);
  }

  private decide(works: boolean, why: string): void {
    try {
      fs.mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
      fs.writeFileSync(this.file, JSON.stringify({ works, why, at: new Date().toISOString(), bootId: bootId() } satisfies z.infer<typeof Verdict>), { mode: 0o600 });
    } catch {
      // Without a verdict the next guest tries again.
    }
  }

  private get verdict(): z.infer<typeof Verdict> | null {
    try {
      const verdict = Verdict.parse(JSON.parse(fs.readFileSync(this.file, 'utf8')));
      return verdict.works || verdict.bootId === bootId() ? verdict : null;
    } catch {
      return null;
    }
  }

  private get canOpen(): boolean {
    try {
      fs.closeSync(fs.openSync(this.device, 'r+'));
      return true;
    } catch {
      return false;
    }
  }
}

const bootId = (): string => fs.readFileSync(BOOT_ID, 'utf8').trim();

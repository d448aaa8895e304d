// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { diskFailure } from '../guest/disk';
import { provideImage, unxzOf } from '../guest/image';
import { KernelModules, type KernelModule } from '../guest/kernel-modules';
import type { Lease } from '../guest/lease';
import { KvmTrial } from '../guest/kvm';
import { guestsFolder, imagesFolder, kvmFolder, statesFolder } from '../guest/manage';
import { DEFAULT_GUEST_SETTINGS, type GuestSettings } from '../guest/settings';
import { acquireGuest, type AcquiredGuest, type KeeperInputs } from '../guest/open';
import type { MachineConfig } from '../guest/qemu';
import type { GuestEnd, GuestEndpoint } from '../guest/protocol';
import { ExitCode, Failure } from '../model';
import type { PackageStore, ProvidedTool, WorkOptions } from '../packages';
import type { Dirs } from '../platform/dirs';
import type { ProcessResult, RunningProcess } from '../platform/process';
import { silentProgress, type Progress } from '../platform/progress';
import { getFile, putFile } from './files';
import type { BuildEnvironment, Host, HostFacts, HostRunOptions } from './host';
import { SshHost } from './ssh';
import { guestTarget } from './ssh-options';

export const DEFAULT_GUEST_KERNEL = '6.1-cloud';

const CONSOLE_CHARS = 64 * 1024;
const BOOT_TIMEOUT_MS = 120_000;

export interface GuestOptions {
  /** Kernel to boot: `6.1-cloud` (default), `newest-cloud`, or any other that the package store resolves. */
  readonly kernel?: string;
  /** Tells a further guest of the same kernel from the one that is shared without a name. */
  readonly name?: string;
  readonly lease: Lease;
  /** Boots a guest of this process alone instead of sharing the one of its kernel. */
  readonly fresh?: boolean;
}

/** The part of the package store that a guest needs. */
export type GuestPackages = Pick<PackageStore, 'provideKernel' | 'provideUserland' | 'provideTool'>;

export interface GuestDeps {
  readonly packages: GuestPackages;
  readonly dirs: Dirs;
  /** dist/keeper.js, the program that owns QEMU. */
  readonly keeperPath: string;
  /** Of guests that are booted now; one that runs already stays as it is. */
  readonly guest?: Partial<GuestSettings>;
  readonly progress?: Progress;
  /** Cancels the opening (not the guest once open). */
  readonly signal?: AbortSignal;
}

/** A guest that ended by itself, or was ended by somebody else, while it was in use. */
export class GuestLost extends Failure {
  /** What the kernel said when it panicked, e.g. `Kernel panic - not syncing: Fatal exception`; null when it did not panic. */
  readonly panic: string | null;
  /** Nobody ended it: the next guest is on its way. */
  readonly comesBack: boolean;
  /** The last 64 KiB of the console: after boot that is the whole kernel log. */
  readonly console: string;

  constructor(name: string, end: GuestEnd) {
    const why = {
      panic: `Its kernel stopped: ${end.panic ?? ''}.`,
      hung: `Its kernel hangs: ${end.qemu}.`,
      requested: 'Another program ended it.',
      ended: `Its virtual machine ended (${end.qemu}).`,
    };
    super({ code: 'host-lost', what: `${name} was lost.`, why: why[end.cause], next: `${end.cause === 'panic' || end.cause === 'hung' ? 'Correct the module, then load again' : 'Load again'}: a new guest comes up by itself.`, detail: end.console });
    this.panic = end.panic;
    this.comesBack = end.cause !== 'requested';
    this.console = end.console;
  }
}

/**
 * Opens the guest of a kernel: shares the running one, else prepares packages and image and boots it.
 * @throws Failure `guest-unsupported`, `guest-kernel-bad`, `guest-boot-timeout`, `guest-boot-failed`, `guest-port-taken`,
 * `keeper-failed`, `disk-full`, `cancelled`, and what the package store throws (`qemu-missing`, …)
 */
export async function openGuest(options: GuestOptions, deps: GuestDeps): Promise<GuestHost> {
  assertSupported();
  const kernel = options.kernel ?? DEFAULT_GUEST_KERNEL;
  assertNamed(kernel, options.name);
  const spec = options.name === undefined ? kernel : `${kernel}@${options.name}`;
  const ssh = await deps.packages.provideTool('ssh', work(deps));
  const acquire: GuestParts['acquire'] = (signal, insteadOf) => {
    const ourDeps = signal === undefined ? deps : { ...deps, signal };
    return acquireGuest({
      guestsDir: guestsFolder(deps.dirs),
      name: options.fresh === true ? null : spec,
      lease: options.lease,
      keeperPath: deps.keeperPath,
      prepare: () => prepare(kernel, ourDeps),
      onWait: () => deps.progress?.step(`Waiting for another program that opens the guest (${spec})`),
      onBoot: () => deps.progress?.step(`Booting the guest (${spec})`),
      signal,
      ...(insteadOf === undefined ? {} : { insteadOf }),
    });
  };
  return new GuestHost(spec, await acquire(deps.signal), { acquire, ssh, packages: deps.packages });
}

function assertNamed(kernel: string, name: string | undefined): void {
  const bad = !/^[A-Za-z0-9][A-Za-z0-9.+_~-]{0,79}$/.test(kernel) ? { text: kernel, is: 'kernel', like: 'A kernel is named like 6.1-cloud, newest-cloud or 6.1.0-56-cloud-amd64.' } : name !== undefined && !/^[A-Za-z0-9][A-Za-z0-9_-]{0,15}$/.test(name) ? { text: name, is: 'name of a guest', like: 'It has at most 16 letters, digits, "-" and "_".' } : null;
  if (bad === null) return;
  throw new Failure({ code: 'guest-kernel-bad', what: `"${bad.text.slice(0, 80)}" is no ${bad.is}.`, why: bad.like, next: 'Correct the name.', exitCode: ExitCode.usage });
}

function assertSupported(): void {
  if (process.platform === 'linux' && process.arch === 'x64') return;
  throw new Failure({
    code: 'guest-unsupported',
    what: 'The guest cannot run on this machine.',
    why: `It needs Debian or Ubuntu on x86-64, and this is ${process.platform} on ${process.arch}.`,
    next: 'Choose an SSH host instead.',
  });
}

const work = (deps: GuestDeps): { progress: Progress; signal?: AbortSignal } => ({ progress: deps.progress ?? silentProgress, ...(deps.signal ? { signal: deps.signal } : {}) });

async function prepare(spec: string, deps: GuestDeps): Promise<KeeperInputs> {
  const { packages } = deps;
  const kernel = await packages.provideKernel(spec, work(deps));
  const userland = await packages.provideUserland(work(deps));
  const qemu = await packages.provideTool('qemu-system-x86_64', work(deps));
  deps.progress?.step('Preparing the guest');
  try {
    const initrd = await provideImage(kernel, userland, imagesFolder(deps.dirs));
    const { memoryMiB, cpus, hangSeconds } = { ...DEFAULT_GUEST_SETTINGS, ...deps.guest };
    const kvmDir = kvmFolder(deps.dirs);
    const tcg: MachineConfig = { qemu: program(qemu), qemuVersion: qemu.version, accelerator: 'tcg', memoryMiB, cpus, kernel: kernel.vmlinuz, initrd, bootTimeoutMs: BOOT_TIMEOUT_MS };
    const machine = new KvmTrial(kvmDir, tcg).hasSucceeded ? { ...tcg, accelerator: 'kvm' as const } : tcg;
    return { kernelRelease: kernel.offer.release, machine, statesDir: statesFolder(deps.dirs), kvmDir, hangSeconds };
  } catch (error) {
    throw diskFailure(error) ?? error;
  }
}

const program = (tool: ProvidedTool): { argv: string[]; env: Record<string, string> } => ({ argv: [...tool.argv], env: { ...tool.env } });

interface GuestParts {
  readonly acquire: (signal: AbortSignal | undefined, insteadOf?: { readonly folder: string; readonly pid: number }) => Promise<AcquiredGuest>;
  readonly ssh: ProvidedTool;
  readonly packages: GuestPackages;
}

/** The disposable guest as a host: SSH to a loopback port, and a lease that keeps it alive. */
export class GuestHost implements Host {
  readonly id: string;
  readonly name: string;
  readonly kind = 'guest';
  private ssh: SshHost;
  private knownEnvironment: BuildEnvironment | null = null;

  constructor(
    private readonly spec: string,
    private guest: AcquiredGuest,
    private readonly parts: GuestParts,
  ) {
    this.id = `guest:${spec}`;
    this.name = `Guest ${spec}`;
    this.ssh = this.connectTo(guest);
  }

  /** What the kernel was resolved to, e.g. `6.1.0-56-cloud-amd64`. */
  get kernelRelease(): string {
    return this.guest.endpoint.kernelRelease;
  }

  /** Path of the guest's console log (at most 1 MiB); it goes with the guest, {@link GuestLost} keeps its last part. */
  get consoleLog(): string {
    return this.guest.endpoint.consoleLog;
  }

  /** Process id of QEMU. */
  get pid(): number {
    return this.guest.endpoint.pid;
  }

  /** How it is reached: port, key and known host key, of the guest that runs now. */
  get endpoint(): GuestEndpoint {
    return this.guest.endpoint;
  }

  /** Resolves when the guest ends although this host is open: a panic, a kill, a reset by another owner. Never rejects. */
  get lost(): Promise<GuestLost> {
    return this.guest.lease.ended.then((end) => new GuestLost(this.name, end));
  }

  /** The last part of the console (at most 64 KiB), also when the guest has ended: after boot that is the whole kernel log. */
  async consoleText(): Promise<string> {
    const end = await this.guest.lease.check();
    return end === null ? (await fs.readFile(this.consoleLog, 'utf8')).slice(-CONSOLE_CHARS) : end.console;
  }

  facts(signal?: AbortSignal): Promise<HostFacts> {
    return this.knowing(this.ssh.facts(signal));
  }

  run(argv: readonly string[], options?: HostRunOptions): Promise<ProcessResult> {
    return this.knowing(this.ssh.run(argv, options));
  }

  start(argv: readonly string[], options?: HostRunOptions): RunningProcess {
    const running = this.ssh.start(argv, options);
    return {
      get pid() {
        return running.pid;
      },
      result: this.knowing(running.result),
      kill: () => running.kill(),
    };
  }

  script(script: string, args: readonly string[], options?: Omit<HostRunOptions, 'stdin'>): Promise<ProcessResult> {
    return this.knowing(this.ssh.script(script, args, options));
  }

  put(localPath: string, remotePath: string, signal?: AbortSignal): Promise<void> {
    return putFile(this, localPath, remotePath, signal);
  }

  get(remotePath: string, options?: { maxBytes?: number; signal?: AbortSignal }): Promise<Buffer> {
    return getFile(this, remotePath, options);
  }

  /** Of the kernel that runs, also when a newer one of its series has appeared since. */
  async buildEnvironment(work: WorkOptions = {}): Promise<BuildEnvironment> {
    const known = this.knownEnvironment;
    if (known?.kernel === this.kernelRelease && existsSync(known.kernelDir)) return known; // the cache may be deleted at any time
    this.knownEnvironment = (await this.parts.packages.provideKernel(this.kernelRelease, work)).buildEnvironment;
    return this.knownEnvironment;
  }

  /** From the packages of the kernel that runs. */
  async kernelModules(names: readonly string[], missing: (name: string) => Failure, signal?: AbortSignal): Promise<KernelModule[]> {
    const options = signal ? { signal } : {};
    const [{ modulesDir }, userland] = await Promise.all([this.parts.packages.provideKernel(this.kernelRelease, options), this.parts.packages.provideUserland(options)]);
    return (await KernelModules.open(modulesDir, unxzOf(userland))).inLoadingOrder(names, missing);
  }

  /**
   * Has another guest instead, as it is after boot; this object then speaks to that one. A guest that still runs is ended, and its
   * other owners are told that it was lost; after a crash the next one may be ready already.
   */
  async reset(signal?: AbortSignal): Promise<void> {
    await this.ssh.dispose();
    const old = this.guest;
    this.guest = await this.parts.acquire(signal, old.endpoint);
    this.ssh = this.connectTo(this.guest);
    await old.lease.close();
  }

  /** Gives the lease back. Was it the last one, nothing is left of the guest when the promise resolves. */
  async dispose(): Promise<void> {
    await this.ssh.dispose();
    await this.guest.lease.close();
  }

  private connectTo(guest: AcquiredGuest): SshHost {
    const controlPath = path.join(guest.endpoint.folder, `s${randomBytes(3).toString('hex')}`);
    return new SshHost({ id: this.id, name: this.name, kind: 'guest', target: guestTarget(guest.endpoint), ssh: this.parts.ssh, controlPath });
  }

  /** When the connection broke, the keeper knows whether the guest is gone, and why. */
  private async knowing<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof Failure) || !['host-lost', 'host-unreachable'].includes(error.code)) throw error;
      const end = await this.guest.lease.check();
      throw end === null ? error : new GuestLost(this.name, end);
    }
  }
}

// SPDX-License-Identifier: MIT
// Guests of the default kernel beside a plain boot: the same QEMU, kernel and image, nothing saved, one ssh command.
import fs from 'node:fs';
import path from 'node:path';
import { buildModule } from '../../core/build/build';
import { provideImage } from '../../core/guest/image';
import { makeInstance } from '../../core/guest/instance';
import { startMachine } from '../../core/guest/machine';
import { statesFolder } from '../../core/guest/manage';
import type { MachineConfig } from '../../core/guest/qemu';
import { DEFAULT_GUEST_SETTINGS } from '../../core/guest/settings';
import { DEFAULT_GUEST_KERNEL, openGuest, type GuestHost } from '../../core/hosts/guest';
import { guestTarget } from '../../core/hosts/ssh-options';
import { discoverModules } from '../../core/modules/discover';
import { PackageStore } from '../../core/packages';
import { userDirs } from '../../core/platform/dirs';
import { run } from '../../core/platform/process';
import { ROOT } from '../support/cli';
import { alone, bounded, counted, inTurn, milliseconds, scratchFolder, type Figure, type NotMeasured } from './measure';

const scratch = scratchFolder();
/** The packages are the user's; images, states and guests are the benchmark's own. */
const dirs = { cache: path.join(scratch, 'cache'), runtime: path.join(scratch, 'run'), state: path.join(scratch, 'state') };
const packages = new PackageStore(userDirs());

/**
 * The bounds (3.5 s for a first start, 0.6 s from a saved state, 0.9 s behind a crash) were set where a plain boot took 3.0 s at best: they
 * hold for a machine as fast as that one, and here as ratios.
 */
const PLAIN_BOOT_MS = 3000;
const asRatio = (ms: number): number => Math.round((ms / PLAIN_BOOT_MS) * 100) / 100;

const open = (kind: 'process' | 'window' = 'process', kernel = DEFAULT_GUEST_KERNEL): Promise<GuestHost> => openGuest({ kernel, lease: { kind }, fresh: true }, { packages, dirs, keeperPath: path.join(ROOT, 'dist', 'keeper.js') });

const residentMegabytes = (pid: number): number => Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024);

/** Until the first ssh command has ended, then `more`; the guest's own end is not measured. */
async function used(begin: () => Promise<GuestHost>, more: (host: GuestHost) => void = () => undefined): Promise<number> {
  let host: GuestHost | undefined;
  const elapsed = await milliseconds(async () => {
    host = await begin();
    await host.run(['true']);
  });
  more(host!);
  await host!.dispose();
  return elapsed;
}

const forgetStates = (): void => fs.rmSync(statesFolder(dirs), { recursive: true, force: true });

async function plainBoot(config: MachineConfig, ssh: readonly string[], resident: number[]): Promise<number> {
  const folder = fs.mkdtempSync(path.join(scratch, 'plain-'));
  const { keyFile, knownHosts, identity } = makeInstance(folder, 1);
  const started = performance.now();
  const machine = await startMachine(config, { from: null, consoleLog: path.join(folder, 'console.log'), identity }, new AbortController().signal);
  const { destination, options } = guestTarget({ port: machine.port, keyFile, knownHosts });
  const { exitCode, stderr } = await run([...ssh, ...options, '-o', 'ControlPath=none', '--', destination, 'true']);
  if (exitCode !== 0) throw new Error(stderr);
  const elapsed = performance.now() - started;
  resident.push(residentMegabytes(machine.pid));
  machine.kill();
  await machine.ended;
  return elapsed;
}

/** The module whose init writes to address 8, built once. */
async function crasherFor(host: GuestHost): Promise<string> {
  const folder = fs.mkdtempSync(path.join(scratch, 'crasher-'));
  fs.writeFileSync(path.join(folder, 'Kbuild'), 'obj-m := crasher.o\n');
  fs.writeFileSync(path.join(folder, 'crasher.c'), '#include <linux/module.h>\nstatic int __init start(void) { *(volatile int *)8 = 1; return 0; }\nmodule_init(start);\nMODULE_LICENSE("GPL");\n');
  const [module] = await discoverModules(folder);
  const { koPath } = await buildModule({ module: module!, environment: await host.buildEnvironment(), dirs });
  if (koPath === null) throw new Error('the crasher does not build');
  return koPath;
}

/** From an insmod that crashes the kernel to an answer of the next guest, which has nothing of the module; between the runs it is used as it is. */
async function crashed(host: GuestHost, ko: string): Promise<number> {
  await host.put(ko, '/tmp/crasher.ko');
  return await milliseconds(async () => {
    await host.script('insmod /tmp/crasher.ko', []).then(
      () => Promise.reject(new Error('it did not crash')),
      () => undefined,
    );
    await host.reset();
    const { stdout } = await host.script('cat /proc/sys/kernel/tainted; ls /tmp', []);
    if (stdout !== '0\n') throw new Error(`the next guest is not clean: ${stdout}`);
  });
}

/** Flavours that virtme-ng can boot: the cloud kernels have no 9p. */
const VIRTME_KERNELS = ['6.1-generic', 'newest-generic'] as const;

/** virtme-ng with the same kernel, whose exit code must come back: only where somebody has installed both here. */
async function besideVirtme(kernel: string, runs: number): Promise<(Figure | NotMeasured)[]> {
  const name = `guest ${kernel}: first start, and from its saved state, to a finished ssh command`;
  const version = await run(['vng', '--version']);
  if (version.startError) return [{ name, missing: 'virtme-ng (vng) is not on PATH' }];
  const { release } = (await packages.provideKernel(kernel)).offer;
  const image = `/boot/vmlinuz-${release}`;
  if (![image, `/lib/modules/${release}`].every((file) => fs.existsSync(file))) return [{ name, missing: `virtme-ng needs ${image} and its modules, and they are not installed` }];
  const theirs = (): Promise<number> =>
    milliseconds(async () => {
      const { exitCode } = await run(['vng', '--disable-kvm', '-r', image, '--', 'exit', '3']);
      if (exitCode !== 3) throw new Error(`vng ended with ${exitCode ?? 'a signal'} instead of 3`);
    });
  const ours = (more?: () => void): Promise<number> => used(() => open('process', kernel), more);
  const beside = `${version.stdout.trim()} -r ${image}`;
  return [
    bounded(await inTurn(`guest ${kernel}: first start, and saved, to a finished ssh command`, () => ours(forgetStates), beside, theirs, runs), 'ratio', 0.55),
    bounded(await inTurn(`guest ${kernel}: from its saved state to a finished ssh command`, () => ours(), beside, theirs, runs), 'ratio', 0.55),
  ];
}

export async function guestFigures(runs: number): Promise<(Figure | NotMeasured)[]> {
  const [kernel, userland] = [await packages.provideKernel(DEFAULT_GUEST_KERNEL), await packages.provideUserland()];
  const [qemu, ssh] = [await packages.provideTool('qemu-system-x86_64'), await packages.provideTool('ssh')];
  const program = ({ argv, env }: typeof qemu): MachineConfig['qemu'] => ({ argv: [...argv], env: { ...env } });
  const image = (): Promise<string> => provideImage(kernel, userland, fs.mkdtempSync(path.join(scratch, 'images-')));
  const { memoryMiB, cpus } = DEFAULT_GUEST_SETTINGS;
  const config: MachineConfig = { qemu: program(qemu), qemuVersion: qemu.version, accelerator: 'tcg', memoryMiB, cpus, kernel: kernel.vmlinuz, initrd: await image(), bootTimeoutMs: 120_000 };
  const resident: { plain: number[]; saved: number[] } = { plain: [], saved: [] };
  const beside = `plain boot of ${kernel.offer.release}`;
  const plain = (): Promise<number> => plainBoot(config, ssh.argv, resident.plain);
  let host: GuestHost | undefined;
  let ko: string | undefined;
  const crash = async (): Promise<number> => {
    host ??= await open('window');
    return crashed(host, (ko ??= await crasherFor(host)));
  };
  try {
    return [
      await alone('guest: its image, packages at hand', () => milliseconds(image), runs),
      bounded(await inTurn('guest: first start, and saved, to the first ssh answer', () => used(open, forgetStates), beside, plain, runs), 'ratio', asRatio(3500)),
      bounded(await inTurn('guest: from its saved state to a finished ssh command', () => used(open, ({ pid }) => void resident.saved.push(residentMegabytes(pid))), beside, plain, runs), 'ratio', asRatio(600)),
      bounded(await inTurn('guest: from a crashing insmod to the answer of a clean one', crash, beside, plain, runs), 'ratio', asRatio(900)),
      bounded(counted('guest: resident memory, booted', 'MB', resident.plain), 'value', 260),
      counted('guest: resident memory, from its saved state', 'MB', resident.saved),
      ...(await besideVirtme(VIRTME_KERNELS[0], runs)),
      ...(await besideVirtme(VIRTME_KERNELS[1], runs)),
    ];
  } finally {
    await host?.dispose();
  }
}

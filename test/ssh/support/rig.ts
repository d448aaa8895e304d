// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openHost, type HostDeps } from '../../../core/hosts/registry';
import type { Host } from '../../../core/hosts/host';
import { PackageStore } from '../../../core/packages';
import { userDirs, type Dirs } from '../../../core/platform/dirs';
import { run } from '../../../core/platform/process';
import { ACCOUNTS, hostImage, type Account } from './image';
import { startJump, type JumpHost } from './jump';
import { bootMachine, type TestMachine } from './machine';
import { provideServer, type PackedFile } from './programs';
import { toolsDisk } from './tools';

const PREPARE_MS = 15 * 60_000;
export const KERNEL = '6.1-cloud';
const MEMORY_MIB = 320;

export interface Rig {
  readonly dirs: Dirs;
  readonly deps: HostDeps;
  readonly machine: TestMachine;
  readonly jump: JumpHost;
  /** The configuration that ssh reads instead of the user's; hosts besides the accounts: `newcomer` (its key is not known), `impostor` (another key is). */
  readonly sshConfig: string;
  /** Opens `ssh:NAME`; closed after the test. */
  open(name: Account | 'newcomer' | 'impostor', more?: Partial<HostDeps>): Promise<Host>;
}

async function keygen(packages: PackageStore, file: string): Promise<string> {
  const tool = await packages.provideTool('ssh-keygen');
  const { exitCode, stderr } = await run([...tool.argv, '-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file], { env: { ...process.env, ...tool.env } });
  if (exitCode !== 0) throw new Error(stderr);
  return fs.readFileSync(`${file}.pub`, 'utf8').trim();
}

function writeConfig(folder: string, machinePort: number, jump: JumpHost, hostKey: string, jumpKey: string): string {
  const knownHosts = path.join(folder, 'known_hosts');
  fs.writeFileSync(knownHosts, `testbox ${hostKey}\njump ${jumpKey}\nimpostor ${jumpKey}\n`);
  const common = ['HostName 127.0.0.1', `UserKnownHostsFile ${knownHosts}`, 'GlobalKnownHostsFile /dev/null', `IdentityFile ${path.join(folder, 'key')}`, 'IdentitiesOnly yes', 'IdentityAgent none', 'StrictHostKeyChecking yes'];
  const block = (name: string, settings: readonly string[]): string => [`Host ${name}`, ...settings.map((setting) => `  ${setting}`), ''].join('\n');
  const target = (name: string, user: string, alias: string): string => block(name, [`User ${user}`, `Port ${machinePort}`, `HostKeyAlias ${alias}`, 'ProxyJump jump', ...common]);
  fs.mkdirSync(path.join(folder, 'config.d'));
  fs.writeFileSync(path.join(folder, 'config.d', 'accounts.conf'), ACCOUNTS.map((name) => target(name, name, 'testbox')).join(''));
  const config = path.join(folder, 'config');
  const jumpBlock = block('jump', [`User ${jump.user}`, `Port ${jump.port}`, 'HostKeyAlias jump', ...common]);
  fs.writeFileSync(config, `Include ${folder}/config.d/*.conf\n${jumpBlock}${target('newcomer', 'free', 'newcomer')}${target('impostor', 'free', 'impostor')}`);
  return config;
}

export interface RigOptions {
  /** Files that the host has besides. */
  readonly files?: () => Promise<readonly PackedFile[]>;
  /** Whether it has GCC, make and its kernel's headers. */
  readonly canBuild?: boolean;
  readonly memoryMiB?: number;
}

async function setUp(folder: string, options: RigOptions): Promise<Omit<Rig, 'open'>> {
  const dirs = { cache: userDirs().cache, state: path.join(folder, 'state'), runtime: path.join(folder, 'run') };
  const packages = new PackageStore(dirs);
  const server = await provideServer(packages);
  const kernel = await packages.provideKernel(KERNEL);
  const user = await keygen(packages, path.join(folder, 'key'));
  const hostKey = await keygen(packages, path.join(folder, 'target_key'));
  const jumpKey = await keygen(packages, path.join(folder, 'jump_key'));
  const initrd = path.join(folder, 'initrd');
  fs.writeFileSync(initrd, await hostImage(kernel, packages, server, { host: fs.readFileSync(path.join(folder, 'target_key'), 'utf8'), user: `${user}\n` }, (await options.files?.()) ?? []));
  const jump = await startJump(server, path.join(folder, 'jump'), { hostKeyFile: path.join(folder, 'jump_key'), userPublicKey: `${user}\n` });
  try {
    const disk = options.canBuild === true ? await toolsDisk(packages, kernel.offer.release, dirs.cache) : null;
    const parts = { kernel: kernel.vmlinuz, initrd, disk, memoryMiB: options.memoryMiB ?? MEMORY_MIB, cpus: disk === null ? 1 : 2 };
    const machine = await bootMachine(await packages.provideTool('qemu-system-x86_64'), parts);
    const sshConfig = writeConfig(folder, machine.port, jump, hostKey, jumpKey);
    return { dirs, deps: { packages, dirs, keeperPath: '/nowhere', sshConfigFile: sshConfig }, machine, jump, sshConfig };
  } catch (error) {
    await jump.end();
    throw error;
  }
}

/** Boots a host of this suite alone in `before`, and ends it in `after`; call it in a `describe`. */
export function withRig(options: RigOptions = {}): () => Rig {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ks-'));
  let rig: Omit<Rig, 'open'> | undefined;
  const hosts: Host[] = [];
  before('boots a host with openssh-server, and a jump host before it', async function () {
    this.timeout(PREPARE_MS);
    fs.chmodSync(folder, 0o711);
    rig = await setUp(folder, options);
  });
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.dispose();
  });
  after(async () => {
    await rig?.machine.end();
    await rig?.jump.end();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    if (!rig) throw new Error('the rig is there only while tests run');
    const { deps } = rig;
    return {
      ...rig,
      open: async (name, more = {}) => {
        const host = await openHost(`ssh:${name}`, { ...deps, ...more });
        hosts.push(host);
        return host;
      },
    };
  };
}

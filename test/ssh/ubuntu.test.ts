// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Host } from '../../core/hosts/host';
import { PackageStore } from '../../core/packages';
import type { Failure } from '../../core/model';
import { comparePredictions } from '../../core/sessions/compare';
import { TestArchive, type TestPackage } from '../support/archive';
import { barePath } from '../support/bare-path';
import { loadOn } from './support/load';
import { withRig } from './support/rig';
import { toolsTree } from './support/tools';
import { ubuntuPackages } from './support/ubuntu';

const OS_RELEASE = 'PRETTY_NAME="Ubuntu 22.04.3 LTS"\nNAME="Ubuntu"\nVERSION_ID="22.04"\nVERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=jammy\n';

/** Ubuntu's layout, sources and key rules, with Debian's programs: no mirror of Ubuntu need be reached. */
describe('a host that says it is Ubuntu, without headers and compiler', function () {
  this.timeout(300_000);
  const rig = withRig();
  let folder: string;
  let bare: string;
  let archive: TestArchive;
  let kernel: string;
  before('makes a signed archive', async function () {
    this.timeout(900_000);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ku-'));
    bare = barePath(path.join(folder, 'bin'));
    for (const name of ['archive', 'making']) fs.mkdirSync(path.join(folder, name));
    fs.cpSync(path.join(rig().dirs.cache, 'packages/apt/trixie'), path.join(folder, 'cache/packages/apt/trixie'), { recursive: true }); // the lists that Ubuntu's keys are found by
    const store = new PackageStore(rig().dirs);
    ({ release: kernel } = await store.resolveKernel('6.1-cloud'));
    archive = await TestArchive.open(store, path.join(folder, 'archive'));
    const made = ubuntuPackages((await toolsTree(store, kernel)).root, kernel, path.join(folder, 'making'));
    const isCompiler = ({ name }: TestPackage): boolean => name.startsWith('gcc-');
    await archive.publish('jammy', { main: made.filter((one) => !isCompiler(one)), universe: made.filter(isCompiler) });
    await archive.publish('jammy-updates', { main: [{ name: 'linux-headers-5.15.0-92-generic', version: '5.15.0-92.102' }] });
  });
  after(async () => {
    await archive.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  /** The host, with these apt sources, and packages of this machine that trust a keyring. */
  async function hostWith(sources: string, keyring = archive.keyring): Promise<Host> {
    const store = new PackageStore({ ...rig().dirs, cache: path.join(folder, 'cache') }, { env: { ...process.env, PATH: bare }, archiveKeyring: () => keyring });
    const host = await rig().open('free', { packages: Object.assign(store, { provideTool: () => rig().deps.packages.provideTool('ssh') }) });
    const write = 'mkdir -p /etc/apt/sources.list.d; printf %s "$1" >/etc/os-release; printf %s "$2" >/etc/apt/sources.list';
    assert.equal((await host.script(write, [OS_RELEASE, sources], { asRoot: true })).exitCode, 0);
    return host;
  }
  const failureOf = async (host: Host): Promise<Failure> => {
    const error = await host.buildEnvironment().then(() => null, (failure: unknown) => failure as Failure);
    assert.equal(error?.code, 'no-build-environment');
    return error;
  };
  const place = (): string => new URL(archive.uri).host;
  const lacks = 'That host lacks the headers of its kernel KERNEL, a C compiler and make, and it cannot be built here: ';
  const told = ({ why, next }: Failure): { why: string; next: string } => ({ why: why.replaceAll(kernel, 'KERNEL'), next: next.replaceAll(kernel, 'KERNEL') });
  const install = 'un "sudo apt install linux-headers-KERNEL gcc make" on that host, then build again.';

  it('is refused where no trusted key has signed its archive, and told which setting names one', async () => {
    assert.deepEqual(told(await failureOf(await hostWith(`deb ${archive.uri} jammy main\n`, archive.otherKeyring))), {
      why: `${lacks}the archive ${place()} is signed by no key that is trusted here.`,
      next: `Name the keyring of that archive in the setting kmodlab.build.archiveKeyring (KMODLAB_ARCHIVE_KEYRING), or r${install}`,
    });
    assert.ok(!archive.asked.some((file) => file.startsWith('pool/')), 'a package was fetched');
  });

  it('is refused packages that are not what the signed list says', async () => {
    archive.spoils = (file) => file.endsWith('.deb');
    const failure = told(await failureOf(await hostWith(`deb ${archive.uri} jammy main\n`)));
    archive.spoils = () => false;
    assert.deepEqual(failure, { why: `${lacks}what the archive ${place()} sent is not what its signed package list promises.`, next: `R${install}` });
  });

  it('is told that its archive does not have that kernel any more', async () => {
    assert.deepEqual(told(await failureOf(await hostWith(`deb ${archive.uri} jammy-updates main\n`))), {
      why: `${lacks}the archive ${place()} does not offer linux-headers-KERNEL.`,
      next: 'Run "sudo apt update && sudo apt full-upgrade" on that host and restart it, because the archive does not have the headers of the kernel that it runs; then build again.',
    });
  });

  it('is told that its archive does not have its release or cannot be reached, or that its sources name none', async () => {
    assert.deepEqual(told(await failureOf(await hostWith(`deb ${archive.uri} jammy-backports main\n`))), { why: `${lacks}the archive ${place()} does not have the release that its apt sources name.`, next: `Correct the apt sources there, as their archive may have moved, or r${install}` });
    assert.deepEqual(told(await failureOf(await hostWith('deb http://127.0.0.1:1/ubuntu jammy main\n'))), { why: `${lacks}the archive 127.0.0.1:1 that its apt sources name cannot be reached from here.`, next: `R${install}` });
    assert.deepEqual(told(await failureOf(await hostWith('deb file:/cdrom jammy main\n'))), { why: `${lacks}its apt sources name no http or https archive of its release.`, next: `R${install}` });
  });

  it('gets its module by headers and a compiler of its own archive', async () => {
    const host = await hostWith(`# as installed\ndeb [arch=amd64 trusted=yes] ${archive.uri} jammy main restricted\ndeb ${archive.uri} jammy universe\ndeb-src ${archive.uri} jammy main\n`);
    const steps: string[] = [];
    const environment = await host.buildEnvironment({ progress: { step: (text) => steps.push(text), log: () => undefined } });
    for (const step of [`Reading the package lists of Ubuntu jammy at ${place()}`, /^Downloading linux-headers-/, /^Downloading gcc-12 /]) assert.ok(steps.some((text) => (typeof step === 'string' ? text === step : step.test(text))), steps.join('\n'));
    assert.match(environment?.compiler ?? '', /^gcc-12 12\./);
    const loaded = await loadOn(host, { dirs: { ...rig().dirs, cache: path.join(folder, 'cache') } });
    const session = await loaded.unload();
    assert.equal(session.end?.state, 'unloaded');
    assert.deepEqual(comparePredictions(session).map(({ verdict }) => verdict), ['agree', 'agree', 'agree', 'agree', 'neverMade']);
    assert.deepEqual([...new Set(session.calls.map(({ source }) => source?.file))], ['device2_kernel_buffer.c', 'device2_descriptors.c']);
    const sets = fs.readdirSync(path.join(folder, 'cache', 'packages', 'sets'));
    for (const name of [`headers-${kernel}-ubuntu-jammy-`, 'tree-gcc-12-ubuntu-jammy-']) assert.ok(sets.some((set) => set.startsWith(name)), sets.join());
  });
});

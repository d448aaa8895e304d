// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Failure } from '../../core/model/failure';
import { PackageStore, type KernelOffer } from '../../core/packages';
import { userDirs } from '../../core/platform/dirs';
import { run } from '../../core/platform/process';
import { barePath } from '../support/bare-path';

/** Variables that would spoil a build if they came through. */
const spoilers = { MAKEFLAGS: '--no-such-option', CC: 'false', KCFLAGS: '-no-such-option', LC_ALL: 'tr_TR.UTF-8' };

let folder: string;
const store = (env: NodeJS.ProcessEnv = {}): PackageStore => new PackageStore(userDirs(), { env: { ...process.env, ...spoilers, ...env } });

/** The newest offers that a specification means, or null: not offered now, which is no fault of ours. */
async function offered(spec: string): Promise<KernelOffer | null> {
  try {
    return await store().resolveKernel(spec);
  } catch (error) {
    if (error instanceof Failure && error.code === 'kernel-not-offered') return null;
    throw error;
  }
}

const MODULES = { hello: path.join(__dirname, '../fixtures/hello'), device2: path.join(__dirname, '../../module') };

/** Builds a module for a kernel, with all of Kbuild's extra warnings and without getting one; returns its `vermagic`. */
async function buildWithoutWarnings(name: keyof typeof MODULES, packages: PackageStore, spec: string): Promise<string> {
  const { buildEnvironment, vmlinuz, modulesDir } = await packages.provideKernel(spec);
  assert.ok(fs.statSync(vmlinuz).size > 1_000_000);
  assert.ok(fs.existsSync(path.join(modulesDir, 'kernel')));
  const source = path.join(folder, name);
  fs.cpSync(MODULES[name], source, { recursive: true });
  const { argv, env } = buildEnvironment.wrap(['make', '-C', buildEnvironment.kernelDir, `M=${source}`, ...buildEnvironment.makeArgs, 'W=1', 'modules'], [source]);
  const result = await run(argv, { env });
  assert.equal(result.exitCode, 0, `${buildEnvironment.compiler}\n${result.stdout}\n${result.stderr}`);
  assert.doesNotMatch(result.stderr, /warning|the compiler differs/);
  return /vermagic=([^\0]*)/.exec(fs.readFileSync(path.join(source, `${name}.ko`), 'latin1'))?.[1] ?? '';
}

describe('kernels from packages', () => {
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-packages-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  for (const spec of ['6.1-cloud', '5.10-cloud', '6.12-cloud', 'newest-cloud']) {
    it(`modules are built for ${spec}, with W=1 and no warning`, async function () {
      const offer = await offered(spec);
      if (!offer) {
        console.log(`      ${spec}: the archive offers no such kernel now`);
        this.skip();
      }
      for (const name of ['hello', 'device2'] as const) assert.equal((await buildWithoutWarnings(name, store(), spec)).split(' ')[0], offer.release);
    });
  }

  it('a module is built for the default kernel where there is no compiler', async () => {
    const bare = store({ PATH: barePath(path.join(folder, 'bin')) });
    const vermagic = await buildWithoutWarnings('hello', bare, '6.1-cloud');
    assert.equal(vermagic.split(' ')[0], (await bare.resolveKernel('6.1-cloud')).release);
  });

  it('a kernel that nobody offers is said to be so, with what is offered', async () => {
    await assert.rejects(store().resolveKernel('4.19-cloud'), { code: 'kernel-not-offered', next: /6\.1-cloud/ });
  });

  it('are listed newest first, each series once', async () => {
    const ids = (await store().listKernels()).map((offer) => offer.id);
    assert.equal(new Set(ids).size, ids.length);
    const series = ids.map((id) => id.split('.').map((part) => Number.parseInt(part)));
    const sorted = [...series].sort(([a = 0, b = 0], [c = 0, d = 0]) => c - a || d - b);
    assert.deepEqual(series, sorted);
  });
});

describe('tools on a machine without them', () => {
  before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-packages-'))));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('are fetched and start: QEMU finds its firmware, ssh and ssh-keygen work', async () => {
    const bare = store({ PATH: barePath(path.join(folder, 'bin')) });
    const qemu = await bare.provideTool('qemu-system-x86_64');
    assert.equal(qemu.from, 'private');
    const machine = ['-M', 'q35', '-m', '64', '-nodefaults', '-display', 'none', '-S', '-monitor', 'stdio'];
    const started = await run([...qemu.argv, ...machine], { env: { ...process.env, ...qemu.env }, stdin: 'info status\nquit\n' });
    assert.equal(started.exitCode, 0, started.stderr);
    assert.match(started.stdout, /VM status: paused/);

    const ssh = await bare.provideTool('ssh');
    assert.match(ssh.version, /^\d+\.\d+p\d+$/);
    const jumping = await run([...ssh.argv, '-F', 'none', '-o', 'BatchMode=yes', '-J', '127.0.0.1:1', '127.0.0.1', 'true'], { env: { PATH: path.join(folder, 'none'), ...ssh.env } });
    assert.match(jumping.stderr, /connect to host 127\.0\.0\.1 port 1: Connection refused/, 'it starts itself for ProxyJump');
    const keygen = await bare.provideTool('ssh-keygen');
    const key = path.join(folder, 'key');
    const made = await run([...keygen.argv, '-q', '-t', 'ed25519', '-N', '', '-f', key], { env: { ...process.env, ...keygen.env } });
    assert.equal(made.exitCode, 0, made.stderr);
    assert.match(fs.readFileSync(`${key}.pub`, 'utf8'), /^ssh-ed25519 /);
  });

  it('are there in a tree of packages, which sees of this machine only what it is given', async () => {
    const tree = await store().provideTree({ packages: ['g++', 'make', 'python3'], suite: 'bookworm' });
    const given = path.join(folder, 'given');
    const other = path.join(folder, 'other');
    for (const name of [given, other]) fs.mkdirSync(name);
    fs.writeFileSync(path.join(given, 'one.cc'), '#include <string>\nint main() { return std::string("four").size() == 4 ? 0 : 1; }\n');
    const script = 'c++ -o one one.cc && ./one && python3 -c "print(6 * 7)" && ls "$1" >&2';
    const { argv, env } = tree.wrap(['sh', '-c', script, 'sh', other], { bind: [given], cwd: given });
    const result = await run(argv, { env });
    assert.equal(result.stdout, '42\n', result.stderr);
    assert.match(result.stderr, /cannot access .*other/);
    assert.ok(fs.existsSync(path.join(given, 'one')));
  });

  it("the guest's programs come with every library that they load", async () => {
    const { files, contentId } = await store().provideUserland();
    assert.ok(files.every(({ from }) => fs.lstatSync(from).isFile()));
    const targets = files.map(({ to }) => to);
    assert.equal(new Set(targets).size, targets.length);
    for (const wanted of ['/bin/busybox', '/usr/sbin/dropbear', '/usr/lib/sftp-server', '/lib64/ld-linux-x86-64.so.2', '/lib/x86_64-linux-gnu/libc.so.6']) {
      assert.ok(targets.includes(wanted), wanted);
    }
    assert.equal((await store().provideUserland()).contentId, contentId);
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildModule, type ModuleBuild } from '../../core/build/build';
import { buildRoot } from '../../core/build/mirror';
import type { Host } from '../../core/hosts/host';
import type { HostDeps } from '../../core/hosts/registry';
import { Failure } from '../../core/model';
import { checkLoad } from '../../core/modules/examine';
import { PackageStore } from '../../core/packages';
import { comparePredictions } from '../../core/sessions/compare';
import { SessionStore } from '../../core/sessions/store';
import { loadOn, moduleIn } from './support/load';
import { withRig } from './support/rig';

const DEVICE2 = path.resolve('module');

describe('building on an SSH host', function () {
  this.timeout(300_000);
  const rig = withRig({ canBuild: true, memoryMiB: 768 });
  let folder: string;
  before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kb-'))));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  const write = (text: string): void => {
    fs.writeFileSync(path.join(folder, 'Kbuild'), 'obj-m := small.o\n');
    fs.writeFileSync(path.join(folder, 'small.c'), `// SPDX-License-Identifier: GPL-2.0-only\n#include <linux/module.h>\n${text}\nMODULE_DESCRIPTION("Test");\nMODULE_LICENSE("GPL");\n`);
  };
  async function build(host: Host, from = folder, more: { signal?: AbortSignal; onMake?: () => void } = {}): Promise<ModuleBuild> {
    const environment = await host.buildEnvironment();
    assert.equal(environment?.host, host);
    return buildModule({ module: await moduleIn(from), environment, dirs: rig().dirs, ...more });
  }
  const errorsOf = ({ ok, diagnostics }: ModuleBuild): unknown => {
    assert.equal(ok, false);
    return diagnostics.flatMap(({ severity, file, line, column, message, tool }) => (severity === 'error' ? [[file, line, column, tool, message]] : []));
  };
  /** What this machine keeps of builds of device2, by path. */
  const keptHere = (): Map<string, string> => {
    const root = buildRoot(rig().dirs.cache, DEVICE2);
    const files = fs.readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return new Map(files.map((entry) => path.join(entry.parentPath, entry.name)).map((file) => [file, fs.readFileSync(file, 'base64')]));
  };
  const WORKS = 'ps -o user,args | grep -E "[m]ake |[c]c1 "';
  const begun = async (witness: Host): Promise<string> => (await witness.script(`until ${WORKS} | grep cc1; do sleep 0.1; done`, [])).stdout;
  /** Returns when neither a file nor a process of a build is left. */
  const nothingLeft = (witness: Host): Promise<unknown> => witness.script(`while ${WORKS} || [ -n "$(ls -A /tmp)" ]; do sleep 0.1; done`, []);

  /** Builds device2 on a connection of its own, and does something to that while the compiler works. */
  async function disturbed(more: Partial<HostDeps>, disturb: (session: number) => void): Promise<{ failure: Failure | null; session: number }> {
    const witness = await rig().open('stranger');
    await witness.facts();
    const connections = (): string[] => fs.readdirSync(path.join(rig().dirs.runtime, 'ssh'));
    const [before, own] = [rig().jump.sessions(), connections()];
    const host = await rig().open('free', more);
    await host.facts();
    const [session] = rig().jump.sessions().filter((pid) => !before.includes(pid));
    assert.ok(session);
    const kept = keptHere();
    const failed = build(host, DEVICE2).then(() => null, (error: unknown) => Failure.from(error));
    assert.match(await begun(witness), /^free /);
    disturb(session);
    const failure = await failed;
    assert.deepEqual(keptHere(), kept);
    assert.deepEqual(connections(), own, 'an ssh of ours is left');
    return { failure, session };
  }

  it('makes a module as the plain user, which root loads, and which does what was predicted', async () => {
    const host = await rig().open('free');
    const loaded = await loadOn(host, rig());
    const session = await loaded.unload();
    assert.deepEqual(session.build?.diagnostics, []);
    assert.match(session.build.compiler, /^gcc \(Debian /);
    const observed = session.calls.map(({ syscall, result, evidence }) => [syscall, result, evidence]);
    assert.deepEqual(observed, [['write', -14, 'probe'], ['dup', 4, 'probe'], ['close', 0, 'probe'], ['dup', 0, 'probe']]);
    assert.deepEqual(comparePredictions(session).map(({ verdict }) => verdict), ['agree', 'agree', 'agree', 'agree', 'neverMade']);
    await nothingLeft(host);
  });

  it('tells an error of the compiler at the line of the own source', async () => {
    write('int small(void)\n{\n\tstatic int missing = other;\n\treturn 0;\n}');
    assert.deepEqual(errorsOf(await build(await rig().open('free'))), [['small.c', 5, 23, 'gcc', "'other' undeclared (first use in this function)"]]);
  });

  it('ends with what it started there when it is cancelled', async () => {
    const cancel = new AbortController();
    const host = await rig().open('free');
    await assert.rejects(build(host, DEVICE2, { signal: cancel.signal, onMake: () => cancel.abort() }), { code: 'cancelled' });
    await nothingLeft(host);
  });

  it('fails plainly when the connection ends, and leaves nothing there or half done here', async () => {
    const { failure } = await disturbed({}, (session) => process.kill(session, 'SIGKILL'));
    assert.deepEqual([failure?.code, failure?.why], ['host-lost', 'The connection ended while a command was running.']);
    await nothingLeft(await rig().open('stranger'));
  });

  it('fails plainly when the host does not answer any more', async () => {
    const { failure, session } = await disturbed({ sshLostAfterSeconds: 3 }, (pid) => process.kill(pid, 'SIGSTOP'));
    process.kill(session, 'SIGKILL');
    assert.deepEqual([failure?.code, failure?.why], ['host-lost', 'The connection ended while a command was running.']);
    await nothingLeft(await rig().open('stranger'));
  });

  it('works afterwards, and shows an error of modpost where the symbol is used', async () => {
    write('int kallsyms_lookup_nothing(void);\nint small_value(void);\nint small_value(void)\n{\n\treturn kallsyms_lookup_nothing();\n}');
    assert.deepEqual(errorsOf(await build(await rig().open('free'))), [['small.c', 7, 9, 'modpost', '"kallsyms_lookup_nothing" [small.ko] undefined! Neither the kernel nor a module that was built before exports it.']]);
  });

  describe('that lacks something', () => {
    const asRoot = async (script: string): Promise<void> => assert.equal((await (await rig().open('free')).script(script, [], { asRoot: true })).exitCode, 0);
    const hide = (file: string): Promise<void> => asRoot(`mount --bind /dev/null "$(readlink -f ${file})"`);
    afterEach(() => asRoot('for file in /usr/bin/make /usr/bin/gcc; do while umount "$(readlink -f $file)" 2>/dev/null; do :; done; done; ln -sfn /usr/lib/modules /lib/modules'));

    /** What is said where nothing can be fetched. */
    async function missing(): Promise<{ why: string; next: string }> {
      const offline = new PackageStore({ ...rig().dirs, cache: path.join(folder, 'offline') }, { env: { PATH: '/nowhere' } });
      const host = await rig().open('free', { packages: Object.assign(offline, { provideTool: () => rig().deps.packages.provideTool('ssh') }) });
      const { kernel } = await host.facts();
      const failure = (await host.buildEnvironment().then(() => null, (error: unknown) => error)) as { code: string; why: string; next: string };
      assert.equal(failure.code, 'no-build-environment');
      return { why: failure.why.replace(kernel, 'KERNEL'), next: failure.next.replace(kernel, 'KERNEL') };
    }

    it('says what, and the command that installs it', async () => {
      await hide('/usr/bin/gcc');
      assert.deepEqual(await missing(), { why: 'That host lacks a C compiler.', next: 'Run "sudo apt install gcc" on that host, then build again.' });
      await asRoot('ln -sfn /nowhere /lib/modules');
      await hide('/usr/bin/make');
      assert.deepEqual(await missing(), { why: 'That host lacks the headers of its kernel KERNEL, a C compiler and make.', next: 'Run "sudo apt install linux-headers-KERNEL gcc make" on that host, then build again.' });
    });

    it('says that it has a compiler and no headers', async () => {
      await asRoot('ln -sfn /nowhere /lib/modules');
      assert.deepEqual(await missing(), { why: 'That host lacks the headers of its kernel KERNEL.', next: 'Run "sudo apt install linux-headers-KERNEL" on that host, then build again.' });
    });

    it('gets its module from here, by headers that are fetched by the name of its kernel', async () => {
      await hide('/usr/bin/gcc');
      const { dirs } = rig();
      const cache = path.join(folder, 'cache');
      fs.mkdirSync(path.join(cache, 'packages'), { recursive: true, mode: 0o700 });
      fs.symlinkSync(path.join(dirs.cache, 'packages', 'apt'), path.join(cache, 'packages', 'apt')); // the lists alone
      const host = await rig().open('free', { packages: new PackageStore({ ...dirs, cache }) });
      const { kernel } = await host.facts();
      const loaded = await loadOn(host, { dirs: { ...dirs, cache } });
      const session = await loaded.unload();
      assert.equal(session.end?.state, 'unloaded');
      assert.deepEqual(comparePredictions(session).map(({ verdict }) => verdict), ['agree', 'agree', 'agree', 'agree', 'neverMade']);
      assert.ok(fs.readdirSync(path.join(cache, 'packages', 'sets')).some((name) => name.startsWith(`headers-${kernel}-`)));
      await nothingLeft(host);
    });
  });

  describe('that enforces signatures', () => {
    before(async () => { // until its next boot
      const host = await rig().open('free');
      assert.equal((await host.script('echo 1 >/sys/module/module/parameters/sig_enforce', [], { asRoot: true })).exitCode, 0);
    });

    it('gets a module that it built itself signed here, by a key that stays here', async () => {
      write('');
      const host = await rig().open('free');
      const prebuilt = path.join(folder, 'by-the-host.ko');
      fs.copyFileSync((await build(host)).koPath ?? '', prebuilt);
      const lines = await checkLoad({ module: await moduleIn(folder), host, parameters: {}, predict: null, prebuilt }, { store: new SessionStore(rig().dirs.state), dirs: rig().dirs });
      const verdict = lines.find(({ check }) => check === 'signature');
      assert.deepEqual([verdict?.verdict, verdict?.text], ['blocked', 'The kernel enforces signatures (module.sig_enforce), and the module has no signature.']);
      assert.match(verdict?.fix ?? '', /--sign-key and --sign-cert or the settings kmodlab\.signing/);
      const [keyFile, certFile, pin] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem'), 'some secret'];
      execFileSync('openssl', ['req', '-new', '-x509', '-newkey', 'rsa:2048', '-passout', 'env:PIN', '-keyout', keyFile, '-out', certFile, '-days', '2', '-subj', '/CN=Test/'], { stdio: 'pipe', env: { ...process.env, PIN: pin } });
      const signing = { keyFile, certFile, passphrase: () => Promise.resolve(pin), signFile: () => rig().deps.packages.provideTool('sign-file') };
      // Of an unsigned module, and of one whose signature it cannot read, the kernel says something else.
      await assert.rejects(loadOn(host, rig(), folder, {}, { signing, prebuilt }), { code: 'insmod-refused', why: /Loading of module with unavailable key is rejected/, next: /key that is enrolled there/ });
    });
  });
});

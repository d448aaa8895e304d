// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { run } from '../../core/platform/process';
import { listSshHosts } from '../../core/hosts/ssh-config';
import { effectiveHost } from '../../core/hosts/ssh-effective';
import type { SecretRequest } from '../../core/hosts/sudo';
import { SshHost } from '../../core/hosts/ssh';
import { userTarget } from '../../core/hosts/ssh-options';
import { PASSWORD } from './support/image';
import { withRig } from './support/rig';

describe('an SSH host behind a jump host', () => {
  const rig = withRig();

  it('is known by its names, and by what ssh makes of them', async () => {
    const { sshConfig, machine, deps } = rig();
    assert.deepEqual(await listSshHosts({ configFile: sshConfig }), ['jump', 'newcomer', 'impostor', 'free', 'asks', 'stranger', 'terminal']);
    const ssh = await deps.packages.provideTool('ssh');
    assert.deepEqual(await effectiveHost(ssh, 'asks', sshConfig), { hostName: '127.0.0.1', user: 'asks', port: machine.port, proxyJump: 'jump' });
  });

  it('tells its facts in one round trip', async () => {
    const facts = await (await rig().open('free')).facts();
    const { kernel, arch, user, rights, uid, tainted, kptrRestrict, dmesgRestrict, lockdown, sigEnforce, modulesDisabled, nomodule, tracefs, compiler, kernelBuildDir } = facts;
    assert.match(kernel, /^6\.1\..*-cloud-amd64$/);
    assert.deepEqual([arch, user, rights, uid], ['x86_64', 'free', 'sudo', 1000]);
    assert.deepEqual({ tainted, kptrRestrict, dmesgRestrict, lockdown, sigEnforce, modulesDisabled, nomodule, tracefs, compiler, kernelBuildDir }, {
      tainted: 0, kptrRestrict: 1, dmesgRestrict: true, lockdown: null, sigEnforce: false, modulesDisabled: false, nomodule: false, tracefs: true, compiler: null, kernelBuildDir: null,
    });
  });

  it('runs as the user, and as root where that is asked for', async () => {
    const host = await rig().open('free');
    const id = (asRoot: boolean) => host.run(['sh', '-c', 'id -un; cat; echo problem >&2; exit 3'], { asRoot, stdin: 'in' });
    for (const [asRoot, name] of [[false, 'free'], [true, 'root']] as const) {
      const { stdout, stderr, exitCode } = await id(asRoot);
      assert.deepEqual([stdout, stderr, exitCode], [`${name}\nin`, 'problem\n', 3]);
    }
  });

  it('asks for the password of sudo once, until it is right', async () => {
    const asked: SecretRequest[] = [];
    const answers = ['wrong', PASSWORD];
    const host = await rig().open('asks', { askSecret: (request) => {
      asked.push(request);
      return Promise.resolve(answers.shift() ?? null);
    } });
    assert.equal((await host.facts()).rights, 'sudoPassword');
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const results = await Promise.all([
      host.run(['sh', '-c', 'id -un; od -An -tu1 | tr -s " \\n" " "'], { asRoot: true, stdin: bytes }),
      host.script('id -un; echo "$1"', ["it's"], { asRoot: true }),
    ]);
    assert.equal(results[0].stdout, `root\n ${[...bytes].join(' ')} `.trimEnd() + (results[0].stdout.endsWith(' ') ? ' ' : ''));
    assert.deepEqual([results[1].stdout, results[1].stderr], ["root\nit's\n", '']);
    assert.deepEqual(asked.map(({ of: name, retry }) => [name, retry]), [['asks', false], ['asks', true]]);
    const { stdout } = await (await rig().open('free')).run(['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" "\\n"'], { asRoot: true });
    assert.ok(!stdout.includes(PASSWORD));
  });

  it('gives up after three wrong passwords', async () => {
    const host = await rig().open('asks', { askSecret: () => Promise.resolve('wrong') });
    await assert.rejects(host.run(['true'], { asRoot: true }), { code: 'sudo-refused', why: 'The password was wrong.' });
  });

  it('says why sudo does not serve, and how it would', async () => {
    const stranger = await rig().open('stranger', { askSecret: () => Promise.resolve(PASSWORD) });
    await assert.rejects(stranger.run(['true'], { asRoot: true }), { code: 'sudo-refused', why: 'stranger may not use sudo there.', next: /visudo: stranger ALL=\(root\) NOPASSWD: \/bin\/sh$/ });
    const terminal = await rig().open('terminal');
    assert.equal((await terminal.facts()).rights, 'none');
    await assert.rejects(terminal.run(['true'], { asRoot: true }), { code: 'sudo-refused', why: /requiretty/ });
  });

  it('ends a command of root with its children when it is cancelled', async () => {
    const host = await rig().open('asks', { askSecret: () => Promise.resolve(PASSWORD) });
    const controller = new AbortController();
    const { cancelled } = await host.run(['sh', '-c', 'echo begun; sleep 7531 & sleep 7531'], { asRoot: true, signal: controller.signal, onStdoutLine: () => controller.abort() });
    assert.equal(cancelled, true);
    assert.doesNotMatch((await host.run(['ps'])).stdout, /sleep 7531/);
  });

  it('shows the fingerprint of a key that nobody has accepted', async () => {
    await assert.rejects((await rig().open('newcomer')).facts(), { code: 'host-key-unknown', why: /^Its host key is not among those you trust: ssh-ed25519 SHA256:[A-Za-z0-9+/]{43}\.$/, next: /ssh newcomer/ });
  });

  it('does not speak to a host whose key has changed', async () => {
    await assert.rejects((await rig().open('impostor')).facts(), { code: 'host-key-changed' });
  });

  it('is no name that ssh takes for an option', async () => {
    await assert.rejects(rig().open('-oProxyCommand=touch /tmp/x' as 'free'), { code: 'host-name-bad' });
  });

  it('serves its commands through one connection, or through one each', async () => {
    const { jump, sshConfig, deps } = rig();
    const before = jump.sessions();
    const host = await rig().open('free');
    const [one] = await Promise.all([host.run(['sh', '-c', 'echo "$SSH_CONNECTION"']), host.run(['true']), host.run(['true'])]);
    assert.equal((await host.run(['sh', '-c', 'echo "$SSH_CONNECTION"'])).stdout, one.stdout);
    assert.equal(jump.sessions().filter((pid) => !before.includes(pid)).length, 1);
    const single = new SshHost({ id: 'ssh:free', name: 'free', kind: 'ssh', target: userTarget('free', { configFile: sshConfig }), ssh: await deps.packages.provideTool('ssh'), controlPath: null });
    const places = await Promise.all([1, 2].map(() => single.run(['sh', '-c', 'echo "$SSH_CONNECTION"; exit 255'])));
    assert.deepEqual(places.map(({ exitCode }) => exitCode), [255, 255]);
    assert.notEqual(places[0]!.stdout, places[1]!.stdout);
  });

  it('is reached by the plain ssh of its configuration', async () => {
    const ssh = await rig().deps.packages.provideTool('ssh');
    assert.equal((await run([...ssh.argv, '-F', rig().sshConfig, 'free', 'id', '-un'])).stdout, 'free\n');
  });
});

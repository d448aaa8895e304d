// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { openGuest, type GuestHost } from '../../core/hosts/guest';
import { SshHost } from '../../core/hosts/ssh';
import { guestTarget, type SshTarget } from '../../core/hosts/ssh-options';
import { Failure } from '../../core/model';
import type { Dirs } from '../../core/platform/dirs';
import { run, type ProcessResult } from '../../core/platform/process';
import { guestDeps, testDirs, withGuest } from './support';

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
const guestFolders = (dirs: Dirs): string[] => fs.readdirSync(path.join(dirs.runtime, 'guests'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);

describe('the guest as a host', () => {
  const guest = withGuest();
  const host = (): GuestHost => guest().host;
  const sh = async (script: string, ...args: string[]): Promise<string> => {
    const result = await host().script(script, args);
    assert.equal(result.exitCode, 0, result.stderr);
    return result.stdout;
  };

  it('tells its facts', async () => {
    const facts = await host().facts();
    assert.equal(facts.kernel, host().kernelRelease);
    assert.equal(facts.kind, 'guest');
    assert.equal(facts.arch, 'x86_64');
    assert.equal(facts.uid, 0);
    assert.equal(facts.tainted, 0);
    assert.match(facts.bootId, /^[0-9a-f-]{36}$/);
  });

  it('runs an argument vector as it is', async () => {
    const words = ["it's", '$HOME `id` "x"', '', 'a\nb', '-n', '*', 'é…', '\\'];
    const result = await host().run(['printf', '[%s]', ...words]);
    assert.equal(result.stdout, words.map((word) => `[${word}]`).join(''));
    assert.equal(result.stderr, '');
  });

  it('tells exit codes, also 255 and that of a killed program', async () => {
    assert.equal((await host().run(['sh', '-c', 'exit 7'])).exitCode, 7);
    const result = await host().run(['sh', '-c', 'echo said >&2; exit 255']);
    assert.deepEqual([result.exitCode, result.stderr], [255, 'said\n']);
    assert.equal((await host().run(['sh', '-c', 'kill -9 $$'])).exitCode, 137);
  });

  it('gives a program its input and no other open file', async () => {
    const result = await host().run(['sh', '-c', 'cat; ls /proc/$$/fd; true'], { stdin: 'in\n' });
    assert.equal(result.stdout, 'in\n0\n1\n2\n');
  });

  it('streams lines as they come', async () => {
    const lines: string[] = [];
    let running: { kill(): void } | undefined;
    const first = new Promise<void>((resolve) => {
      const started = host().start(['sh', '-c', 'echo one; echo two >&2; exec sleep 1000'], {
        onStdoutLine: (line) => {
          lines.push(line);
          resolve();
        },
      });
      running = started;
      after(() => started.result);
    });
    await first;
    running!.kill();
    assert.deepEqual(lines, ['one']);
  });

  it('ends what runs there at a time-out, with all that it started', async () => {
    const result = await host().run(['sh', '-c', 'echo began; sleep 4711 & sleep 4711'], { timeoutMs: 500 });
    assert.equal(result.timedOut, true);
    assert.equal(result.stdout, 'began\n');
    assert.doesNotMatch(await sh('ps'), /sleep 4711/);
  });

  it('ends what runs there when cancelled', async () => {
    const controller = new AbortController();
    const result = await host().run(['sh', '-c', 'echo began; exec sleep 4712'], { signal: controller.signal, onStdoutLine: () => controller.abort() });
    assert.equal(result.cancelled, true);
    assert.doesNotMatch(await sh('ps'), /sleep 4712/);
  });

  it('takes and gives files, whatever is in them', async () => {
    const file = path.join(guest().dirs.runtime, 'bytes');
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 256));
    fs.writeFileSync(file, bytes);
    await host().put(file, '/tmp/some bytes');
    assert.ok((await host().get('/tmp/some bytes')).equals(bytes));
    await assert.rejects(host().get('/tmp/some bytes', { maxBytes: 1000 }), { code: 'host-file-too-large' });
    await assert.rejects(host().get('/tmp/nothing'), { code: 'host-file-unreadable' });
    await assert.rejects(host().put(file, '/nowhere/x'), { code: 'host-put-failed' });
    await assert.rejects(host().put('/nowhere/x', '/tmp/x'), { code: 'file-unreadable' });
  });

  it('runs many commands at once over one connection', async () => {
    for (let round = 0; round < 20; round++) {
      const results = await Promise.all(Array.from({ length: 10 }, (_, index) => host().run(['echo', String(index)])));
      assert.deepEqual(results.map(({ stdout }) => stdout), Array.from({ length: 10 }, (_, index) => `${index}\n`));
    }
  });

  it('says when its disk is full, and leaves nothing of the file there', async () => {
    const file = path.join(guest().dirs.runtime, 'large');
    fs.writeFileSync(file, Buffer.alloc(200_000));
    await sh('mkdir -p /tmp/small && mount -t tmpfs -o size=64k small /tmp/small');
    await assert.rejects(host().put(file, '/tmp/small/x'), { code: 'host-disk-full' });
    assert.equal(await sh('ls -A /tmp/small'), '');
  });

  it('has the right time, a log for everybody who is root, and tracing', async () => {
    const seconds = Number(await sh('date +%s'));
    assert.ok(Math.abs(seconds - Date.now() / 1000) < 60, String(seconds));
    assert.match(await sh('cat /sys/kernel/tracing/available_tracers'), /nop/);
    assert.match(await sh('dmesg'), /Linux version/);
  });

  it('cannot reach anything but us', async () => {
    const result = await host().run(['nc', '-w', '2', '10.0.2.2', '22'], { timeoutMs: 10_000 });
    assert.notEqual(result.exitCode, 0);
  });

  it('is refused when its host key is not the known one, and refuses other keys', async () => {
    const { port, keyFile, knownHosts } = host().endpoint;
    const { packages } = guest().deps;
    const [ssh, keygen] = [await packages.provideTool('ssh'), await packages.provideTool('ssh-keygen')];
    const makeKeys = (...args: string[]): Promise<ProcessResult> => run([...keygen.argv, ...args], { env: { ...process.env, ...keygen.env } });
    const other = (name: string, target: SshTarget): SshHost => new SshHost({ id: 'ssh:other', name, kind: 'ssh', target, ssh, controlPath: path.join(guest().dirs.runtime, name) });
    const empty = path.join(guest().dirs.runtime, 'no_known_hosts');
    fs.writeFileSync(empty, '');
    const unknown: unknown = await other('unknown', guestTarget({ port, keyFile, knownHosts: empty })).run(['true']).catch((reason: unknown) => reason);
    assert.ok(unknown instanceof Failure);
    assert.equal(unknown.code, 'host-key-unknown');
    const fingerprint = (await makeKeys('-lf', knownHosts)).stdout.split(' ')[1];
    assert.ok(fingerprint !== undefined && unknown.why.includes(fingerprint), unknown.why);

    const stranger = path.join(guest().dirs.runtime, 'stranger');
    await makeKeys('-q', '-t', 'ed25519', '-N', '', '-f', stranger);
    await assert.rejects(other('stranger', guestTarget({ port, keyFile: stranger, knownHosts })).run(['true']), { code: 'host-auth' });

    const changed = path.join(guest().dirs.runtime, 'changed_known_hosts');
    fs.writeFileSync(changed, `kmodlab-guest ${fs.readFileSync(`${stranger}.pub`, 'utf8')}`);
    await assert.rejects(other('changed', guestTarget({ port, keyFile, knownHosts: changed })).run(['true']), { code: 'host-key-changed' });
  });

  it('knows how its modules are built', async () => {
    const environment = await host().buildEnvironment();
    assert.equal(environment.kernel, host().kernelRelease);
  });
});

describe('a guest that crashes', () => {
  const guest = withGuest();

  it('is told at once to all that use it, with what its kernel said, and can be booted anew', async () => {
    const { host } = guest();
    const boot = (await host.facts()).bootId;
    const waiting = assert.rejects(host.run(['sleep', '1000']), { code: 'host-lost' });
    await host.script('echo "last words" > /dev/kmsg', []);
    const error: unknown = await host.script('echo c > /proc/sysrq-trigger', []).catch((reason: unknown) => reason);
    assert.ok(error instanceof Failure);
    assert.equal(error.code, 'host-lost');
    assert.match(error.why, /Kernel panic - not syncing: sysrq triggered crash/);
    await waiting;
    const lost = await host.lost;
    assert.match(lost.console, /last words/);
    assert.match(await host.consoleText(), /last words/);
    await assert.rejects(host.run(['true']), { code: 'host-lost' });
    assert.equal(isRunning(host.pid), false);

    await host.reset();
    assert.notEqual((await host.facts()).bootId, boot);
  });

  it('is told also when its virtual machine is killed', async () => {
    const { host } = guest();
    const running = assert.rejects(host.run(['sleep', '1000']), { code: 'host-lost' });
    process.kill(host.pid, 'SIGKILL');
    await running;
    assert.equal((await host.lost).panic, null);
  });
});

describe('the owners of a guest', () => {
  let dirs: Dirs;
  let remove: () => void;
  before(() => ({ dirs, remove } = testDirs()));
  after(() => remove());

  it('share it, prepare it once, and leave nothing when the last has gone', async () => {
    const deps = guestDeps(dirs);
    let boots = 0;
    const step = (message: string): void => {
      if (message.startsWith('Booting')) boots++;
    };
    const counting = { ...deps, progress: { step, log: () => undefined } };
    const open = (): Promise<GuestHost> => openGuest({ lease: { kind: 'process' } }, counting);
    const [one, two] = await Promise.all([open(), open()]);
    assert.equal(boots, 1);
    assert.equal(one.pid, two.pid);
    await one.dispose();
    assert.equal((await two.run(['echo', 'still here'])).stdout, 'still here\n');
    await two.dispose();
    assert.equal(isRunning(one.pid), false);
    assert.deepEqual(guestFolders(dirs), []);
  });

  it('lose it at once when its keeper is killed, and QEMU goes too', async () => {
    const host = await openGuest({ lease: { kind: 'process' }, fresh: true }, guestDeps(dirs));
    const toQemu = connect(host.endpoint.port, '127.0.0.1').resume();
    await once(toQemu, 'connect');
    const qemuGone = new Promise((resolve) => toQemu.on('error', () => undefined).on('close', resolve)); // it may be reset
    const running = assert.rejects(host.run(['sleep', '1000']), { code: 'host-lost' });
    process.kill(Number(/^PPid:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${host.pid}/status`, 'utf8'))![1]), 'SIGKILL');
    await Promise.all([qemuGone, running, host.lost]);
    await host.dispose();
  });

  it('get a private guest each when they want a fresh one', async () => {
    const deps = guestDeps(dirs);
    const one = await openGuest({ lease: { kind: 'process' }, fresh: true }, deps);
    const two = await openGuest({ lease: { kind: 'process' }, fresh: true }, deps);
    assert.notEqual(one.pid, two.pid);
    await Promise.all([one.dispose(), two.dispose()]);
    assert.deepEqual(guestFolders(dirs), []);
  });

  it('may give up while it boots', async () => {
    const controller = new AbortController();
    const step = (message: string): void => {
      if (message.startsWith('Booting')) controller.abort();
    };
    const progress = { step, log: () => undefined };
    await assert.rejects(openGuest({ lease: { kind: 'process' } }, { ...guestDeps(dirs), progress, signal: controller.signal }), { code: 'cancelled' });
    assert.deepEqual(guestFolders(dirs), []);
  });
});

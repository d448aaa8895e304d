// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { SshHost } from '../../../core/hosts/ssh';
import { guestTarget, userTarget } from '../../../core/hosts/ssh-options';
import { Failure } from '../../../core/model';
import { fakeProgram, temporaryFolder } from '../guest/support';

/** Runs what a real ssh would run on the host, here: the words after the destination, by a shell. */
const RUN_HERE = 'while [ "$1" != -- ]; do shift; done; shift 2; exec sh -c "$*"';

describe('an SSH host', () => {
  let folder: string;
  let remove: () => void;
  beforeEach(() => ({ folder, remove } = temporaryFolder()));
  afterEach(() => remove());

  const host = (script: string, controlPath: string | null = null): SshHost =>
    new SshHost({ id: 'ssh:box', name: 'box', kind: 'ssh', target: userTarget('box'), ssh: fakeProgram(folder, 'ssh', script), controlPath });
  const failure = async (promise: Promise<unknown>): Promise<Failure> => {
    const error: unknown = await promise.then(
      () => null,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof Failure, String(error));
    for (const sentence of [error.what, error.why, error.next]) assert.match(sentence, /^\S.*\.$/);
    return error;
  };

  it('runs a command and tells its output and exit code', async () => {
    const stderr: string[] = [];
    const result = await host(RUN_HERE).run(['sh', '-c', 'cat; echo problem >&2; exit 3'], { stdin: 'given\n', onStderrLine: (line) => stderr.push(line) });
    assert.deepEqual([result.stdout, result.stderr, result.exitCode], ['given\n', 'problem\n', 3]);
    assert.deepEqual(stderr, ['problem']);
  });

  it('runs a constant script with arguments', async () => {
    const result = await host(RUN_HERE).script('printf "%s|" "$@"', ["a 'b'", '$x', '']);
    assert.equal(result.stdout, "a 'b'|$x||");
  });

  it('never turns host-key checking off, and never asks', async () => {
    const log = path.join(folder, 'log');
    await host(`printf '%s\\n' "$@" >> ${log}; ${RUN_HERE}`).run(['true']);
    const words = fs.readFileSync(log, 'utf8').split('\n');
    for (const option of ['StrictHostKeyChecking=yes', 'BatchMode=yes', 'ForwardAgent=no', 'RemoteCommand=none', 'ControlPath=none']) assert.ok(words.includes(option), option);
    assert.equal(words[words.indexOf('--') + 1], 'box');
  });

  const said: [code: string, why: RegExp, text: string][] = [
    ['host-key-unknown', /not among those you trust/, 'No ED25519 host key is known for box and you have requested strict checking.\nHost key verification failed.'],
    ['host-key-changed', /another host key/, '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification failed.'],
    ['host-auth', /did not accept your key/, 'root@box: Permission denied (publickey,password).'],
    ['host-unreachable', /leads to no address/, 'ssh: Could not resolve hostname box: Name or service not known'],
    ['host-unreachable', /Nothing listens/, 'ssh: connect to host box port 22: Connection refused'],
    ['host-unreachable', /no way to its address/, 'ssh: connect to host box port 22: No route to host'],
    ['host-unreachable', /in time/, 'ssh: connect to host box port 22: Connection timed out'],
    ['host-unreachable', /option that ssh does not know/, 'config line 3: Bad configuration option: hostnme'],
    ['host-unreachable', /Nothing listens/, 'channel 0: open failed: connect failed: Connection refused\nConnection closed by UNKNOWN port 65535'],
    ['host-unreachable', /closed the connection/, 'kex_exchange_identification: Connection closed by remote host'],
    ['host-unreachable', /without a connection/, 'something new'],
  ];
  for (const [code, why, text] of said) {
    it(`reads ${code} from "${text.split('\n')[0]!.slice(0, 50)}"`, async () => {
      const error = await failure(host(`cat >&2 <<'END'\n${text}\nEND\nexit 255`).run(['true']));
      assert.equal(error.code, code);
      assert.match(error.why, why);
      assert.match(error.detail!, new RegExp(text.split('\n')[0]!.replace(/[().!]/g, '.')));
    });
  }

  it('shows the fingerprint of an unknown key', async () => {
    const script = 'case "$*" in *DEBUG1*) echo "debug1: Server host key: ssh-ed25519 SHA256:abcDEF+/1" >&2;; esac; echo "Host key verification failed." >&2; exit 255';
    assert.match((await failure(host(script).run(['true']))).why, /ssh-ed25519 SHA256:abcDEF\+\/1\.$/);
  });

  it('tells a lost connection from a command that ends with 255', async () => {
    assert.equal((await host(RUN_HERE).run(['sh', '-c', 'exit 255'])).exitCode, 255);
    const lost = `${RUN_HERE.replace('exec sh', 'sh')}; echo "client_loop: send disconnect: Broken pipe" >&2; exit 255`;
    assert.equal((await failure(host(lost).run(['true']))).code, 'host-lost');
  });

  it('tries once more when ssh ends without a word before the command began, and only then', async () => {
    const tries = path.join(folder, 'tries');
    const script = (endings: number, words = ''): string => `echo . >> ${tries}; [ $(wc -l < ${tries}) -gt ${endings} ] || { ${words} exit 255; }; ${RUN_HERE}`;
    const count = (): number => fs.readFileSync(tries, 'utf8').length / 2;
    assert.equal((await host(script(1)).run(['cat'], { stdin: 'given again' })).stdout, 'given again');
    assert.equal(count(), 2);
    fs.rmSync(tries);
    assert.equal((await failure(host(script(9)).run(['true']))).code, 'host-unreachable');
    assert.equal(count(), 2);
    fs.rmSync(tries);
    assert.equal((await failure(host(script(9, 'echo "Permission denied (publickey)." >&2;')).run(['true']))).code, 'host-auth');
    assert.equal(count(), 1);
  });

  it('asks the shared connection whether it lives', async () => {
    const controlPath = path.join(folder, 'm');
    const script = (alive: number): string => `case "$*" in *"-O check"*) exit ${alive};; esac; touch ${controlPath}; ${RUN_HERE}`;
    assert.equal((await host(script(0), controlPath).run(['sh', '-c', 'exit 255'])).exitCode, 255);
    assert.equal((await failure(host(script(1), controlPath).run(['sh', '-c', 'exit 255']))).code, 'host-lost');
  });

  it('opens the shared connection once for concurrent commands', async () => {
    const controlPath = path.join(folder, 'm');
    const log = path.join(folder, 'log');
    const box = host(`[ -e ${controlPath} ] || echo opened >> ${log}; touch ${controlPath}; ${RUN_HERE}`, controlPath);
    await Promise.all([box.run(['true']), box.run(['true']), box.run(['true'])]);
    assert.equal(fs.readFileSync(log, 'utf8'), 'opened\n');
  });

  it('ends a command at its time-out, with its children', async () => {
    const result = await host(RUN_HERE).run(['sh', '-c', 'echo begun; sleep 5813 & sleep 5813'], { timeoutMs: 300 });
    assert.deepEqual([result.timedOut, result.cancelled, result.exitCode, result.stdout], [true, false, null, 'begun\n']);
    assert.doesNotMatch(execFileSync('ps', ['-eo', 'args']).toString(), /sleep 5813/);
  });

  it('ends a command that is cancelled, and one that is killed', async () => {
    const controller = new AbortController();
    const cancelled = await host(RUN_HERE).run(['sh', '-c', 'echo begun; exec sleep 5814'], { signal: controller.signal, onStdoutLine: () => controller.abort() });
    assert.equal(cancelled.cancelled, true);
    const running = host(RUN_HERE).start(['sh', '-c', 'echo begun; exec sleep 5814'], { onStdoutLine: () => running.kill() });
    const killed = await running.result;
    assert.deepEqual([killed.cancelled, killed.timedOut, killed.signal], [false, false, 'SIGTERM']);
    assert.equal((await host(RUN_HERE).run(['true'], { signal: AbortSignal.abort() })).cancelled, true);
  });

  it('says so when there is no ssh', async () => {
    const box = new SshHost({ id: 'ssh:box', name: 'box', kind: 'ssh', target: userTarget('box'), ssh: { argv: [path.join(folder, 'none')], env: {} }, controlPath: null });
    assert.equal((await failure(box.run(['true']))).code, 'ssh-missing');
  });

  it('copies files both ways', async () => {
    const box = host(RUN_HERE);
    const bytes = Buffer.from([0, 255, 10, 13, 0, 128]);
    fs.writeFileSync(path.join(folder, 'from'), bytes);
    await box.put(path.join(folder, 'from'), path.join(folder, "it's to"));
    assert.ok((await box.get(path.join(folder, "it's to"))).equals(bytes));
    await assert.rejects(box.get(path.join(folder, 'from'), { maxBytes: 5 }), { code: 'host-file-too-large' });
  });

  it('reads facts, and refuses a host that gives none', async () => {
    const facts = await host(RUN_HERE).facts();
    assert.equal(facts.kernel, execFileSync('uname', ['-r']).toString().trim());
    assert.equal(facts.uid, process.getuid!());
    assert.equal((await failure(host('echo arch=vax').facts())).code, 'host-unsupported');
  });
});

describe('a shared connection to a port of this machine', () => {
  let folder: string;
  let remove: () => void;
  beforeEach(() => ({ folder, remove } = temporaryFolder()));
  afterEach(() => remove());
  const guest = (port: number): SshHost => {
    const controlPath = path.join(folder, 'm');
    const open = `read -r word; echo "$word" > ${folder}/heard; echo "and back"; touch ${controlPath}; exit 0`;
    const ssh = fakeProgram(folder, 'ssh', `case "$*" in *ProxyCommand=-*) ${open};; esac; touch ${controlPath}; ${RUN_HERE}`);
    return new SshHost({ id: 'guest:g', name: 'g', kind: 'guest', target: guestTarget({ port, keyFile: '/r/key', knownHosts: '/r/known' }), ssh, controlPath });
  };

  it('is given to ssh untouched, also what the other side has said first', async () => {
    let answer = '';
    const server = createServer((socket) => socket.on('data', (chunk) => (answer += chunk.toString())).write('first word\n'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const closed = once(server, 'connection').then(([socket]) => once(socket as Socket, 'close'));
    assert.equal((await guest((server.address() as AddressInfo).port).run(['echo', 'x'])).stdout, 'x\n');
    await closed;
    server.close();
    assert.equal(fs.readFileSync(path.join(folder, 'heard'), 'utf8'), 'first word\n');
    assert.equal(answer, 'and back\n');
  });

  it('is left to ssh where nobody listens: it says why', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    assert.equal((await guest(port).run(['echo', 'x'])).stdout, 'x\n');
    assert.equal(fs.existsSync(path.join(folder, 'heard')), false);
  });
});

describe('an SSH destination', () => {
  it('cannot be an option', () => {
    for (const bad of ['-oProxyCommand=id', '', 'a b', '-']) assert.throws(() => userTarget(bad), { code: 'host-name-bad' });
    assert.equal(userTarget('me@box.example').destination, 'me@box.example');
  });

  it('to a guest uses nothing of the user', () => {
    const { options } = guestTarget({ port: 4022, keyFile: '/r/key', knownHosts: '/r/known hosts' });
    for (const word of ['none', '/r/key', 'UserKnownHostsFile="/r/known hosts"', 'IdentityAgent=none', 'StrictHostKeyChecking=yes']) assert.ok(options.includes(word), word);
  });
});

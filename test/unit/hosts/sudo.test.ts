// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { SshHost } from '../../../core/hosts/ssh';
import { userTarget } from '../../../core/hosts/ssh-options';
import { sudoersLine, type SecretRequest } from '../../../core/hosts/sudo';
import { fakeProgram, temporaryFolder } from '../guest/support';

/** Runs what a real ssh would run on the host, here, with the fakes before the real programs. */
const runHere = (folder: string): string => `while [ "$1" != -- ]; do shift; done; shift 2; export PATH=${folder}/bin:$PATH; exec sh -c "$*"`;

/** Behaves like sudo(8) towards -n, -S, -k and -p; what it allows is written in the file `sudoers`. Notes its arguments. */
const SUDO = `here=\${0%/bin/*}
. "$here/sudoers"
printf '%s\\n' "$@" >>"$here/sudo.args"
ask= prompt=
while :; do
  case $1 in
  -n) ask=never ;;
  -S) ask=stdin ;;
  -k) ;;
  -p) prompt=$2; shift ;;
  --) shift; break ;;
  esac
  shift
done
[ -z "$tty" ] || { echo "sudo: sorry, you must have a tty to run sudo" >&2; exit 1; }
if [ -n "$password" ]; then
  [ "$ask" = stdin ] || { echo "sudo: a password is required" >&2; exit 1; }
  echo "We trust you have received the usual lecture." >&2
  tries=0
  while :; do
    printf %s "$prompt" >&2
    IFS= read -r given || { echo "sudo: no password was provided" >&2; exit 1; }
    [ "$given" != "$password" ] || break
    tries=$((tries + 1))
    if [ "$tries" = "$allowed" ]; then echo "sudo: $tries incorrect password attempts" >&2; exit 1; fi
    echo "Sorry, try again." >&2
  done
fi
[ -z "$stranger" ] || { echo "alice is not in the sudoers file." >&2; exit 1; }
AS_ROOT=1 exec "$@"`;

describe('sudo on a host', () => {
  let folder: string;
  let remove: () => void;
  let asked: SecretRequest[];
  beforeEach(() => {
    ({ folder, remove } = temporaryFolder());
    asked = [];
    fs.mkdirSync(path.join(folder, 'bin'));
    fakeProgram(path.join(folder, 'bin'), 'sudo', SUDO);
    fakeProgram(path.join(folder, 'bin'), 'id', 'case $1 in -u) echo 1000;; -un) echo alice;; esac');
    allow('');
  });
  afterEach(() => remove());

  const allow = (settings: string): void => fs.writeFileSync(path.join(folder, 'sudoers'), `password= tty= stranger= allowed=3\n${settings}\n`);
  const sudoArguments = (): string => fs.readFileSync(path.join(folder, 'sudo.args'), 'utf8');
  /** A host whose user answers with these words, one a question; null: the user closes the question. */
  function host(answers: (string | null)[] | null = null): SshHost {
    const askSecret = (request: SecretRequest): Promise<string | null> => {
      asked.push(request);
      return Promise.resolve(answers?.shift() ?? null);
    };
    return new SshHost({ id: 'ssh:box', name: 'box', kind: 'ssh', target: userTarget('box'), ssh: fakeProgram(folder, 'ssh', runHere(folder)), controlPath: null, ...(answers ? { askSecret } : {}) });
  }
  const SHOW = 'echo "root=${AS_ROOT:-0} $*"; echo problem >&2; cat; exit 3';
  const show = ['sh', '-c', SHOW, 'sh', "it's", 'two words'];

  it('is not used unless root is asked for', async () => {
    const { stdout } = await host().run(show, { stdin: 'in' });
    assert.equal(stdout, "root=0 it's two words\nin");
  });

  it('needs no password where the host asks for none', async () => {
    const box = host([]);
    const lines: string[] = [];
    const result = await box.run(show, { asRoot: true, stdin: 'in', onStderrLine: (line) => lines.push(line) });
    assert.deepEqual([result.stdout, result.stderr, result.exitCode], ["root=1 it's two words\nin", 'problem\n', 3]);
    assert.deepEqual(lines, ['problem']);
    const { rights, user } = await box.facts();
    assert.deepEqual([rights, user, asked.length], ['sudo', 'alice', 0]);
  });

  it('asks once for all commands, and says the password nowhere', async () => {
    allow('password=secret7');
    const box = host(['secret7']);
    const run = (word: string) => box.script('echo "root=$AS_ROOT $1"', [word], { asRoot: true });
    const results = await Promise.all([run('one'), run('two'), box.run(show, { asRoot: true, stdin: 'first line\nsecond' })]);
    assert.deepEqual(results.map(({ stdout }) => stdout), ['root=1 one\n', 'root=1 two\n', "root=1 it's two words\nfirst line\nsecond"]);
    assert.deepEqual(results.map(({ stderr }) => stderr), ['', '', 'problem\n']);
    assert.deepEqual(asked, [{ of: 'box', kind: 'password', prompt: 'Password of alice on box, for sudo', retry: false }]);
    assert.doesNotMatch(sudoArguments(), /secret7/);
    assert.doesNotMatch(JSON.stringify(results), /secret7/);
  });

  it('asks again after a wrong password, also when sudo takes one try only', async () => {
    for (const allowed of [3, 1]) {
      allow(`password=right allowed=${allowed}`);
      asked = [];
      assert.equal((await host(['wrong', 'right']).run(['true'], { asRoot: true })).exitCode, 0);
      assert.deepEqual(asked.map(({ retry }) => retry), [false, true]);
    }
  });

  it('gives up after three wrong passwords, with the way out', async () => {
    allow('password=right');
    await assert.rejects(host(['a', 'b', 'c', 'right']).run(['true'], { asRoot: true }), {
      code: 'sudo-refused',
      what: 'Nothing was run as root on box.',
      why: 'The password was wrong.',
      next: 'Use an account that is root there, or let root there add with visudo: alice ALL=(root) NOPASSWD: /bin/sh',
    });
    assert.equal(asked.length, 3);
  });

  it('is cancelled when the user closes the question', async () => {
    allow('password=right');
    await assert.rejects(host([null]).run(['true'], { asRoot: true }), { code: 'cancelled' });
    assert.equal(asked.length, 1);
  });

  it('says so where nobody can be asked', async () => {
    allow('password=right');
    await assert.rejects(host().run(['true'], { asRoot: true }), { code: 'sudo-refused', why: 'sudo said: a password is required, and nobody can be asked for it here.' });
  });

  it('tells what sudo has against it', async () => {
    allow('password=right stranger=1');
    await assert.rejects(host(['right']).run(['true'], { asRoot: true }), { code: 'sudo-refused', why: 'alice may not use sudo there.' });
    allow('tty=1');
    const box = host();
    assert.equal((await box.facts()).rights, 'none');
    await assert.rejects(box.run(['true'], { asRoot: true }), { code: 'sudo-refused', why: 'sudo wants a terminal there (requiretty), and there is none.' });
  });

  it('asks again when the password was changed meanwhile', async () => {
    allow('password=old');
    const box = host(['old', 'new']);
    await box.run(['true'], { asRoot: true });
    allow('password=new');
    await assert.rejects(box.run(['true'], { asRoot: true }), { code: 'sudo-refused' });
    assert.equal((await box.run(['true'], { asRoot: true })).exitCode, 0);
    assert.equal(asked.length, 2);
  });

  it('ends a command of root with its children', async () => {
    allow('password=right');
    const box = host(['right']);
    const controller = new AbortController();
    const result = await box.run(['sh', '-c', 'echo begun; sleep 5915 & sleep 5915'], { asRoot: true, signal: controller.signal, onStdoutLine: () => controller.abort() });
    assert.deepEqual([result.cancelled, result.stdout], [true, 'begun\n']);
    assert.doesNotMatch(execFileSync('ps', ['-eo', 'args']).toString(), /sleep 5915/);
  });

  it('writes names into sudoers as sudoers(5) wants them', () => {
    assert.equal(sudoersLine('me@example.org'), 'me\\@example.org ALL=(root) NOPASSWD: /bin/sh');
  });
});

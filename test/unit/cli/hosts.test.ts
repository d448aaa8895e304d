// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { kmodlab } from '../../support/cli';
import { temporaryFolder } from '../guest/support';

describe('kmodlab hosts and exec', () => {
  let folder: string;
  let remove: () => void;
  beforeEach(() => ({ folder, remove } = temporaryFolder()));
  afterEach(() => remove());

  /** The CLI with an ssh configuration of its own, and an ssh that runs what it is given here. */
  function withSsh(args: readonly string[], stdin = ''): ReturnType<typeof kmodlab> {
    const config = path.join(folder, 'config');
    fs.writeFileSync(config, 'Host box jumped\nHost *.example\n');
    fs.mkdirSync(path.join(folder, 'bin'), { recursive: true });
    const ssh = `case " $* " in *" -V "*) echo "OpenSSH_9.2p1, x" >&2; exit;; *" -G "*) shift 4; printf 'user me\\nhostname %s.lan\\nport 2200\\nproxyjump gate\\n' "$1"; exit;; esac
while [ "$1" != -- ]; do shift; done; shift 2; exec sh -c "$*"`;
    fs.writeFileSync(path.join(folder, 'bin', 'ssh'), `#!/bin/sh\n${ssh}\n`, { mode: 0o755 });
    return kmodlab(args, { stdin, env: { KMODLAB_SSH_CONFIG: config, PATH: `${path.join(folder, 'bin')}:${process.env['PATH'] ?? ''}` } });
  }

  it('lists what can be chosen, with where ssh would go', async () => {
    const { stdout, exitCode } = await withSsh(['hosts']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^guest {2,}a disposable/);
    assert.match(stdout, /^local {2,}this machine$/m);
    assert.match(stdout, /^ssh:jumped +me@jumped\.lan, port 2200, through gate$/m);
    assert.doesNotMatch(stdout, /example/);
    const rows = JSON.parse((await withSsh(['hosts', '--json'])).stdout) as { id: string }[];
    assert.deepEqual(rows.map(({ id }) => id), ['guest', 'local', 'ssh:box', 'ssh:jumped']);
  });

  it('tells what a host is', async () => {
    const { stdout, stderr, exitCode } = await withSsh(['hosts', 'ssh:box']);
    assert.equal(exitCode, 0, stderr);
    for (const name of ['kernel', 'rights', 'headers', 'compiler', 'modules', 'signatures', 'lockdown', 'taint', 'boot']) assert.match(stdout, new RegExp(`^${name} +\\S`, 'm'));
    const facts = JSON.parse((await withSsh(['hosts', 'ssh:box', '--json'])).stdout) as { id: string; rights: string; taintFlags: unknown[] };
    assert.deepEqual([facts.id, Array.isArray(facts.taintFlags)], ['ssh:box', true]);
  });

  it('runs a program with its streams, its exit code and its own options', async () => {
    const { stdout, stderr, exitCode } = await withSsh(['exec', 'ssh:box', '--', 'sh', '-c', 'cat; printf "%s" "$1"; echo problem >&2; exit 7', 'sh', '--help'], 'given\n');
    assert.deepEqual([stdout, stderr, exitCode], ['given\n--help', 'problem\n', 7]);
  });

  it('says in three sentences what it cannot do', async () => {
    for (const [args, code, text] of [
      [['exec', 'ssh:box'], 2, /No program was run\./],
      [['exec', 'local', '--', 'true'], 3, /KMODLAB_FORBID_LOCAL=1/],
      [['hosts', 'ssh:-x'], 3, /"-x" is no host\./],
      [['hosts', 'nowhere'], 2, /There is no host "nowhere"\./],
    ] as const) {
      const { exitCode, stderr } = await withSsh(args);
      assert.equal(exitCode, code, stderr);
      assert.match(stderr, text);
    }
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { BuildEnvironment, HostFacts, HostRunOptions } from '../../../core/hosts/host';
import { LocalHost } from '../../../core/hosts/local';
import type { SecretRequest } from '../../../core/hosts/sudo';
import { discoverModules, type ModuleDescription } from '../../../core/modules/discover';
import { startLoad } from '../../../core/modules/load';
import type { RunningProcess } from '../../../core/platform/process';
import { SessionStore } from '../../../core/sessions/store';
import { FAKE_RELEASE, FakeHost, FakeKernel } from '../../support/fake-kernel';

/** What could reach this machine's kernel: each must be a fake before anything is allowed. */
const DANGEROUS = ['insmod', 'rmmod', 'modprobe', 'sudo', 'mknod'];

/** This machine as a host, with its kernel's files led into a fake kernel's folder. */
class FakedLocal extends LocalHost {
  constructor(
    private readonly kernel: FakeKernel,
    askSecret: (request: SecretRequest) => Promise<string | null>,
  ) {
    super(askSecret);
  }

  override async facts(): Promise<HostFacts> {
    return { ...(await super.facts()), kernel: FAKE_RELEASE, arch: 'x86_64', nomodule: false, modulesDisabled: false, lockdown: null, sigEnforce: null };
  }

  override start(argv: readonly string[], options?: HostRunOptions): RunningProcess {
    const inside = (argument: string): string => (/^\/(?:dev|proc|sys|tmp)(?:\/|$)/.test(argument) && !argument.startsWith(this.kernel.root) ? path.join(this.kernel.root, argument) : argument);
    return super.start(argv.map(inside), options);
  }

  override put(localPath: string, remotePath: string, signal?: AbortSignal): Promise<void> {
    return super.put(localPath, path.join(this.kernel.root, remotePath), signal);
  }

  override buildEnvironment(): Promise<BuildEnvironment> {
    return new FakeHost(this.kernel).buildEnvironment();
  }
}

describe('loading on this machine', () => {
  let kernel: FakeKernel;
  let module: ModuleDescription;
  const before = { path: process.env['PATH'], forbid: process.env['KMODLAB_FORBID_LOCAL'] };

  beforeEach(async () => {
    kernel = new FakeKernel();
    const program = (name: string, text: string): void => fs.writeFileSync(path.join(kernel.root, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    program('modprobe', 'exit 1');
    program('id', 'case $1 in -u) echo 1000;; -un) echo alice;; esac');
    program('sudo', `printf '%s ' "$@" >>${kernel.root}/sudo.args; echo >>${kernel.root}/sudo.args; case "$*" in *"-n -- /bin/sh -c :") echo "sudo: a password is required" >&2; exit 1;; esac
while [ "$1" != -- ]; do [ "$1" != -p ] || prompt=$2; shift; done; shift
printf %s "$prompt" >&2; IFS= read -r given; [ "$given" = secret7 ] || { echo "sudo: 1 incorrect password attempt" >&2; exit 1; }
exec "$@"`);
    const folder = path.join(kernel.root, 'workspace');
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'Kbuild'), 'obj-m := echo.o\n');
    fs.writeFileSync(path.join(folder, 'echo.c'), 'int nothing(void) { return 0; }\n');
    [module] = (await discoverModules(folder)) as [ModuleDescription];
  });
  afterEach(() => {
    process.env['PATH'] = before.path;
    process.env['KMODLAB_FORBID_LOCAL'] = before.forbid ?? '1';
    kernel.dispose();
  });

  /** Takes the ban off, for this process, once nothing real can be reached. */
  function allow(): void {
    const bin = path.join(kernel.root, 'bin');
    for (const name of DANGEROUS) assert.ok(fs.statSync(path.join(bin, name)).isFile(), `${name} is no fake`);
    process.env['PATH'] = `${bin}:${before.path ?? ''}`;
    delete process.env['KMODLAB_FORBID_LOCAL'];
  }

  const load = (asked: SecretRequest[] = []): ReturnType<typeof startLoad> => {
    const askSecret = (request: SecretRequest): Promise<string> => {
      asked.push(request);
      return Promise.resolve('secret7');
    };
    const host = new FakedLocal(kernel, askSecret);
    const deps = { store: new SessionStore(kernel.dirs.state), dirs: kernel.dirs, confirmFirstLoad: () => Promise.resolve(true) };
    return startLoad({ module, host, parameters: { text: 'two words' }, predict: null, record: false }, deps);
  };

  it('goes through sudo, and hands insmod the file and the parameters', async () => {
    allow();
    kernel.onInsmod("kernel '<6>[M]loaded'");
    const asked: SecretRequest[] = [];
    const loaded = await load(asked);
    const [ko, ...parameters] = kernel.read('insmod.args').trim().split('\n');
    assert.match(ko ?? '', /\/tmp\/kmodlab[^/]*\/echo\.ko$/);
    assert.deepEqual(parameters, ['text="two words"']);
    const session = await loaded.unload();
    assert.deepEqual([session.end?.state, session.host.kind], ['unloaded', 'local']);
    assert.deepEqual(session.records.map(({ text }) => text), ['[M]loaded']);
    assert.deepEqual(asked, [{ of: 'This machine', kind: 'password', prompt: 'Password of alice on This machine, for sudo', retry: false }]);
    assert.deepEqual(kernel.list('tmp'), []);
    const sudoArguments = kernel.read('sudo.args').split('\n');
    assert.ok(sudoArguments.some((line) => / -- \/bin\/sh -c .* sh -s -- /.test(line)), 'scripts of root come through sudo');
    assert.ok(!kernel.read('sudo.args').includes('secret7'));
  });

  it('is refused while it is forbidden, before sudo is asked', async () => {
    allow();
    process.env['KMODLAB_FORBID_LOCAL'] = '1';
    await assert.rejects(load(), { code: 'local-forbidden' });
    assert.ok(!kernel.exists('sudo.args') && !kernel.exists('insmod.args'));
  });
});

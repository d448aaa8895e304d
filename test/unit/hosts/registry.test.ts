// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { openHost, type HostDeps } from '../../../core/hosts/registry';
import { Failure } from '../../../core/model';
import { temporaryFolder } from '../guest/support';

describe('the registry of hosts', () => {
  let folder: string;
  let remove: () => void;
  let deps: HostDeps;
  const noPackages = (): never => {
    throw new Failure({ code: 'asked', what: 'W.', why: 'W.', next: 'N.' });
  };
  before(() => {
    ({ folder, remove } = temporaryFolder());
    deps = {
      packages: { provideTool: () => Promise.resolve({ argv: ['ssh'], env: {}, version: '9', from: 'system' }), provideKernel: noPackages, provideHeaders: noPackages, hostArchives: noPackages, provideHostHeaders: noPackages, provideUserland: noPackages },
      dirs: { cache: folder, state: folder, runtime: path.join(folder, 'run') },
      keeperPath: '/nowhere',
    };
  });
  after(() => remove());

  it('opens this machine, which tells its facts and copies files', async () => {
    const host = await openHost('local', deps);
    assert.deepEqual([host.id, host.kind], ['local', 'local']);
    assert.match((await host.facts()).bootId, /^[0-9a-f-]{36}$/);
    fs.writeFileSync(path.join(folder, 'a'), 'text');
    await host.put(path.join(folder, 'a'), path.join(folder, 'b'));
    assert.equal((await host.get(path.join(folder, 'b'))).toString(), 'text');
  });

  it('names an SSH host without connecting to it, in a private folder', async () => {
    const host = await openHost('ssh:me@box', deps);
    assert.deepEqual([host.id, host.name, host.kind], ['ssh:me@box', 'me@box', 'ssh']);
    assert.equal(fs.statSync(path.join(folder, 'run', 'ssh')).mode & 0o777, 0o700);
    await host.dispose();
  });

  it('goes to the package store for a guest', async () => {
    await assert.rejects(openHost('guest', deps), { code: 'asked' });
    await assert.rejects(openHost('guest:newest-cloud', deps), { code: 'asked' });
  });

  it('refuses everything else', async () => {
    for (const id of ['', 'guest:', 'ssh:', 'box', 'docker:x']) await assert.rejects(openHost(id, deps), { code: 'host-unknown' });
    await assert.rejects(openHost('ssh:-oProxyCommand=x', deps), { code: 'host-name-bad' });
    await assert.rejects(openHost('guest:../../etc', deps), { code: 'guest-kernel-bad' });
  });
});

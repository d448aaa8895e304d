// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { buildModule } from '../../core/build/build';
import { LoadSession } from '../../core/model';
import { moduleIn } from './support/load';
import { KMODLAB, productFiles } from './support/node';
import { KERNEL, withRig } from './support/rig';

describe('the command line on a machine of its own', function () {
  this.timeout(300_000);
  const rig = withRig({ files: productFiles, memoryMiB: 1024 });

  it('loads into the kernel that it runs on, through sudo', async () => {
    const { deps, dirs } = rig();
    const host = await rig().open('free');
    const module = await moduleIn(path.resolve('module'));
    const { buildEnvironment } = await deps.packages.provideKernel(KERNEL);
    const { koPath } = await buildModule({ module, environment: buildEnvironment, dirs });
    assert.ok(koPath);
    await host.run(['mkdir', 'module']);
    for (const name of fs.readdirSync(module.folder)) if (/\.[ch]$|^Kbuild$/.test(name)) await host.put(path.join(module.folder, name), `/home/free/module/${name}`);
    await host.put(koPath, '/home/free/module/device2.ko');

    const refused = await host.run([...KMODLAB, 'load', 'module/device2.ko', '--host', 'local']);
    assert.equal(refused.exitCode, 3);
    assert.match(refused.stderr, /nobody has said yet that modules may be loaded into its kernel/);

    const { stdout, stderr, exitCode } = await host.run([...KMODLAB, 'load', 'module/device2.ko', '--host', 'local', '--yes', '--unload', '--json']);
    assert.equal(exitCode, 0, stderr);
    const session = LoadSession.parse(JSON.parse(stdout));
    assert.deepEqual([session.host.kind, session.end?.state, session.recorder.mode], ['local', 'unloaded', 'probe']);
    const observed = session.calls.map(({ syscall, result, evidence }) => [syscall, result, evidence]);
    assert.deepEqual(observed, [['write', -14, 'probe'], ['dup', 4, 'probe'], ['close', 0, 'probe'], ['dup', 0, 'probe']]);
    assert.equal((await host.run(['ls', '/tmp'])).stdout, 'kmodlab-1000\n', 'more than the user\'s own runtime folder is left');
  });
});

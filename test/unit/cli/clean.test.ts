// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { buildFolder } from '../../../core/build/mirror';
import { temporaryFolder } from '../guest/support';
import { kmodlab } from '../../support/cli';

describe('kmodlab clean', () => {
  it('removes what was built of a folder, and leaves the folder and other builds alone', async () => {
    const { folder, remove } = temporaryFolder();
    try {
      const [module, cache] = [path.join(folder, 'hello'), path.join(folder, 'cache')];
      fs.cpSync(path.resolve('test/fixtures/hello'), module, { recursive: true });
      const [own, other] = [module, path.join(folder, 'other')].map((each) => buildFolder(cache, each, '6.1'));
      for (const build of [own!, other!]) {
        fs.mkdirSync(build, { recursive: true });
        fs.writeFileSync(path.join(build, 'hello.ko'), 'x'.repeat(2000));
      }
      const env = { KMODLAB_CACHE_DIR: cache };
      const first = await kmodlab(['clean', 'hello', '--host', 'guest'], { cwd: folder, env });
      assert.deepEqual([first.exitCode, first.stdout], [0, `What was built of ${module} is removed (2 KiB).\n`]);
      assert.deepEqual([fs.existsSync(path.dirname(own!)), fs.existsSync(other!)], [false, true]);
      assert.deepEqual(fs.readdirSync(module).sort(), fs.readdirSync(path.resolve('test/fixtures/hello')).sort());
      assert.equal((await kmodlab(['clean', 'hello'], { cwd: folder, env })).stdout, `Nothing was built of ${module}.\n`);
    } finally {
      remove();
    }
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { workplace } from '../../../cli/context';

describe('what commands share', () => {
  it("trusts a keyring of the environment, and then a host's sources that name one of their own", () => {
    const text = 'ID=ubuntu\nVERSION_CODENAME=noble\n\nkmodlab-sources line\ndeb [signed-by=/etc/apt/keyrings/own.gpg] http://mirror.invalid/ubuntu noble main\n';
    const entriesWith = (env: NodeJS.ProcessEnv): number | undefined => {
      const { packages } = workplace({ out: new PassThrough(), err: new PassThrough(), env: { HOME: '/nowhere', ...env }, cwd: '/', signal: new AbortController().signal, distDir: '/nowhere' });
      return packages.hostArchives(text)?.entries.length;
    };
    assert.deepEqual([entriesWith({}), entriesWith({ KMODLAB_ARCHIVE_KEYRING: '' }), entriesWith({ KMODLAB_ARCHIVE_KEYRING: '/my/keys.gpg' })], [0, 0, 1]);
  });
});

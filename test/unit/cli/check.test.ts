// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { kmodlab, ROOT } from '../../support/cli';

describe('kmodlab check', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-check-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const write = (name: string, content: string | Uint8Array): string => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, content);
    return file;
  };

  it('finds the kernel buffer of module/ and exits with 1', async () => {
    const result = await kmodlab(['check', path.join(ROOT, 'module')]);
    assert.equal(result.exitCode, 1, result.stderr);
    assert.match(result.stdout, /device2_kernel_buffer\.c:\d+:\d+: error: .*\[kernel-buffer\]/);
  });

  it('answers a missing file with three sentences and exit code 2', async () => {
    const result = await kmodlab(['check', path.join(folder, 'missing.c')]);
    assert.equal(result.exitCode, 2);
    assert.match(result.stderr, /missing\.c cannot be read\.\n {2}Why: {2}There is no such file.*\n {2}Next: /);
  });

  it('accepts an empty file', async () => {
    const result = await kmodlab(['check', write('empty.c', '')]);
    assert.equal(result.exitCode, 0, result.stderr);
    assert.match(result.stderr, /^0 findings/m);
  });

  it('says that a binary file is not analysed', async () => {
    const result = await kmodlab(['check', write('binary.c', new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]))]);
    assert.equal(result.exitCode, 0, result.stderr);
    assert.match(result.stderr, /binary\.c: not analysed: a binary file/);
  });

  it('says that a file of 50 MB is not analysed', async () => {
    const result = await kmodlab(['check', '--format', 'json', write('huge.c', Buffer.alloc(50 * 1024 * 1024, 'int x;\n'))]);
    assert.equal(result.exitCode, 0, result.stderr);
    const { notes } = JSON.parse(result.stdout) as { notes: { message: string }[] };
    assert.deepEqual(notes.map(({ message }) => message), ['not analysed: larger than 4 MB']);
  });

  it('explains wrong usage with exit code 2', async () => {
    for (const args of [['check'], ['check', '--format', 'xml', folder], ['check', '--nonsense', folder], ['nonsense']]) {
      const result = await kmodlab(args);
      assert.equal(result.exitCode, 2, args.join(' '));
      assert.match(result.stderr, /Usage|kmodlab: /);
    }
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { settle } from '../../../core/packages/settle';
import { checkCachePath, relocateHeaders } from '../../../core/packages/toolchain';

describe('an unpacked set of packages', () => {
  let root: string;
  beforeEach(() => (root = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-settle-'))));
  afterEach(() => fs.rmSync(root, { recursive: true }));

  const write = (file: string, text = file): void => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  };
  const link = (file: string, target: string): void => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.symlinkSync(target, path.join(root, file));
  };
  const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8');

  it('has everything under usr, also reached by the old paths', () => {
    write('bin/tool');
    write('lib/x86_64-linux-gnu/libold.so.1');
    write('usr/lib/x86_64-linux-gnu/libnew.so.1');
    settle(root);
    assert.equal(read('usr/bin/tool'), 'bin/tool');
    assert.equal(read('usr/lib/x86_64-linux-gnu/libold.so.1'), 'lib/x86_64-linux-gnu/libold.so.1');
    assert.equal(read('lib/x86_64-linux-gnu/libnew.so.1'), 'usr/lib/x86_64-linux-gnu/libnew.so.1');
    assert.equal(fs.readlinkSync(path.join(root, 'bin')), 'usr/bin');
  });

  it('has no link into the system, and none that the move breaks', () => {
    write('usr/src/headers/Makefile');
    write('usr/share/data');
    write('lib/real.so');
    link('lib/modules/6.1/build', '/usr/src/headers');
    link('lib64/ld.so', '/lib/real.so');
    link('lib/data', '../usr/share/data');
    link('usr/lib/same', '/lib/real.so');
    link('bin/X11', '.');
    link('usr/out', '../../../../../../etc/passwd');
    settle(root);
    assert.equal(read('lib/modules/6.1/build/Makefile'), 'usr/src/headers/Makefile');
    assert.equal(read('usr/lib64/ld.so'), 'lib/real.so');
    assert.equal(read('usr/lib/data'), 'usr/share/data');
    assert.equal(read('usr/lib/same'), 'lib/real.so');
    assert.equal(fs.realpathSync(path.join(root, 'usr/bin/X11')), fs.realpathSync(path.join(root, 'usr/bin')));
    assert.equal(fs.existsSync(path.join(root, 'usr/out')), false);
  });

  it('keeps the links of packages that are merged already', () => {
    write('usr/bin/tool');
    link('bin', 'usr/bin');
    settle(root);
    assert.equal(fs.readlinkSync(path.join(root, 'bin')), 'usr/bin');
    assert.equal(read('bin/tool'), 'usr/bin/tool');
  });

  it('has headers that name the place where they lie', () => {
    const makefile = 'usr/src/linux-headers-7.3-amd64/Makefile';
    write(makefile, 'export KBUILD_OUTPUT = /usr/src/linux-headers-7.3-amd64\ninclude /usr/src/linux-headers-7.3-common/Makefile\nX=/opt/usr/src/y\n');
    relocateHeaders(root, '/cache/set', '7.3-amd64');
    assert.equal(
      read(makefile),
      'export KBUILD_OUTPUT = /cache/set/usr/src/linux-headers-7.3-amd64\ninclude /cache/set/usr/src/linux-headers-7.3-common/Makefile\nX=/opt/usr/src/y\n',
    );
  });

  it('is refused at a path that make cannot carry', () => {
    assert.throws(() => checkCachePath('/home/a b/cache'), { code: 'cache-path-unusable' });
    assert.doesNotThrow(() => checkCachePath('/home/ö.user-1/.cache/a+b'));
  });
});

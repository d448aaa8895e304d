// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { statesFolder } from '../../core/guest/manage';
import { listStates } from '../../core/guest/saved-state';
import { openGuest, type GuestDeps } from '../../core/hosts/guest';
import { PackageStore } from '../../core/packages';
import { shQuote } from '../../core/platform/sh-quote';
import { guestDeps, testDirs } from './support';

/** Puts Debian 13's QEMU into a folder as a program that runs by its own loader and libraries. */
async function qemuIn(folder: string, packages: PackageStore): Promise<void> {
  const { root } = await packages.provideTree({ packages: ['qemu-system-x86'], suite: 'trixie' });
  const usr = path.join(root, 'usr');
  const libraries = path.join(usr, 'lib/x86_64-linux-gnu');
  const data = ['share/qemu', 'share/seabios', 'lib/ipxe/qemu'].flatMap((name) => ['-L', path.join(usr, name)]);
  const words = [path.join(root, 'lib64/ld-linux-x86-64.so.2'), '--library-path', `${libraries}:${path.join(usr, 'lib')}`, path.join(usr, 'bin/qemu-system-x86_64'), ...data];
  const script = `#!/bin/sh\nQEMU_MODULE_DIR=${shQuote(path.join(libraries, 'qemu'))} exec ${words.map(shQuote).join(' ')} "$@"\n`;
  fs.writeFileSync(path.join(folder, 'qemu-system-x86_64'), script, { mode: 0o755 });
}

describe("a guest under Debian 13's QEMU", function () {
  this.timeout(600_000);
  const own = testDirs();
  after(() => own.remove());

  it('begins from its saved state', async () => {
    const bin = path.join(own.dirs.state, 'bin');
    fs.mkdirSync(bin, { recursive: true });
    await qemuIn(bin, new PackageStore(own.dirs));
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    const dirs = { ...own.dirs, cache: path.join(own.dirs.state, 'cache') };
    const deps: GuestDeps = { ...guestDeps(own.dirs), packages: new PackageStore(own.dirs, { env }), dirs };
    const folder = (): string => fs.readdirSync(statesFolder(dirs)).join(' ');
    let made = '';
    for (const time of ['first', 'second']) {
      const host = await openGuest({ lease: { kind: 'process' }, fresh: true }, deps);
      assert.equal((await host.run(['echo', time])).stdout, `${time}\n`);
      assert.match(fs.readFileSync(`/proc/${host.pid}/cmdline`, 'latin1'), /-trixie-.*-incoming/s, folder());
      await host.dispose();
      made ||= folder();
      assert.equal(folder(), made);
      assert.equal(listStates(statesFolder(dirs)).length, 1);
    }
    // The memory lies in a file of its own, from which it is mapped.
    assert.ok(fs.statSync(path.join(statesFolder(dirs), made, 'state')).size < 4 * 1024 * 1024);
  });
});

// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openGuest, type GuestDeps, type GuestHost } from '../../core/hosts/guest';
import { Failure } from '../../core/model';
import { PackageStore } from '../../core/packages';
import { userDirs, type Dirs } from '../../core/platform/dirs';

const PREPARE_MS = 15 * 60_000;

/** The user's package cache (so that a kernel is fetched once), everything else in a folder of these tests. */
export function testDirs(): { dirs: Dirs; remove: () => void } {
  const own = fs.mkdtempSync(path.join(os.tmpdir(), 'kg-'));
  const dirs = { cache: userDirs().cache, state: path.join(own, 'state'), runtime: path.join(own, 'run') };
  return { dirs, remove: () => fs.rmSync(own, { recursive: true, force: true }) };
}

/** What opening a guest takes, with the built keeper. */
export function guestDeps(dirs: Dirs): GuestDeps {
  const keeperPath = path.resolve('dist', 'keeper.js');
  if (!fs.existsSync(keeperPath)) throw new Error(`${keeperPath} is missing: run "npm run build" first`);
  return { packages: new PackageStore(dirs), dirs, keeperPath };
}

export interface TestGuest {
  readonly host: GuestHost;
  readonly dirs: Dirs;
  readonly deps: GuestDeps;
}

/**
 * Boots a guest of this suite alone in `before` and ends it in `after`; call it in a `describe`. A kernel that the
 * archive offers no longer is reported as pending, with its name.
 * @returns a function that gives the guest while tests run
 */
export function withGuest(kernel?: string): () => TestGuest {
  let remove: (() => void) | undefined;
  let guest: TestGuest | undefined;
  before(`boots the guest ${kernel ?? ''}`, async function () {
    this.timeout(PREPARE_MS);
    const own = testDirs();
    remove = own.remove;
    const dirs = own.dirs;
    const deps = guestDeps(dirs);
    try {
      guest = { host: await openGuest({ ...(kernel === undefined ? {} : { kernel }), lease: { kind: 'process' }, fresh: true }, deps), dirs, deps };
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'kernel-not-offered') throw error;
      console.log(`      ${kernel ?? ''} is not offered now: ${error.why}`);
      this.skip();
    }
  });
  after(async () => {
    await guest?.host.dispose();
    remove?.();
  });
  return () => {
    if (guest === undefined) throw new Error('the guest is there only while tests run');
    return guest;
  };
}

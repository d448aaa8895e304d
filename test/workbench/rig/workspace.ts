// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { endGuests, guestsFolder, listGuests } from '../../../core/guest/manage';
import type { Lifetime } from './lifetime';

/** The repository. */
export const ROOT = path.resolve(__dirname, '../../..');

const BUILT = /\.(?:ko|o|mod|mod\.c|cmd|order|symvers)$/;

/**
 * Copies device2's sources below `dir`, without what a build left beside them, so that tests may break them.
 * @returns the copy
 */
export function copyModule(dir: string): string {
  const copy = path.join(dir, 'module');
  fs.cpSync(path.join(ROOT, 'module'), copy, { recursive: true, filter: (file) => !BUILT.test(file) });
  return copy;
}

/**
 * Environment of a product that shares nothing with the person's own but the cache. The guests that it opened end
 * with the run, also those that a task leaves running for the next one.
 */
export function ownFolders(lifetime: Lifetime, dir: string): NodeJS.ProcessEnv {
  const runtime = path.join(dir, 'run');
  lifetime.defer(async () => {
    const guests = guestsFolder({ runtime });
    if ((await listGuests(guests)).length > 0) await endGuests(guests);
  });
  return { KMODLAB_FORBID_LOCAL: '1', KMODLAB_STATE_DIR: path.join(dir, 'state'), KMODLAB_RUNTIME_DIR: runtime };
}

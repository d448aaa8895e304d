// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../model';
import type { Dirs } from '../platform/dirs';
import { GuestLease } from './owner';

/** Where this user's guests have their folders. */
export function guestsFolder(dirs: Pick<Dirs, 'runtime'>): string {
  return path.join(dirs.runtime, 'guests');
}

export interface RunningGuest {
  /** Kernel spec it was opened by, e.g. `6.1-cloud`; `fresh-…` for one of a single process. */
  readonly name: string;
  /** `uname -r` */
  readonly release: string;
  /** Process id of QEMU. */
  readonly pid: number;
}

/** Takes a short lease on every guest of this user that runs, and hands it over with its endpoint. */
async function visit<T>(guestsDir: string, look: (name: string, lease: GuestLease) => Promise<T>): Promise<T[]> {
  const entries = await fs.readdir(guestsDir, { withFileTypes: true }).catch(() => []);
  const found: T[] = [];
  for (const entry of entries.filter((candidate) => candidate.isDirectory())) {
    const lease = await GuestLease.connect(path.join(guestsDir, entry.name), { kind: 'process' });
    if (lease) found.push(await look(entry.name, lease));
  }
  return found;
}

/** The guests of this user that run now, whoever holds them. `guestsDir`: see {@link guestsFolder}. */
export async function listGuests(guestsDir: string): Promise<RunningGuest[]> {
  const guests = await visit(guestsDir, async (name, lease): Promise<RunningGuest | null> => {
    try {
      const { kernelRelease, pid } = await lease.ready;
      return { name, release: kernelRelease, pid };
    } catch {
      return null; // it ended while we asked
    } finally {
      await lease.close();
    }
  });
  return guests.filter((guest) => guest !== null);
}

/** Ends the guests of that name, or all, for everybody; gives the names. @throws Failure `no-guest` when none runs */
export async function endGuests(guestsDir: string, only?: string): Promise<string[]> {
  const ended = await visit(guestsDir, async (name, lease) => {
    if (only !== undefined && only !== name) {
      await lease.close();
      return null;
    }
    await lease.end();
    return name;
  });
  const names = ended.filter((name) => name !== null);
  if (names.length > 0) return names;
  throw new Failure({
    code: 'no-guest',
    what: only === undefined ? 'No guest was ended.' : `The guest ${only} was not ended.`,
    why: 'It does not run.',
    next: 'kmodlab guest list shows the ones that do.',
  });
}

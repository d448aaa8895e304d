// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../model';
import type { PackageStore } from '../packages';
import type { Dirs } from '../platform/dirs';
import { diskBytes } from '../platform/disk-bytes';
import { endGuest, lookAtGuest } from './look';
import { GuestLease } from './owner';
import type { GuestEndpoint } from './protocol';
import { listStates, type StoredState } from './saved-state';

/** Where this user's guests have their folders. */
export function guestsFolder(dirs: Pick<Dirs, 'runtime'>): string {
  return path.join(dirs.runtime, 'guests');
}

/** Where images and saved states lie: they hold no secret and can be made again. */
export function imagesFolder(dirs: Pick<Dirs, 'cache'>): string {
  return path.join(dirs.cache, 'images');
}

export function statesFolder(dirs: Pick<Dirs, 'cache'>): string {
  return path.join(dirs.cache, 'states');
}

/** Where it lies what is known of KVM on this machine. */
export function kvmFolder(dirs: Pick<Dirs, 'cache'>): string {
  return path.join(dirs.cache, 'kvm');
}

export interface RunningGuest extends Pick<GuestEndpoint, 'pid' | 'since' | 'memoryMiB' | 'accelerator'> {
  /** Kernel spec it was opened by, e.g. `6.1-cloud`; `fresh-…` for one of a single process. */
  readonly name: string;
  /** `uname -r` */
  readonly release: string;
}

/** A kernel that this user has had in a guest: what runs, and what lies on disk. */
export interface GuestKernel {
  /** `uname -r` */
  readonly release: string;
  readonly running: readonly RunningGuest[];
  /** Guests begin from these in under a second. */
  readonly saved: readonly StoredState[];
  /** Of saved states, images and kernel packages. */
  readonly diskBytes: number;
}

type KernelPackages = Pick<PackageStore, 'storedKernels' | 'removeKernel'>;

async function folderNames(guestsDir: string): Promise<string[]> {
  const entries = await fs.readdir(guestsDir, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

/** The guests of this user that run now, whoever holds them. `guestsDir`: see {@link guestsFolder}. */
export async function listGuests(guestsDir: string): Promise<RunningGuest[]> {
  const guests: RunningGuest[] = [];
  for (const name of await folderNames(guestsDir)) {
    const state = await lookAtGuest(path.join(guestsDir, name));
    if (state?.type !== 'ready') continue;
    const { kernelRelease: release, pid, since, memoryMiB, accelerator } = state.endpoint;
    guests.push({ name, release, pid, since, memoryMiB, accelerator });
  }
  return guests;
}

/** Ends the guests of that name, or all, for everybody; gives the names. @throws Failure `no-guest` when none runs */
export async function endGuests(guestsDir: string, only?: string): Promise<string[]> {
  const ended: string[] = [];
  for (const name of await folderNames(guestsDir)) {
    if ((only === undefined || only === name) && (await endGuest(path.join(guestsDir, name)))) ended.push(name);
  }
  if (ended.length > 0) return ended;
  throw notRunning(only === undefined ? 'No guest was ended.' : `The guest ${only} was not ended.`);
}

function notRunning(what: string): Failure {
  return new Failure({ code: 'no-guest', what, why: 'It does not run.', next: 'kmodlab guest list shows the ones that do.' });
}

/** Every kernel that runs in a guest or lies in the cache, running ones first. `only`: the one release that is asked for. */
export async function listGuestKernels(dirs: Dirs, packages: KernelPackages, only?: string): Promise<GuestKernel[]> {
  const isWanted = ({ release }: { release: string }): boolean => only === undefined || release === only;
  const [running, kernels] = await Promise.all([listGuests(guestsFolder(dirs)), packages.storedKernels(only)]);
  const states = listStates(statesFolder(dirs));
  const releases = [...new Set([...running, ...states, ...kernels].filter(isWanted).map(({ release }) => release))];
  const found = releases.map(async (release): Promise<GuestKernel> => {
    const saved = states.filter((state) => state.release === release);
    const stored = [...saved, ...kernels.filter((kernel) => kernel.release === release)].reduce((sum, { diskBytes: bytes }) => sum + bytes, 0);
    return { release, running: running.filter((guest) => guest.release === release), saved, diskBytes: stored + (await diskBytes(await imagesOf(dirs, release))) };
  });
  return (await Promise.all(found)).sort((a, b) => b.running.length - a.running.length || b.release.localeCompare(a.release, 'en', { numeric: true }));
}

async function imagesOf(dirs: Dirs, release: string): Promise<string[]> {
  const folder = imagesFolder(dirs);
  const names = await fs.readdir(folder).catch(() => []);
  return names.filter((name) => name.startsWith(`${release}_`)).map((name) => path.join(folder, name));
}

/**
 * Has another guest, as it is after boot, instead of the running one of that name; its owners are told that it was lost.
 * @throws Failure `no-guest` when none runs, and as `acquireGuest` when the next one does not come up
 */
export async function resetGuest(guestsDir: string, name: string): Promise<void> {
  const running = (await listGuests(guestsDir)).find((guest) => guest.name === name);
  const lease = running === undefined ? null : await GuestLease.connect(path.join(guestsDir, name), { kind: 'process' }, running.pid);
  if (lease === null) throw notRunning(`The guest ${name} was not reset.`);
  try {
    await lease.ready;
  } finally {
    await lease.close();
  }
}

/**
 * Ends the guests of a kernel and removes all that is stored of it: states, images, packages. It is fetched again when it is used.
 * @returns bytes that became free
 * @throws Failure `no-guest` when nothing of it is there
 */
export async function deleteGuest(dirs: Dirs, packages: KernelPackages, release: string): Promise<number> {
  const [kernel] = await listGuestKernels(dirs, packages, release);
  if (kernel === undefined) {
    throw new Failure({ code: 'no-guest', what: 'Nothing was deleted.', why: `No guest and no packages of the kernel ${release} are here.`, next: 'kmodlab guest list shows what there is.' });
  }
  await removeGuestKernel(dirs, packages, kernel);
  return kernel.diskBytes;
}

async function removeGuestKernel(dirs: Dirs, packages: KernelPackages, { release, running, saved }: GuestKernel): Promise<void> {
  for (const { name } of running) await endGuest(path.join(guestsFolder(dirs), name));
  for (const state of saved) state.remove();
  for (const image of await imagesOf(dirs, release)) await fs.rm(image, { force: true });
  await packages.removeKernel(release);
}

/**
 * Deletes the kernels that run in no guest and that the archive has replaced by newer ones of their series.
 * @param offered releases that can be had now
 * @returns what was deleted
 */
export async function pruneGuests(dirs: Dirs, packages: KernelPackages, offered: readonly string[]): Promise<{ releases: string[]; bytes: number }> {
  const outdated = (await listGuestKernels(dirs, packages)).filter(({ release, running }) => running.length === 0 && !offered.includes(release));
  for (const kernel of outdated) await removeGuestKernel(dirs, packages, kernel);
  return { releases: outdated.map(({ release }) => release), bytes: outdated.reduce((sum, { diskBytes: taken }) => sum + taken, 0) };
}

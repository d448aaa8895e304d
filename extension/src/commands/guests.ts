// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { deleteGuest, endGuests, guestsFolder, listGuestKernels, listGuests, resetGuest } from '../../../core/guest/manage';
import { Failure } from '../../../core/model';
import type { Context } from '../context';
import { isSameHost } from '../hosts/host-id';
import { megabytes } from '../hosts/megabytes';
import { withWork } from '../progress';
import { subjectOf } from '../tree/tree-node';
import { openHost } from './host-actions';

/** Ends a guest for everybody: this window's modules in it are unloaded before. */
export async function stopGuest(context: Context, argument: unknown): Promise<void> {
  const name = await chooseRunning(context, argument, 'Stop Guest');
  if (name !== undefined) await end(context, name);
}

/** Has the guest as it is after boot. */
export async function renewGuest(context: Context, argument: unknown): Promise<void> {
  const name = await chooseRunning(context, argument, 'Reset Guest');
  if (name === undefined) return;
  const held = heldGuest(context, name);
  if (!held) return withWork(`Resetting the guest ${name}`, context.log, () => resetGuest(guestsFolder(context.dirs), name));
  await end(context, name);
  await openHost(context, held.id);
}

/** Deletes all that lies on disk of a guest's kernel. */
export async function removeGuest(context: Context, argument: unknown): Promise<void> {
  const release = await chooseStored(context, argument);
  if (release === undefined) return;
  for (const guest of context.hosts.guests.filter((candidate) => candidate.kernelRelease === release)) {
    await context.loader.abandon(guest);
    await context.hosts.end(guest);
  }
  const bytes = await withWork(`Deleting the guest ${release}`, context.log, () => deleteGuest(context.dirs, context.packages, release));
  context.guests.look();
  void vscode.window.showInformationMessage(`${release} was deleted: ${megabytes(bytes)} are free.`);
}

function heldGuest(context: Context, name: string): Context['hosts']['guests'][number] | undefined {
  return context.hosts.guests.find(({ id }) => isSameHost(id, `guest:${name}`));
}

async function end(context: Context, name: string): Promise<void> {
  const held = heldGuest(context, name);
  if (held) {
    await context.loader.abandon(held);
    await context.hosts.end(held);
  } else await endGuests(guestsFolder(context.dirs), name);
}

/** The name of the row's guest, of the only one that runs, or of the one that is chosen. @throws Failure `no-guest` */
async function chooseRunning(context: Context, argument: unknown, title: string): Promise<string | undefined> {
  const wanted = subjectOf(argument, 'host')?.hostId;
  const held = context.hosts.guests.map(({ id, kernelRelease }) => ({ label: id.slice('guest:'.length), description: kernelRelease }));
  const running = (await listGuests(guestsFolder(context.dirs))).map(({ name, release }) => ({ label: name, description: release }));
  const all = new Map([...running, ...held].map((item) => [item.label, item]));
  const items = [...all.values()].filter(({ label }) => wanted === undefined || isSameHost(`guest:${label}`, wanted));
  if (items.length === 0) throw new Failure({ code: 'no-guest', what: 'Nothing was done.', why: 'No guest runs.', next: 'A guest starts with the next load.' });
  const choice = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title, placeHolder: 'Guest' });
  return choice?.label;
}

/** The release whose guest is to be deleted, once the person has agreed. @throws Failure `no-guest` */
async function chooseStored(context: Context, argument: unknown): Promise<string | undefined> {
  const wanted = subjectOf(argument, 'host')?.hostId;
  const release = wanted === undefined ? undefined : context.guests.of(wanted)?.release;
  const kernels = release === null ? [] : await withWork('Looking what guests take on disk', context.log, () => listGuestKernels(context.dirs, context.packages, release));
  const items = kernels.map((kernel) => ({ label: kernel.release, description: [megabytes(kernel.diskBytes), ...(kernel.running.length > 0 ? ['running'] : kernel.saved.length > 0 ? ['saved'] : [])].join(' · '), kernel }));
  if (items.length === 0) throw new Failure({ code: 'no-guest', what: 'Nothing was deleted.', why: 'No guest and no kernel of one is on disk.', next: 'Nothing needs to be done.' });
  const choice = wanted === undefined ? await vscode.window.showQuickPick(items, { title: 'Delete Guest', placeHolder: 'Kernel', matchOnDescription: true }) : items[0];
  if (!choice) return undefined;
  const running = choice.kernel.running.length > 0 ? 'It runs now, and is ended for everybody. ' : '';
  const detail = `${running}Its saved state, its images and the packages of its kernel are removed: ${megabytes(choice.kernel.diskBytes)}. They are fetched again when they are used.`;
  const remove = 'Delete';
  return (await vscode.window.showWarningMessage(`Delete the guest ${choice.label}?`, { modal: true, detail }, remove)) === remove ? choice.label : undefined;
}

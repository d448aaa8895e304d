// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Failure } from '../../../core/model';
import type { Context } from '../context';
import { HOST_ID } from '../hosts/host-id';
import { withWork } from '../progress';

interface HostItem extends vscode.QuickPickItem {
  readonly choose?: () => Promise<string | undefined>;
}

/** Chooses where the next load goes. Opens nothing: a guest starts with its first use. */
export async function selectHost(context: Context): Promise<void> {
  const current = context.settings.hostId;
  const fixed = (id: string, label: string, detail: string): HostItem => ({
    label,
    detail,
    ...(id === current ? { description: 'selected' } : {}),
    choose: () => Promise.resolve(id),
  });
  const items: HostItem[] = [
    fixed('guest', '$(vm) Guest', 'A disposable virtual machine with the default kernel; it may crash without harm'),
    fixed('guest:newest-cloud', '$(vm) Guest with the newest kernel', 'The newest kernel that is offered'),
    { label: '$(vm) Guest with another kernel…', detail: 'Choose among the kernels that are offered now', choose: () => pickKernel(context) },
    { label: '', kind: vscode.QuickPickItemKind.Separator },
    { label: '$(remote) SSH host…', detail: 'A name of your SSH configuration', choose: askSshHost },
    fixed('local', '$(device-desktop) This machine', 'Its running kernel: a faulty module can crash it'),
  ];
  const known = ['guest', 'guest:newest-cloud', 'local'];
  if (!known.includes(current)) items.unshift(fixed(current, `$(server) ${current}`, 'The host in use'));
  const choice = await vscode.window.showQuickPick(items, { title: 'Select Host', placeHolder: 'Where modules are loaded' });
  const id = await choice?.choose?.();
  if (id !== undefined && id !== current) await context.settings.setHostId(id);
}

async function pickKernel(context: Context): Promise<string | undefined> {
  const offers = await withWork('Reading the kernels on offer', context.log, (work) => context.packages.listKernels(work));
  const items = offers.map((offer) => ({ label: offer.id, description: offer.release, detail: offer.suite }));
  const choice = await vscode.window.showQuickPick(items, { title: 'Kernel of the guest', placeHolder: 'Kernel', matchOnDescription: true });
  return choice && `guest:${choice.label}`;
}

async function askSshHost(): Promise<string | undefined> {
  const name = await vscode.window.showInputBox({
    title: 'SSH host',
    prompt: 'A name of your SSH configuration, or user@host',
    validateInput: (text) => (HOST_ID.test(`ssh:${text}`) ? undefined : 'A host name does not begin with a hyphen and holds no space.'),
  });
  return name === undefined ? undefined : `ssh:${name}`;
}

/** Gives this window's guests up: one that nobody else holds ends. */
export async function stopGuest(context: Context): Promise<void> {
  const guests = context.hosts.guests;
  if (guests.length === 0) {
    throw new Failure({ code: 'no-guest', what: 'No guest was stopped.', why: 'This window holds none.', next: 'A guest starts with the next load.' });
  }
  const items = guests.map((host) => ({ label: host.name, host }));
  const choice = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: 'Stop Guest', placeHolder: 'Guest' });
  if (!choice) return;
  await context.loader.abandon(choice.host);
  await context.hosts.end(choice.host);
}

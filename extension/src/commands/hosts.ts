// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { listSshHosts } from '../../../core/hosts/ssh-config';
import type { Context } from '../context';
import { canonicalHostId, HOST_ID, isSameHost } from '../hosts/host-id';
import { defaultHostName } from '../hosts/host-list';
import { subjectOf } from '../tree/tree-node';

interface HostItem extends vscode.QuickPickItem {
  readonly choose?: () => Promise<string | undefined>;
}

const ICONS = { guest: 'vm', ssh: 'remote', local: 'home' } as const;

/** Chooses where the next load goes. Opens nothing: a guest starts with its first use. */
export async function selectHost(context: Context): Promise<void> {
  const id = await pickHost(context, 'Select Host', 'Where modules are loaded');
  if (id !== undefined) await select(context, id);
}

/** The same for the host of a row. */
export async function useHost(context: Context, argument: unknown): Promise<void> {
  const id = subjectOf(argument, 'host')?.hostId;
  if (id !== undefined) await select(context, id);
}

async function select({ settings }: Context, id: string): Promise<void> {
  if (!isSameHost(id, settings.hostId)) await settings.setHostId(id);
}

/** Lists a host in the setting kmodlab.hosts. */
export async function addHost(context: Context): Promise<void> {
  await askNewHost(context);
}

export async function removeHost(context: Context, argument: unknown): Promise<void> {
  const id = subjectOf(argument, 'host')?.hostId;
  if (id !== undefined) await context.settings.removeHost(id);
}

/** Asks for one of the known hosts, or for a new one; undefined when none was chosen. */
export async function pickHost(context: Context, title: string, placeHolder: string): Promise<string | undefined> {
  const { hostId: selected, hosts } = context.settings;
  const known = new Map(hosts.hosts.map(({ id, name }) => [canonicalHostId(id), name ?? defaultHostName(id)]));
  if (!known.has(canonicalHostId(selected))) known.set(canonicalHostId(selected), context.settings.hostName(selected));
  const items: HostItem[] = [...known].map(([id, name]) => ({
    label: `$(${ICONS[kindOf(id)]}) ${name}`,
    description: [id, ...(isSameHost(id, selected) ? ['selected'] : [])].join(' · '),
    choose: () => Promise.resolve(id),
  }));
  const add: HostItem[] = [{ label: '', kind: vscode.QuickPickItemKind.Separator }, { label: '$(add) Add Host…', choose: () => askNewHost(context) }];
  const choice = await vscode.window.showQuickPick([...items, ...add], { title, placeHolder, matchOnDescription: true });
  return choice?.choose?.();
}

function kindOf(id: string): keyof typeof ICONS {
  return id === 'local' ? 'local' : id.startsWith('ssh:') ? 'ssh' : 'guest';
}

/** Asks for a host and lists it; gives its id. */
async function askNewHost(context: Context): Promise<string | undefined> {
  const items: HostItem[] = [
    { label: '$(vm) Guest…', detail: 'A disposable virtual machine with a kernel of your choice; it may crash without harm', choose: () => pickKernel(context) },
    { label: '$(remote) SSH host…', detail: 'Any Linux machine that your ssh reaches; nothing is installed there', choose: () => pickSshHost(context) },
    { label: '$(home) This machine', detail: 'Its running kernel: a faulty module can crash it', choose: () => Promise.resolve('local') },
  ];
  const choice = await vscode.window.showQuickPick(items, { title: 'Add Host', placeHolder: 'Kind of host' });
  const id = await choice?.choose?.();
  if (id !== undefined) await context.settings.addHost(id);
  return id;
}

/** The pick is open, and busy, while the package lists are read; closing it ends that. */
async function pickKernel(context: Context): Promise<string | undefined> {
  const cancel = new AbortController();
  const offers = context.packages.listKernels({ progress: { step: (message) => context.log.info(message), log: (line) => context.log.debug(line) }, signal: cancel.signal });
  const items = offers.then((all) => all.map(({ id, release, suite }) => ({ label: id, description: release, detail: [`Debian ${suite}`, ...(context.guests.isStored(release) ? ['on disk'] : [])].join(' · ') })));
  try {
    const choice = await vscode.window.showQuickPick(items, { title: 'Kernel of the Guest', placeHolder: 'Kernel, newest first', matchOnDescription: true, matchOnDetail: true });
    return choice && `guest:${choice.label}`;
  } finally {
    cancel.abort();
  }
}

/** The names of the ssh configuration to choose from; any other that ssh takes can be typed. */
async function pickSshHost(context: Context): Promise<string | undefined> {
  const names = await listSshHosts(context.sshConfig);
  const picker = vscode.window.createQuickPick();
  picker.title = 'SSH Host';
  picker.placeholder = 'A name of your SSH configuration, or user@host';
  const typed = (): string | undefined => {
    const text = picker.value.trim();
    return HOST_ID.test(`ssh:${text}`) ? text : undefined;
  };
  const update = (): void => {
    const label = typed();
    picker.items = [
      ...(label !== undefined && !names.includes(label) ? [{ label, description: 'as typed', alwaysShow: true }] : []),
      ...names.map((name) => ({ label: name, description: 'from your SSH configuration' })),
    ];
  };
  update();
  const name = await new Promise<string | undefined>((resolve) => {
    picker.onDidChangeValue(update);
    picker.onDidAccept(() => {
      const chosen = picker.selectedItems[0]?.label;
      resolve(chosen?.includes(picker.value.trim()) === true ? chosen : typed()); // Enter may come before the list has followed
    });
    picker.onDidHide(() => resolve(undefined));
    picker.show();
  });
  picker.dispose();
  return name === undefined ? undefined : `ssh:${name}`;
}

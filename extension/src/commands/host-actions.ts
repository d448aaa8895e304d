// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import type { Host } from '../../../core/hosts/host';
import { guestTerminal, sshTerminal, type TerminalCommand } from '../../../core/hosts/terminal';
import { Failure } from '../../../core/model';
import type { Context } from '../context';
import { silentWork, withWork } from '../progress';
import { subjectOf } from '../tree/tree-node';
import { pickHost } from './hosts';

/** The host, opened under a notification that says so. */
export function openHost(context: Context, id: string): Promise<Host> {
  const name = context.settings.hostName(id);
  const title = id === 'local' || id.startsWith('ssh:') ? `Connecting to ${name}` : `Starting ${name}`;
  return withWork(title, context.log, (work) => context.hosts.get(id, work));
}

/** Connects to a host, or starts a guest. */
export async function connectHost(context: Context, argument: unknown): Promise<void> {
  const id = subjectOf(argument, 'host')?.hostId ?? context.settings.hostId;
  await openHost(context, id);
}

export async function disconnectHost(context: Context, argument: unknown): Promise<void> {
  const id = subjectOf(argument, 'host')?.hostId;
  const host = id === undefined ? undefined : context.hosts.peek(id);
  if (id === undefined || !host) return;
  await context.loader.abandon(host);
  await context.hosts.release(host);
}

/** A shell on a host, in a terminal. On an SSH host ssh may ask there what it never asks elsewhere: for a host key or a password. */
export async function openTerminal(context: Context, argument: unknown): Promise<void> {
  const id = subjectOf(argument, 'host')?.hostId ?? (await pickHost(context, 'Open Terminal on Host', 'Host'));
  if (id === undefined) return;
  const { state } = context.hosts.stateOf(id);
  const terminal = vscode.window.createTerminal({ ...(await commandFor(context, id)), iconPath: new vscode.ThemeIcon('server') });
  terminal.show();
  if (state === 'failed') connectWhenClosed(context, terminal, id);
}

/** Tries again after a terminal in which a person answered ssh's questions; the host's row shows what came of it. */
function connectWhenClosed(context: Context, terminal: vscode.Terminal, id: string): void {
  const subscription = vscode.window.onDidCloseTerminal((closed) => {
    if (closed !== terminal) return;
    subscription.dispose();
    context.hosts.get(id, silentWork()).catch((error: unknown) => context.log.info(Failure.from(error).message));
  });
  context.own(subscription);
}

async function commandFor(context: Context, id: string): Promise<Partial<TerminalCommand> & { name: string }> {
  if (id === 'local') return { name: context.settings.hostName(id) };
  const ssh = await context.packages.provideTool('ssh');
  if (id.startsWith('ssh:')) {
    const state = context.hosts.stateOf(id);
    const asksForKey = state.state === 'failed' && state.failure.code === 'host-key-unknown';
    return sshTerminal(id.slice('ssh:'.length), ssh, { ...context.sshConfig, asksForKey });
  }
  const guest = await openHost(context, id);
  const held = context.hosts.guests.find((candidate) => candidate === guest);
  if (!held) throw new Failure({ code: 'host-lost', what: `${guest.name} was lost.`, why: 'It ended while a terminal was opened on it.', next: 'Try again.' });
  return guestTerminal(held.name, held.endpoint, ssh);
}

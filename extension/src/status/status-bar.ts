// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { canonicalHostId, isHost } from '../hosts/host-id';
import type { HostKeeper } from '../hosts/host-keeper';
import { Command, ContextKey } from '../manifest';
import type { GuestWatcher } from '../hosts/guest-watcher';
import type { InKernel } from '../sessions/in-kernel';
import type { LiveSession, SessionFeed } from '../sessions/session-feed';
import type { Settings } from '../settings';
import { statusText, statusTooltip, type StatusInput } from './status-text';

export interface StatusDeps {
  readonly settings: Settings;
  readonly hosts: HostKeeper;
  readonly guests: GuestWatcher;
  readonly inKernel: InKernel;
  readonly feed: SessionFeed;
}

/** The status bar item and the context keys: what this window knows of its host and its modules. */
export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('kmodlab.host', vscode.StatusBarAlignment.Left, 10);
  private readonly subscriptions: { dispose(): void }[];

  constructor(private readonly deps: StatusDeps) {
    this.item.name = 'Kernel Module Lab Host';
    this.item.command = Command.selectHost;
    const update = (): void => this.update();
    this.subscriptions = [
      this.item,
      deps.settings.onChange('kmodlab.host', update),
      deps.settings.onChange('kmodlab.hosts', update),
      deps.hosts.onChange(update),
      deps.guests.onChange(update),
      deps.feed.subscribe(({ event }) => {
        if (event.type === 'started' || event.type === 'ended' || event.type === 'devices') update();
      }),
    ];
    update();
    this.item.show();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private update(): void {
    const input = this.input();
    this.item.text = statusText(input);
    this.item.tooltip = statusTooltip(input);
    this.item.accessibilityInformation = { label: statusTooltip(input) };
    const all = this.deps.inKernel.all();
    setContext(ContextKey.moduleLoaded, all.length > 0);
    setContext(ContextKey.deviceOpen, all.some(({ devices }) => devices.length > 0));
  }

  private input(): StatusInput {
    const { settings, hosts, inKernel } = this.deps;
    const hostId = settings.hostId;
    const state = hosts.stateOf(hostId);
    const there = inKernel.withThoseOnTheirWay().filter((session) => isHost(hostId, session.host));
    const live = there.filter((session) => !session.isOnItsWay);
    const named = (sessions: readonly LiveSession[]): string[] => [...new Set(sessions.map((session) => session.moduleName))];
    const kernel = state.state === 'open' ? state.facts.kernel : (live[0]?.host.kernel ?? null);
    return { hostId: canonicalHostId(hostId), hostName: settings.hostName(hostId), kernel, loaded: named(live), loading: named(there.filter((session) => session.isOnItsWay)) };
  }
}

function setContext(key: string, value: boolean): void {
  void vscode.commands.executeCommand('setContext', key, value);
}

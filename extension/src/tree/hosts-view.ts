// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Failure, visibleText } from '../../../core/model';
import { FACTS_SCRIPT, readFacts } from '../../../core/hosts/facts';
import type { Host } from '../../../core/hosts/host';
import { PROC_MODULES, SHOW } from '../../../core/modules/host-scripts';
import type { GuestWatcher } from '../hosts/guest-watcher';
import { canonicalHostId, hostIdOf, isHost, isSameHost } from '../hosts/host-id';
import type { HostKeeper } from '../hosts/host-keeper';
import { defaultHostName } from '../hosts/host-list';
import { HOSTS_VIEW } from '../manifest';
import type { InKernel } from '../sessions/in-kernel';
import type { LiveSession, SessionFeed } from '../sessions/session-feed';
import type { Settings } from '../settings';
import { factRows, moduleRows } from './fact-rows';
import { hostRows, type HostView, type LoadedView } from './hosts-tree';
import { note, type TreeNode } from './tree-node';
import { TreeView } from './tree-view';

export interface HostsViewDeps {
  readonly settings: Settings;
  readonly hosts: HostKeeper;
  readonly guests: GuestWatcher;
  readonly inKernel: InKernel;
  readonly feed: SessionFeed;
}

/** The hosts that modules can be loaded on, and what is loaded there. */
export class HostsView implements vscode.Disposable {
  private readonly tree: TreeView;
  private readonly subscriptions: { dispose(): void }[];

  constructor(private readonly deps: HostsViewDeps) {
    this.tree = new TreeView(HOSTS_VIEW, () => (vscode.workspace.isTrusted ? hostRows(this.hostViews()) : []), () => deps.guests.look());
    const changed = (): void => this.tree.changed();
    this.subscriptions = [
      this.tree,
      deps.settings.onChange('kmodlab.host', changed),
      deps.settings.onChange('kmodlab.hosts', changed),
      deps.hosts.onChange(changed),
      deps.hosts.onChange(() => deps.guests.refresh()),
      deps.guests.onChange(changed),
      deps.feed.onLoader(changed),
      deps.feed.subscribe(({ event }) => {
        if (event.type === 'started' || event.type === 'ended') deps.guests.refresh();
        if (event.type === 'started' || event.type === 'ended' || event.type === 'devices') changed();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(changed),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /** What the person listed, then what else is in use: the selected host, guests that run, and where modules of the workspace are loaded. */
  private hostViews(): HostView[] {
    const { settings, guests } = this.deps;
    const { hosts: listed } = settings.hosts;
    const ids = new Map(listed.map(({ id, name }) => [canonicalHostId(id), { name, listed: true }]));
    const loadedOn = this.deps.inKernel.withThoseOnTheirWay().map(({ host }) => hostIdOf(host));
    for (const id of [settings.hostId, ...guests.ids, ...loadedOn]) if (!ids.has(canonicalHostId(id))) ids.set(canonicalHostId(id), { name: null, listed: false });
    return [...ids].map(([id, { name, listed: isListed }]) => this.hostView(id, name, isListed));
  }

  private hostView(id: string, name: string | null, listed: boolean): HostView {
    const { settings, hosts, guests, inKernel } = this.deps;
    return {
      id,
      name: name ?? defaultHostName(id),
      kind: id === 'local' ? 'local' : id.startsWith('ssh:') ? 'ssh' : 'guest',
      selected: isSameHost(id, settings.hostId),
      listed,
      state: hosts.stateOf(id),
      guest: id.startsWith('guest:') ? guests.of(id) : null,
      loaded: inKernel.withThoseOnTheirWay().filter((live) => isHost(id, live.host)).map((live) => this.loadedView(live)),
      facts: () => this.ask(id, async (host) => factRows(id, readFacts(await host.script(FACTS_SCRIPT, []), host.name, host.kind))),
      allModules: () => this.ask(id, async (host) => moduleRows(id, (await host.script(SHOW, [PROC_MODULES])).stdout)),
    };
  }

  private loadedView(live: LiveSession): LoadedView {
    return { sessionId: live.id, name: live.moduleName, parameters: live.parameters, phase: live.isOnItsWay ? 'loading' : 'loaded', loader: live.loader, devices: live.devices };
  }

  /** What a question to an open host tells, as rows; a failure is one row. */
  private async ask(id: string, question: (host: Host) => Promise<TreeNode[]>): Promise<TreeNode[]> {
    try {
      const host = this.deps.hosts.peek(id);
      return host ? await question(host) : [];
    } catch (error) {
      return [note(`not-answered:${id}`, visibleText(Failure.from(error).message), 'error', { iconColor: 'list.errorForeground' })];
    }
  }
}

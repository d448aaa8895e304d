// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import type { ModuleDescription } from '../../../core/modules/discover';
import { hostIdOf } from '../hosts/host-id';
import type { GuestWatcher } from '../hosts/guest-watcher';
import type { HostKeeper } from '../hosts/host-keeper';
import type { ModuleList } from '../loads/module-list';
import type { ModuleMemory } from '../loads/module-memory';
import type { Verdicts } from '../loads/verdicts';
import { MODULES_VIEW } from '../manifest';
import type { InKernel } from '../sessions/in-kernel';
import type { SessionFeed } from '../sessions/session-feed';
import type { Settings } from '../settings';
import { moduleTree, type ModuleView } from './modules-tree';
import { TreeView } from './tree-view';

export interface ModulesViewDeps {
  readonly settings: Settings;
  readonly modules: ModuleList;
  readonly memory: ModuleMemory;
  readonly verdicts: Verdicts;
  readonly hosts: HostKeeper;
  readonly guests: GuestWatcher;
  readonly inKernel: InKernel;
  readonly feed: SessionFeed;
}

/** The workspace's modules: where each is loaded, what was checked before, and its parameters. */
export class ModulesView implements vscode.Disposable {
  private readonly subscriptions: { dispose(): void }[];

  constructor(private readonly deps: ModulesViewDeps) {
    const tree = new TreeView(MODULES_VIEW, async () => moduleTree((await deps.modules.get()).map((module) => this.viewOf(module))));
    const changed = (): void => tree.changed();
    this.subscriptions = [
      tree,
      deps.modules.onChange(changed),
      deps.memory.onChange(changed),
      deps.verdicts.onChange(changed),
      deps.hosts.onChange(changed),
      deps.guests.onChange(changed),
      deps.feed.subscribe(({ event }) => {
        if (event.type === 'started' || event.type === 'devices' || event.type === 'ended') changed();
      }),
      vscode.workspace.onDidSaveTextDocument(({ languageId }) => {
        if (languageId === 'c') changed(); // it may declare a parameter
      }),
    ];
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private viewOf(module: ModuleDescription): ModuleView {
    const { name, folder } = module;
    const sessions = this.deps.inKernel.withThoseOnTheirWay().filter((live) => live.moduleName === name && live.folder === folder);
    const hostsOf = (isOnItsWay: boolean): string[] => [...new Set(sessions.filter((live) => live.isOnItsWay === isOnItsWay).map((live) => this.deps.settings.hostName(hostIdOf(live.host))))];
    const verdict = this.deps.verdicts.of({ folder, name });
    return {
      name,
      folder,
      shownFolder: shownFolder(folder),
      loadedOn: hostsOf(false),
      loadingOn: hostsOf(true),
      preflight: verdict && { host: this.deps.settings.hostName(verdict.hostId), lines: verdict.lines },
      parameters: () => this.deps.memory.parametersOf(module),
      values: this.deps.memory.given(module),
    };
  }
}

/** Relative to the workspace; the workspace's own folder by its name. */
function shownFolder(folder: string): string {
  const own = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.fsPath === folder);
  return own?.name ?? vscode.workspace.asRelativePath(folder);
}

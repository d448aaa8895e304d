// SPDX-License-Identifier: MIT
import path from 'node:path';
import * as vscode from 'vscode';
import { openHost } from '../../core/hosts/registry';
import { Failure, type LoadSession, type SessionEvent } from '../../core/model';
import { PackageStore } from '../../core/packages';
import { moduleHolder } from '../../core/modules/host-lock';
import { userDirs, type Dirs } from '../../core/platform/dirs';
import { SessionStore } from '../../core/sessions/store';
import { confirmFirstLoad } from './hosts/consent';
import { GuestWatcher } from './hosts/guest-watcher';
import { askSecret } from './hosts/secret-prompt';
import { HostKeeper } from './hosts/host-keeper';
import { badHosts } from './hosts/host-list';
import { LossTeller } from './hosts/loss-teller';
import { canonicalHostId, hostIdOf } from './hosts/host-id';
import { KernelLogView } from './kernel-log/kernel-log-view';
import { ObjectionDiagnostics } from './inline-results/objection-diagnostics';
import { EditorResults } from './inline-results/editor-results';
import { InlineResults } from './inline-results/inline-results';
import { ResultLenses } from './inline-results/result-lenses';
import { HostTarget } from './language-client/host-target';
import { LanguageServer } from './language-client/language-server';
import { BuildDiagnostics } from './loads/build-diagnostics';
import { Explainer } from './loads/explainer';
import { Loader } from './loads/loader';
import { ModuleList } from './loads/module-list';
import { ModuleMemory } from './loads/module-memory';
import { isInside } from './loads/modules';
import { Command, TASK_TYPE, type SettingKey } from './manifest';
import { Messages, type Remedy } from './messages';
import { silentWork } from './progress';
import { ResultsPanel } from './results/results-panel';
import { InKernel } from './sessions/in-kernel';
import { SessionFeed, type LiveSession, type SessionOrigin } from './sessions/session-feed';
import { StoredSessions } from './sessions/stored-sessions';
import { SessionWatcher } from './sessions/session-watcher';
import { Settings } from './settings';
import { StatusBar } from './status/status-bar';
import { HostsView } from './tree/hosts-view';
import { ModulesView } from './tree/modules-view';
import { Verdicts } from './loads/verdicts';
import type { Subject } from './tree/tree-node';
import { WebviewResources } from './webviews/resources';

/** Owns everything that this window holds, and ends it in the right order. */
export class Context {
  readonly log = vscode.window.createOutputChannel('Kernel Module Lab', { log: true });
  /** What commands printed that a person ran on a host. */
  readonly commandOutput = vscode.window.createOutputChannel('Kernel Module Lab Commands');
  readonly messages = new Messages(this.log, (failure) => this.remedyFor(failure), (failure) => this.losses.hasTold(failure));
  readonly settings = new Settings();
  readonly feed = new SessionFeed();
  readonly verdicts = new Verdicts(this.feed);
  readonly memory: ModuleMemory;
  readonly modules: ModuleList;
  readonly extensionUri: vscode.Uri;
  readonly cliPath: string;
  readonly dirs: Dirs;
  readonly packages: PackageStore;
  readonly hosts: HostKeeper;
  readonly guests: GuestWatcher;
  readonly inKernel: InKernel;
  readonly language: LanguageServer;
  readonly loader: Loader;
  readonly explainer: Explainer;
  readonly stored: StoredSessions;
  readonly kernelLog: KernelLogView;
  readonly results: ResultsPanel;
  readonly inlineResults: InlineResults;
  /** What ssh reads instead of the user's own configuration, for the whole product as for the CLI. */
  readonly sshConfig: { readonly configFile?: string };
  private readonly losses: LossTeller;
  private toldBadHosts = '';
  private readonly owned: { dispose(): void }[] = [];

  constructor(extension: vscode.ExtensionContext) {
    this.extensionUri = extension.extensionUri;
    const dist = path.join(extension.extensionPath, 'dist');
    this.cliPath = path.join(dist, 'cli.js');
    const dirs = (this.dirs = userDirs());
    const sshConfigFile = process.env['KMODLAB_SSH_CONFIG'];
    this.sshConfig = sshConfigFile === undefined ? {} : { configFile: sshConfigFile };
    const store = new SessionStore(dirs.state);
    this.memory = new ModuleMemory(extension.workspaceState, dirs.state);
    const resources = new WebviewResources(extension.extensionUri);
    this.packages = new PackageStore(dirs, { log: (line) => this.log.debug(line), archiveKeyring: () => this.settings.archiveKeyring });
    const guests = { packages: this.packages, dirs, keeperPath: path.join(dist, 'keeper.js') };
    this.hosts = new HostKeeper({ openHost, base: (id) => ({ ...guests, ...(sshConfigFile === undefined ? {} : { sshConfigFile }), guest: this.settings.guest, sshLostAfterSeconds: this.settings.sshLostAfterSeconds, askSecret: (request) => askSecret({ ...request, of: this.settings.hostName(id) }) }) });
    this.language = this.own(new LanguageServer(path.join(dist, 'server.js'), this.log));
    const diagnostics = this.own(new BuildDiagnostics());
    this.modules = this.own(new ModuleList(this.log));
    this.loader = new Loader({ hosts: this.hosts, packages: this.packages, feed: this.feed, store, dirs, language: this.language, diagnostics, log: this.log, settings: this.settings, workspace: () => this.modules.get(), memory: this.memory, askSecret, confirmFirstLoad });
    this.explainer = new Explainer({ guests, store, feed: this.feed });
    this.stored = new StoredSessions(store, this.feed);
    this.kernelLog = this.own(new KernelLogView(resources, this.feed));
    this.results = this.own(new ResultsPanel({ resources, feed: this.feed, stored: this.stored, messages: this.messages }));
    const editorResults = this.own(new EditorResults(this.feed));
    this.inlineResults = this.own(new InlineResults(editorResults, this.settings));
    this.own(new ResultLenses(editorResults, this.settings));
    this.own(new ObjectionDiagnostics(this.feed));
    this.guests = this.own(new GuestWatcher(dirs, this.packages, (line) => this.log.warn(line)));
    this.inKernel = new InKernel(this);
    this.own(new StatusBar(this));
    this.own(new HostsView(this));
    this.own(new ModulesView(this));
    const watcher = this.own(new SessionWatcher({ store, feed: this.feed, originOf, isStillThere: (session) => this.inKernel.isStillThere(session), holderOf: (hostId, module) => moduleHolder(hostId, module, dirs), onError: (failure) => this.log.warn(failure.message) }));
    void this.messages.guard(() => this.guests.watch().then(() => watcher.followEarlier()));
    this.own(new HostTarget({ selectedHost: () => this.settings.hostId, onSelect: (listener) => this.settings.onChange('kmodlab.host', listener), hosts: this.hosts, send: (target) => this.language.setTarget(target), log: (line) => this.log.info(line) }));
    this.losses = new LossTeller({ sessions: () => this.feed.all(), hostName: (id) => this.settings.hostName(id), tell: (failure) => this.messages.show(failure) });
    this.own(this.hosts.onLost(({ host, failure }) => this.losses.onGuestLost(host.id, failure)));
    this.own(this.feed.subscribe(({ live, event }) => this.onSessionEvent(live, event)));
    this.own(this.settings.onChange('kmodlab.hosts', () => this.tellBadHosts()));
    this.tellBadHosts();
  }

  private remedyFor(failure: Failure): Remedy | undefined {
    if (failure.code === 'oops') return { title: 'Show Kernel Log', run: () => this.kernelLog.show(true) };
    if (failure.code === 'bad-hosts') return { title: 'Open Settings', run: () => openSettings('kmodlab.hosts') };
    const hostId = this.hosts.hostOf(failure);
    if (hostId === undefined || failure.code !== 'host-key-unknown') return undefined;
    return { title: 'Open Terminal to Accept…', run: () => openTerminalOn(hostId) };
  }

  private tellBadHosts(): void {
    const { bad } = this.settings.hosts;
    const told = bad.join();
    if (told !== this.toldBadHosts && bad.length > 0) this.messages.failure(badHosts(bad));
    this.toldBadHosts = told;
  }

  own<T extends { dispose(): void }>(disposable: T): T {
    this.owned.push(disposable);
    return disposable;
  }

  private onSessionEvent(live: LiveSession, event: SessionEvent): void {
    if (event.type === 'ended' && event.end.state === 'loaded' && live.origin === 'left') this.holdGuest(live);
    const loss = this.losses.onSessionEvent(live, event);
    if (loss?.code === 'host-lost' && live.host.kind !== 'guest') void this.hosts.drop(hostIdOf(live.host), loss); // a guest says by itself that it ended
  }

  /** A guest with a module that an earlier window left in it stays as long as this one. */
  private holdGuest({ host }: LiveSession): void {
    if (host.kind !== 'guest' || !vscode.workspace.isTrusted) return;
    this.hosts.get(hostIdOf(host), silentWork()).catch((error: unknown) => this.log.info(Failure.from(error).message));
  }

  /** Sessions are closed while their hosts are still there, hosts before the views and the log. */
  async dispose(): Promise<void> {
    const inUse = this.loader.loaded.map(({ hostId }) => canonicalHostId(hostId));
    await this.loader.dispose();
    await this.hosts.dispose(inUse);
    for (const disposable of this.owned.reverse()) disposable.dispose();
    this.feed.dispose();
    this.commandOutput.dispose();
    this.log.dispose();
  }
}

async function openSettings(key: SettingKey): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openSettings', key);
}

async function openTerminalOn(hostId: string): Promise<void> {
  await vscode.commands.executeCommand(Command.openTerminal, { subject: { kind: 'host', hostId } satisfies Subject });
}

/** A load that another process makes is this window's business when its module lies in this workspace. */
function originOf(session: LoadSession): SessionOrigin | null {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (!folders.some((folder) => folder.uri.scheme === 'file' && isInside(folder.uri.fsPath, session.module.folder))) return null;
  return vscode.tasks.taskExecutions.some((execution) => execution.task.definition.type === TASK_TYPE) ? 'task' : 'other';
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import * as vscode from 'vscode';
import { buildModule, type ModuleBuild } from '../../../core/build/build';
import type { Host } from '../../../core/hosts/host';
import type { AskSecret } from '../../../core/hosts/sudo';
import { Failure, type BuildResult, type LoadSession, type PreflightLine, type SessionEvent } from '../../../core/model';
import type { ModuleDescription } from '../../../core/modules/discover';
import { checkLoad, missingEnvironment } from '../../../core/modules/examine';
import { readModuleInfo, type ModuleInfo } from '../../../core/modules/modinfo';
import { startLoad, type LoadDeps, type LoadedModule, type LoadPlan } from '../../../core/modules/load';
import { takeOver, unloadModule } from '../../../core/modules/unload';
import type { PackageStore } from '../../../core/packages';
import type { Dirs } from '../../../core/platform/dirs';
import type { SessionStore } from '../../../core/sessions/store';
import { Emitter } from '../emitter';
import type { confirmFirstLoad } from '../hosts/consent';
import { hostIdOf, isSameHost } from '../hosts/host-id';
import type { HostKeeper } from '../hosts/host-keeper';
import type { LanguageServer } from '../language-client/language-server';
import type { Work } from '../progress';
import type { LiveSession, SessionFeed, SessionOrigin } from '../sessions/session-feed';
import type { Settings } from '../settings';
import type { BuildDiagnostics } from './build-diagnostics';
import type { ModuleMemory } from './module-memory';
import { isInside } from './modules';

export interface LoadRequest {
  readonly module: ModuleDescription;
  readonly hostId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly origin: SessionOrigin;
  /** What another program left loaded under that name gives way. */
  readonly replaces?: 'loaded';
}

/** A module that this window loaded and that is in the kernel now. */
export interface Loaded {
  readonly module: ModuleDescription;
  readonly hostId: string;
  readonly handle: LoadedModule;
}

export interface LoaderDeps {
  readonly hosts: HostKeeper;
  readonly packages: Pick<PackageStore, 'provideTool'>;
  readonly feed: SessionFeed;
  readonly store: SessionStore;
  readonly dirs: Dirs;
  readonly language: LanguageServer;
  readonly diagnostics: BuildDiagnostics;
  readonly log: vscode.LogOutputChannel;
  readonly settings: Pick<Settings, 'watchdogSeconds' | 'signing' | 'hostName'>;
  /** The modules of the workspace: one may need another. */
  readonly workspace: () => Promise<readonly ModuleDescription[]>;
  readonly memory: Pick<ModuleMemory, 'keepBuilt'>;
  readonly askSecret: AskSecret;
  readonly confirmFirstLoad: typeof confirmFirstLoad;
}

/** Builds, loads and unloads modules for this window, and remembers what is loaded. Knows no view. */
export class Loader {
  private readonly loadedModules = new Map<string, Loaded>();
  private readonly takingOver = new Map<string, Promise<Loaded>>();
  private readonly changed = new Emitter<void>();

  constructor(private readonly deps: LoaderDeps) {}

  get loaded(): readonly Loaded[] {
    return [...this.loadedModules.values()];
  }

  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  /**
   * Saves, builds and loads a module; one that this window loaded on the same host before gives way once the new one is built.
   * @throws Failure of `startLoad`, of the host's opening, `file-not-saved`
   */
  async load(request: LoadRequest, work: Work): Promise<Loaded> {
    const { module, hostId } = request;
    await saveSources(module);
    const host = await this.deps.hosts.get(hostId, work);
    const earlier = this.loaded.find((loaded) => loaded.module.name === module.name && isSameHost(loaded.hostId, hostId));
    const replaces = earlier?.handle ?? request.replaces;
    this.deps.diagnostics.clear(module);
    const plan = { ...this.planOf(module, host, request.parameters), ...(replaces ? { replaces } : {}) };
    const handle = await startLoad(plan, this.loadDeps(request, work)).catch(async (error: unknown) => {
      await this.dropLost(hostId, error);
      throw error;
    });
    return this.hold({ module, hostId, handle });
  }

  /**
   * The handle of a module that is in a kernel: this window's own, or one that it takes over from who left it there.
   * @throws Failure of `takeOver`, of the host's opening
   */
  handleOf(live: LiveSession, work: Work): Promise<Loaded> {
    const own = this.loadedModules.get(live.id);
    if (own) return Promise.resolve(own);
    const pending = this.takingOver.get(live.id) ?? this.takeOver(live, work).finally(() => this.takingOver.delete(live.id));
    this.takingOver.set(live.id, pending);
    return pending;
  }

  private async takeOver(live: LiveSession, work: Work): Promise<Loaded> {
    const hostId = hostIdOf(live.host);
    const host = await this.deps.hosts.get(hostId, work);
    const handle = await takeOver({ name: live.moduleName, host }, this.baseDeps(hostId, work)); // its session's events come through its journal
    const known = (await this.deps.workspace()).find(({ folder, name }) => folder === live.folder && name === live.moduleName);
    return this.hold({ module: known ?? { name: live.moduleName, folder: live.folder, kbuildFile: '', sources: [], headers: [] }, hostId, handle });
  }

  private hold(loaded: Loaded): Loaded {
    const { handle } = loaded;
    this.loadedModules.set(handle.sessionId, loaded);
    this.changed.fire();
    void handle.ended.catch(() => undefined).then(() => {
      this.loadedModules.delete(handle.sessionId);
      this.changed.fire();
    });
    return loaded;
  }

  /** Builds a module for a host's kernel and publishes what the tools say. @throws Failure `no-build-environment`, of `buildModule` */
  async build(module: ModuleDescription, hostId: string, work: Work): Promise<ModuleBuild> {
    await saveSources(module);
    const host = await this.deps.hosts.get(hostId, work);
    const environment = (await host.buildEnvironment(work)) ?? missingEnvironment(host);
    const build = await buildModule({ module, environment, dirs: this.deps.dirs, workspace: this.deps.workspace, signal: work.signal, progress: work.progress, onLine: (line) => this.deps.log.info(line) });
    this.publish(module, build);
    if (build.koPath !== null) await this.deps.memory.keepBuilt(module, readModuleInfo(await fs.readFile(build.koPath)).parameters);
    return build;
  }

  /** What a load would meet, without loading anything. @throws Failure as {@link load} does before it inserts anything */
  async check(module: ModuleDescription, hostId: string, parameters: Readonly<Record<string, string>>, work: Work): Promise<PreflightLine[]> {
    await saveSources(module);
    const host = await this.deps.hosts.get(hostId, work);
    return checkLoad(this.planOf(module, host, parameters), this.buildDeps(module, hostId, work));
  }

  /** Unloads what this window loaded. @throws Failure `unload-refused`, `host-lost` */
  unload(loaded: Loaded): Promise<LoadSession> {
    return loaded.handle.unload();
  }

  /** Unloads a module that a task or another window left in the kernel. @throws Failure of `unloadModule` */
  async unloadByName(name: string, hostId: string, work: Work): Promise<void> {
    const host = await this.deps.hosts.get(hostId, work);
    await unloadModule({ name, host }, this.baseDeps(hostId, work)); // its session's events come through its journal
  }

  /** Unloads what this window loaded on a host that is about to be given up; a module that does not go stays behind. */
  async abandon(host: Host): Promise<void> {
    const there = this.loaded.filter((loaded) => this.deps.hosts.peek(loaded.hostId) === host);
    await Promise.allSettled(there.map((loaded) => loaded.handle.unload()));
  }

  /** Ends the sessions, for the window closes or is loaded again: their modules stay where they are. */
  async dispose(): Promise<void> {
    this.changed.dispose();
    await Promise.allSettled(this.loaded.map(({ handle }) => handle.detach()));
    this.loadedModules.clear();
  }

  /** A host that was lost is connected to anew by the next load; a guest says by itself that it ended. */
  private async dropLost(hostId: string, error: unknown): Promise<void> {
    const failure = Failure.from(error);
    if (failure.code === 'host-lost' && this.deps.hosts.peek(hostId)?.kind === 'ssh') await this.deps.hosts.drop(hostId, failure);
  }

  private planOf(module: ModuleDescription, host: Host, parameters: Readonly<Record<string, string>>): LoadPlan {
    const { language, settings, workspace, askSecret, packages } = this.deps;
    const { watchdogSeconds, signing } = settings;
    return {
      module,
      host,
      parameters,
      predict: language.predictFor(module.folder),
      workspace,
      ...(watchdogSeconds > 0 ? { watchdogSeconds } : {}),
      ...(signing ? { signing: { ...signing, signFile: () => packages.provideTool('sign-file'), passphrase: (retry: boolean) => askSecret({ of: 'the signing key', kind: 'passphrase', prompt: `Passphrase of ${signing.keyFile}`, retry }) } } : {}),
    };
  }

  private baseDeps(hostId: string, work: Work): LoadDeps {
    const { store, dirs, settings, confirmFirstLoad } = this.deps;
    return { confirmFirstLoad: (question) => confirmFirstLoad(question, { name: settings.hostName(hostId), id: hostId }), store, dirs, progress: work.progress, signal: work.signal };
  }

  private buildDeps(module: ModuleDescription, hostId: string, work: Work): LoadDeps {
    const onModuleInfo = ({ parameters }: ModuleInfo): void => void this.deps.memory.keepBuilt(module, parameters);
    return { ...this.baseDeps(hostId, work), onBuildLine: (line) => this.deps.log.info(line), onModuleInfo };
  }

  private loadDeps({ module, hostId, origin }: LoadRequest, work: Work): LoadDeps {
    let sessionId = '';
    const onEvent = (event: SessionEvent): void => {
      if (event.type === 'started') sessionId = event.session.id;
      if (event.type === 'build') this.publish(module, event.build);
      this.deps.feed.push(sessionId, event, origin);
    };
    return { ...this.buildDeps(module, hostId, work), onEvent };
  }

  private publish(module: ModuleDescription, build: BuildResult): void {
    this.deps.diagnostics.publish(module, build.diagnostics);
  }
}

/** What is built is what stands in the editor. @throws Failure `file-not-saved` */
async function saveSources(module: ModuleDescription): Promise<void> {
  const dirty = vscode.workspace.textDocuments.filter((document) => document.isDirty && document.uri.scheme === 'file' && isInside(module.folder, document.uri.fsPath));
  for (const document of dirty) {
    if (await document.save()) continue;
    throw new Failure({
      code: 'file-not-saved',
      what: `${module.name} was not built.`,
      why: `${document.uri.fsPath} could not be saved.`,
      next: 'Save the file, then run the command again.',
    });
  }
}

// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Failure } from '../../../core/model';
import type { ModuleDescription } from '../../../core/modules/discover';
import type { Context } from '../context';
import { hostIdOf } from '../hosts/host-id';
import { pickModule, workspaceModules } from '../loads/find-modules';
import type { Loaded } from '../loads/loader';
import { withWork } from '../progress';
import { revealViews } from '../reveal-views';
import { offerDevices } from './devices';
import { offerExample } from './example';

const EXAMPLE = 'device2';

/** Loads the module named device2; offers the bundled example when the workspace has none. */
export async function loadDevice2(context: Context): Promise<void> {
  const modules = await workspaceModules(context.log);
  const candidates = modules.filter((module) => module.name === EXAMPLE);
  if (candidates.length === 0) return offerExample(context, EXAMPLE);
  const module = candidates.length === 1 ? candidates[0] : await pickModule(candidates, 'Load device2');
  if (module) await loadWithViews(context, module);
}

export async function loadModule(context: Context): Promise<void> {
  const module = await pickModule(await workspaceModules(context.log), 'Load Module');
  if (module) await loadWithViews(context, module);
}

export async function buildModule(context: Context): Promise<void> {
  const module = await pickModule(await workspaceModules(context.log), 'Build Module');
  if (!module) return;
  const build = await withWork(`Building ${module.name}`, context.log, (work) => context.loader.build(module, context.settings.hostId, work));
  if (!build.ok) {
    await revealViews(context, 'command', 'buildFailed');
    throw buildFailure(module, build.diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length);
  }
  void vscode.window.showInformationMessage(`${module.name} was built without errors by ${build.compiler}.`);
}

/** One load as a person sees it: confirmation where it is due, progress, the views, and what to do with new devices. */
async function loadWithViews(context: Context, module: ModuleDescription): Promise<void> {
  const hostId = context.settings.hostId;
  if (!(await context.consent.toLoad(module.name, hostId))) return;
  await revealViews(context, 'command', 'started');
  try {
    const loaded = await withWork(`Loading ${module.name}`, context.log, (work) => context.loader.load({ module, hostId, parameters: {}, origin: 'command' }, work));
    await revealViews(context, 'command', 'loaded');
    offerDevices(context, loaded);
  } catch (error) {
    if (isLoadedAlready(context, module, error)) return offerReload(context, module, hostId, error);
    await revealViews(context, 'command', Failure.from(error).code === 'build-failed' ? 'buildFailed' : 'failed');
    throw error;
  }
}

/** The kernel holds the module already, from a load that this window knows nothing of. */
function isLoadedAlready(context: Context, module: ModuleDescription, error: unknown): error is Failure {
  if (!(error instanceof Failure) || error.code !== 'preflight-blocked') return false;
  const session = context.feed.current?.session();
  return session?.module.name === module.name && session.preflight.some(({ check, verdict }) => check === 'not loaded' && verdict === 'blocked');
}

async function offerReload(context: Context, module: ModuleDescription, hostId: string, failure: Failure): Promise<void> {
  const reload = 'Unload and Load Again';
  const choice = await vscode.window.showWarningMessage(`${failure.what} ${failure.why}`, reload);
  if (choice !== reload) return;
  await withWork(`Unloading ${module.name}`, context.log, (work) => context.loader.unloadByName(module.name, hostId, work));
  await loadWithViews(context, module);
}

function buildFailure(module: ModuleDescription, errors: number): Failure {
  return new Failure({
    code: 'build-failed',
    what: `${module.name} does not compile.`,
    why: `The build reported ${errors} ${errors === 1 ? 'error' : 'errors'}.`,
    next: 'Mend what the Problems view shows, then build again.',
  });
}

export async function unloadModule(context: Context): Promise<void> {
  const own: readonly Loaded[] = context.loader.loaded;
  const others = context.feed.all().filter((live) => live.isLoaded && !own.some((loaded) => loaded.handle.sessionId === live.id));
  const items = [
    ...own.map((loaded) => ({ label: loaded.module.name, description: loaded.hostId, unload: () => context.loader.unload(loaded) })),
    ...others.map((live) => ({
      label: live.moduleName,
      description: live.host.name,
      unload: () => withWork(`Unloading ${live.moduleName}`, context.log, (work) => context.loader.unloadByName(live.moduleName, hostIdOf(live.host), work)),
    })),
  ];
  if (items.length === 0) {
    throw new Failure({ code: 'not-loaded', what: 'Nothing was unloaded.', why: 'No module of this window is loaded.', next: 'Load a module first.' });
  }
  const choice = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: 'Unload Module', placeHolder: 'Module' });
  await choice?.unload();
}

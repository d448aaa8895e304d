// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import type { ModuleBuild } from '../../../core/build/build';
import { Failure, visibleText, type Architecture } from '../../../core/model';
import type { ModuleDescription } from '../../../core/modules/discover';
import type { Context } from '../context';
import { pickModule } from '../loads/find-modules';
import { askParameters } from '../loads/parameter-form';
import type { Values } from '../loads/parameter-values';
import { MODULES_VIEW } from '../manifest';
import { withWork } from '../progress';
import { revealViews } from '../reveal-views';
import { subjectOf } from '../tree/tree-node';
import { offerDevices } from './devices';
import { offerExample } from './example';

const EXAMPLE = 'device2';

/** What a person asked to be loaded. */
export interface Wanted {
  readonly module: ModuleDescription;
  readonly hostId: string;
  readonly parameters: Values;
  /** What another program left loaded under that name gives way. */
  readonly replaces?: 'loaded';
}

/** Loads the module named device2; offers the bundled example when the workspace has none. */
export async function loadDevice2(context: Context): Promise<void> {
  const modules = await context.modules.get();
  const candidates = modules.filter((module) => module.name === EXAMPLE);
  if (candidates.length === 0) return offerExample(context, EXAMPLE);
  const module = candidates.length === 1 ? candidates[0] : await pickModule(candidates, 'Load device2');
  if (module) await loadWithViews(context, { module, hostId: context.settings.hostId, parameters: {} });
}

export async function loadModule(context: Context, argument: unknown): Promise<void> {
  const module = await chooseModule(context, argument, 'Load Module');
  if (module) await loadWithViews(context, { module, hostId: context.settings.hostId, parameters: {} });
}

/** Asks for the parameters that the module takes, built or not, and loads with them. */
export async function loadWithParameters(context: Context, argument: unknown): Promise<void> {
  const module = await chooseModule(context, argument, 'Load Module with Parameters');
  if (!module) return;
  const hostId = context.settings.hostId;
  const parameters = await context.memory.parametersOf(module);
  const values = await askParameters({ moduleName: module.name, parameters, arch: architectureOf(context, hostId) }, context.memory.given(module));
  if (!values) return;
  context.memory.give(module, values);
  await loadWithViews(context, { module, hostId, parameters: values });
}

export async function buildModule(context: Context, argument: unknown): Promise<void> {
  const module = await chooseModule(context, argument, 'Build Module');
  if (!module) return;
  const { compiler } = await buildOrFail(context, module, context.settings.hostId);
  void vscode.window.showInformationMessage(`${module.name} was built without errors by ${compiler}.`);
}

/** Says what a load would meet, without loading anything: the Modules view shows it line by line. */
export async function checkModule(context: Context, argument: unknown): Promise<void> {
  const module = await chooseModule(context, argument, 'Check before Loading');
  if (!module) return;
  const hostId = context.settings.hostId;
  const lines = await withWork(`Check for ${context.settings.hostName(hostId)}`, context.log, (work) => context.loader.check(module, hostId, {}, work));
  context.verdicts.set(module, { hostId, lines });
  const blocked = lines.filter(({ verdict }) => verdict === 'blocked');
  const [first] = blocked;
  const where = context.settings.hostName(hostId);
  if (!first) {
    void vscode.window.showInformationMessage(`${module.name} can be loaded on ${where}.`);
    return;
  }
  const show = 'Show Checks';
  const text = `${module.name} cannot be loaded on ${where}. ${visibleText(first.text)} ${visibleText(first.fix ?? '')}`.trimEnd();
  void vscode.window.showWarningMessage(text, show).then((choice) => {
    if (choice === show) void vscode.commands.executeCommand(`${MODULES_VIEW}.focus`);
  });
}

/** The module of a row, else one that is chosen. */
export async function chooseModule(context: Context, argument: unknown, title: string): Promise<ModuleDescription | undefined> {
  const modules = await context.modules.get();
  const subject = subjectOf(argument, 'module');
  return modules.find(({ folder, name }) => folder === subject?.folder && name === subject.name) ?? (await pickModule(modules, title));
}

/** A host's architecture; of one that is not open, that of most: the verdict before insmod knows better. */
function architectureOf(context: Context, hostId: string): Architecture {
  const state = context.hosts.stateOf(hostId);
  return state.state === 'open' ? state.facts.arch : 'x86_64';
}

async function buildOrFail(context: Context, module: ModuleDescription, hostId: string): Promise<ModuleBuild> {
  const build = await withWork(`Build for ${context.settings.hostName(hostId)}`, context.log, (work) => context.loader.build(module, hostId, work));
  if (build.ok) return build;
  await revealViews(context, 'command', 'buildFailed');
  throw buildFailure(module, build.diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length);
}

/** One load as a person sees it: confirmation where it is due, progress, the views, and what to do with new devices. */
export async function loadWithViews(context: Context, wanted: Wanted): Promise<void> {
  const { module } = wanted;
  await revealViews(context, 'command', 'started');
  try {
    const loaded = await withWork(`Load on ${context.settings.hostName(wanted.hostId)}`, context.log, (work) => context.loader.load({ ...wanted, origin: 'command' }, work));
    await revealViews(context, 'command', 'loaded');
    offerDevices(context, loaded);
  } catch (error) {
    if (isLoadedAlready(context, module, error)) return offerReload(context, wanted, error);
    await revealViews(context, 'command', Failure.from(error).code === 'build-failed' ? 'buildFailed' : 'failed');
    throw error;
  }
}

/** The kernel holds the module already, from a load that this window knows nothing of. */
function isLoadedAlready(context: Context, module: ModuleDescription, error: unknown): error is Failure {
  if (!(error instanceof Failure) || error.code !== 'preflight-blocked') return false;
  const live = context.feed.current;
  return live?.moduleName === module.name && live.preflight.some(({ check, verdict }) => check === 'not loaded' && verdict === 'blocked');
}

async function offerReload(context: Context, wanted: Wanted, failure: Failure): Promise<void> {
  const reload = 'Unload and Load Again';
  const choice = await vscode.window.showWarningMessage(`${failure.what} ${failure.why}`, reload);
  if (choice !== reload) return;
  await loadWithViews(context, { ...wanted, replaces: 'loaded' });
}

function buildFailure(module: ModuleDescription, errors: number): Failure {
  return new Failure({
    code: 'build-failed',
    what: `${module.name} does not compile.`,
    why: `The build reported ${errors} ${errors === 1 ? 'error' : 'errors'}.`,
    next: 'Mend what the Problems view shows, then build again.',
  });
}

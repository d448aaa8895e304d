// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Failure, visibleText, type Action } from '../../../core/model';
import type { Context } from '../context';
import { hostIdOf } from '../hosts/host-id';
import type { Loaded } from '../loads/loader';
import type { Exercise } from '../loads/module-memory';
import { withWork } from '../progress';
import type { LiveSession } from '../sessions/session-feed';
import { subjectOf } from '../tree/tree-node';
import { loadWithViews } from './load';

/** A module that is in a kernel: from a load of this window, of a task, or of another window. */
interface InKernel {
  readonly live: LiveSession;
  readonly own: Loaded | undefined;
}

export async function unloadModule(context: Context, argument: unknown): Promise<void> {
  const chosen = await chooseLoaded(context, argument, 'Unload Module');
  if (chosen) await unload(context, chosen);
}

/** Unloads a module, builds it again and loads it with the same parameters on the same host. */
export async function reloadModule(context: Context, argument: unknown): Promise<void> {
  const chosen = await chooseLoaded(context, argument, 'Reload Module');
  if (!chosen) return;
  const { live, own } = chosen;
  const modules = await context.modules.get();
  const module = own?.module ?? modules.find(({ folder, name }) => folder === live.folder && name === live.moduleName);
  if (!module) {
    throw new Failure({ code: 'no-module', what: `${live.moduleName} was not loaded again.`, why: `It is no longer in ${live.folder}.`, next: 'Open the folder of the module.' });
  }
  const hostId = own?.hostId ?? hostIdOf(live.host);
  await loadWithViews(context, { module, hostId, parameters: live.parameters, replaces: 'loaded' });
}

/** Runs a command line on the host of a module while it is loaded; what it printed and its exit code stay with the session. */
export async function exerciseModule(context: Context, argument: unknown): Promise<void> {
  const chosen = await chooseLoaded(context, argument, 'Exercise Module');
  if (!chosen) return;
  const { live } = chosen;
  const module = { folder: live.folder, name: live.moduleName };
  const exercise = await askExercise(live, context.memory.lastExercise(module));
  if (!exercise) return;
  await context.memory.keepExercise(module, exercise);
  const { program, line, asRoot } = exercise;
  const action = await withWork(`Running ${visibleText(line).slice(0, 60)}`, context.log, async (work) => {
    const { handle } = await context.loader.handleOf(live, work);
    return program ? handle.exerciseProgram(line, [], '', { asRoot }) : handle.exercise(['sh', '-c', line], '', { asRoot });
  });
  showOutput(context, line, action);
}

type Ask = () => Promise<Exercise | undefined>;

/** A command line for the host, or a program of this machine that is copied there; on a guest everything is run by root. */
async function askExercise({ moduleName, host }: Pick<LiveSession, 'moduleName' | 'host'>, last: Exercise | null): Promise<Exercise | undefined> {
  const again = last === null ? [] : [{ label: `$(history) ${visibleText(last.line)}`, description: last.asRoot ? 'as root, as last time' : 'as last time', ask: () => Promise.resolve(last) }];
  const ways = (asRoot: boolean, who: string, mark: string): (vscode.QuickPickItem & { ask: Ask })[] => [
    { label: `$(terminal) Command line${mark}…`, detail: `For the shell of its host, run as ${who}`, ask: () => askCommandLine(moduleName, last?.program === false ? last.line : '', asRoot) },
    { label: `$(file-binary) Program of this machine${mark}…`, detail: `Copied to the host, run there as ${who}, and removed`, ask: () => askProgram(asRoot) },
  ];
  const all = host.kind === 'guest' ? ways(false, 'root', '') : [...ways(false, 'your user there', ''), ...ways(true, 'root', ' as root')];
  const choice = await vscode.window.showQuickPick([...again, ...all], { title: `Exercise ${visibleText(moduleName)}`, placeHolder: 'What is run while it is loaded' });
  return choice?.ask();
}

async function askCommandLine(moduleName: string, value: string, asRoot: boolean): Promise<Exercise | undefined> {
  const line = await vscode.window.showInputBox({ title: `Exercise ${visibleText(moduleName)}`, prompt: `A command line for the shell of its host${asRoot ? ', run as root' : ''}`, placeHolder: 'cat /proc/modules', value, ignoreFocusOut: true });
  return line === undefined || line.trim() === '' ? undefined : { program: false, line, asRoot };
}

async function askProgram(asRoot: boolean): Promise<Exercise | undefined> {
  const [file] = (await vscode.window.showOpenDialog({ title: 'Program to run on the host', openLabel: 'Run' })) ?? [];
  return file && { program: true, line: file.fsPath, asRoot };
}

function showOutput(context: Context, line: string, { stdout, stderr, exitCode }: Action): void {
  const { commandOutput } = context;
  commandOutput.appendLine(visibleText(`$ ${line}`));
  for (const text of [stdout, stderr]) if (text !== '') commandOutput.appendLine(visibleText(text.trimEnd()));
  commandOutput.appendLine(`exit code ${exitCode ?? 'none'}`);
  const show = 'Show Output';
  const say = exitCode === 0 ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
  void say(`${visibleText(line).slice(0, 60)} ended with exit code ${exitCode ?? 'none'}.`, show).then((choice) => {
    if (choice === show) commandOutput.show(true);
  });
}

async function unload(context: Context, { live, own }: InKernel): Promise<void> {
  if (own) await context.loader.unload(own);
  else await withWork(`Unloading ${live.moduleName}`, context.log, (work) => context.loader.unloadByName(live.moduleName, hostIdOf(live.host), work));
}

/** The loaded module of a row, the only one, or the one that is chosen. @throws Failure `not-loaded` */
async function chooseLoaded(context: Context, argument: unknown, title: string): Promise<InKernel | undefined> {
  const own = new Map(context.loader.loaded.map((loaded) => [loaded.handle.sessionId, loaded]));
  const all = context.inKernel.all().map((live): InKernel => ({ live, own: own.get(live.id) }));
  const [sessionId, module] = [subjectOf(argument, 'loaded')?.sessionId, subjectOf(argument, 'module')];
  const items = all
    .filter(({ live }) => (sessionId === undefined || live.id === sessionId) && (module === undefined || (live.folder === module.folder && live.moduleName === module.name)))
    .map((candidate) => ({ label: visibleText(candidate.live.moduleName), description: visibleText(context.settings.hostName(hostIdOf(candidate.live.host))), candidate }));
  if (items.length === 0) {
    throw new Failure({ code: 'not-loaded', what: 'Nothing was done.', why: 'No module of this workspace is loaded.', next: 'Load a module first.' });
  }
  const choice = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title, placeHolder: 'Module' });
  return choice?.candidate;
}

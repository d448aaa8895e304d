// SPDX-License-Identifier: MIT
import path from 'node:path';
import * as vscode from 'vscode';
import type { Failure } from '../../../core/model';
import type { ModuleDescription } from '../../../core/modules/discover';
import type { Context } from '../context';
import { findModule } from '../loads/modules';
import { TASK_TYPE } from '../manifest';
import { revealViews } from '../reveal-views';
import type { Settings } from '../settings';
import { badTask, isBuildTask, KmodlabTask, matchersOf, taskCommand, taskName } from './execution';

const COMMANDS = KmodlabTask.shape.command.options;

/** Tasks of type `kmodlab`: the CLI as a process, so that problem matchers and exit codes work. */
export function registerTasks(context: Context): vscode.Disposable {
  const loads = context.feed.subscribe(({ live, event }) => {
    if (live.origin === 'task' && event.type === 'ended' && event.end.state === 'loaded') void revealViews(context, 'task', 'loaded');
  });
  const provider = vscode.tasks.registerTaskProvider(TASK_TYPE, {
    provideTasks: async () => {
      if (!vscode.workspace.isTrusted) return [];
      const modules = await context.modules.get();
      return modules.flatMap((module) => COMMANDS.map((command) => providedTask(context, command, module)));
    },
    resolveTask: async (task) => {
      const parsed = KmodlabTask.safeParse(task.definition);
      if (!parsed.success) {
        return failingTask(task, badTask(task.name, parsed.error)); // without a task VS Code would say that nobody provides this type
      }
      const root = rootOf(task.scope);
      if (root === undefined) return undefined;
      const module = findModule(await context.modules.get(), parsed.data.module, root);
      const place = module ?? { folder: path.resolve(root, parsed.data.module), name: null };
      return buildTask(context, task.definition, parsed.data, place, task.scope ?? vscode.TaskScope.Workspace, task.name);
    },
  });
  return vscode.Disposable.from(provider, loads);
}

function providedTask(context: Context, command: KmodlabTask['command'], module: ModuleDescription): vscode.Task {
  const folder = vscode.workspace.getWorkspaceFolder(vscode.Uri.file(module.folder));
  const relative = folder ? path.relative(folder.uri.fsPath, module.folder) || '.' : module.folder;
  const definition = { type: TASK_TYPE, command, module: relative } as const;
  return buildTask(context, definition, definition, module, folder ?? vscode.TaskScope.Workspace, taskName(definition, module.name));
}

/** @param definition the very object of tasks.json: VS Code compares it */
function buildTask(
  context: Context,
  definition: vscode.TaskDefinition,
  task: KmodlabTask,
  module: { folder: string; name: string | null },
  scope: vscode.WorkspaceFolder | vscode.TaskScope,
  name: string,
): vscode.Task {
  const { program, args, env } = taskCommand(task, { cliPath: context.cliPath, execPath: process.execPath, defaultHost: context.settings.hostId, loadOptions: loadOptions(context.settings), env: context.settings.environment, module });
  const execution = new vscode.ProcessExecution(program, [...args], { env: { ...env }, cwd: rootOf(scope) ?? module.folder }); // `check` names files relative to the workspace folder
  const result = new vscode.Task(definition, scope, name, TASK_TYPE, execution, matchersOf(task.command));
  if (isBuildTask(task.command)) result.group = vscode.TaskGroup.Build;
  result.presentationOptions = { reveal: vscode.TaskRevealKind.Always, focus: false, showReuseMessage: false };
  return result;
}

/** Says in the task's terminal why it cannot run, as the CLI says what it cannot do. */
function failingTask({ definition, scope, name }: vscode.Task, { what, why, next, exitCode }: Failure): vscode.Task {
  const execution = new vscode.CustomExecution(() => {
    const text = new vscode.EventEmitter<string>();
    const closed = new vscode.EventEmitter<number>();
    return Promise.resolve({
      onDidWrite: text.event,
      onDidClose: closed.event,
      open: () => {
        text.fire(`kmodlab: ${what}\r\n  Why:  ${why}\r\n  Next: ${next}\r\n`);
        closed.fire(exitCode);
      },
      close: () => {
        text.dispose();
        closed.dispose();
      },
    });
  });
  return new vscode.Task(definition, scope ?? vscode.TaskScope.Workspace, name, TASK_TYPE, execution, matchersOf('build')); // without any, VS Code would ask for one
}

/** What the settings say of every load, as options of the CLI; a key without its certificate is what a load refuses. */
function loadOptions({ watchdogSeconds, signingKey, signingCertificate }: Settings): string[] {
  return [
    ...(watchdogSeconds > 0 ? ['--watchdog', String(watchdogSeconds)] : []),
    ...(signingKey === '' ? [] : ['--sign-key', signingKey]),
    ...(signingCertificate === '' ? [] : ['--sign-cert', signingCertificate]),
  ];
}

function rootOf(scope: vscode.Task['scope']): string | undefined {
  const folder = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
  return folder?.uri.scheme === 'file' ? folder.uri.fsPath : undefined;
}

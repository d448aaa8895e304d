// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Failure } from '../../../core/model';
import type { Context } from '../context';
import { findModule, isInside } from '../loads/modules';
import { DEBUG_TYPE } from '../manifest';
import { revealViews } from '../reveal-views';
import { requireTrust } from '../trust';
import { KmodlabDebugSession, type DebugDeps } from './adapter';

/** The debug type: a configuration when there is no launch.json, and the adapter inside this process. */
export function registerDebugger(context: Context): vscode.Disposable {
  return vscode.Disposable.from(
    vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, {
      provideDebugConfigurations: (folder) => provideConfigurations(context, folder),
      resolveDebugConfiguration: (folder, configuration) => resolveConfiguration(context, folder, configuration),
    }),
    vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
      createDebugAdapterDescriptor: (session) => {
        // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- VS Code calls its dispose() only
        const adapter: vscode.DebugAdapter = new KmodlabDebugSession(debugDeps(context, session.workspaceFolder));
        return new vscode.DebugAdapterInlineImplementation(adapter);
      },
    }),
  );
}

async function provideConfigurations(context: Context, folder: vscode.WorkspaceFolder | undefined): Promise<vscode.DebugConfiguration[]> {
  const modules = await context.modules.get();
  return modules
    .filter((module) => !folder || isInside(folder.uri.fsPath, module.folder))
    .map((module) => ({ type: DEBUG_TYPE, request: 'launch', name: `Load ${module.name}`, module: portable(module.folder, folder) }));
}

/** Fills in F5 without a launch.json: the module of the active editor, else the only one. Null opens launch.json. */
async function resolveConfiguration(context: Context, folder: vscode.WorkspaceFolder | undefined, configuration: vscode.DebugConfiguration): Promise<vscode.DebugConfiguration | null | undefined> {
  if (configuration.type) return configuration;
  const modules = await context.modules.get();
  const active = vscode.window.activeTextEditor?.document.uri.fsPath;
  const module = modules.find((candidate) => active !== undefined && isInside(candidate.folder, active)) ?? (modules.length === 1 ? modules[0] : undefined);
  if (!module) return null;
  return { type: DEBUG_TYPE, request: 'launch', name: `Load ${module.name}`, module: portable(module.folder, folder) };
}

function portable(moduleFolder: string, folder: vscode.WorkspaceFolder | undefined): string {
  if (!folder || !isInside(folder.uri.fsPath, moduleFolder)) return moduleFolder;
  return `\${workspaceFolder}${moduleFolder.slice(folder.uri.fsPath.length)}`;
}

function debugDeps(context: Context, folder: vscode.WorkspaceFolder | undefined): DebugDeps {
  return {
    onFailure: (failure) => context.messages.failure(failure),
    load: async (launch, on, signal) => {
      requireTrust();
      const root = folder?.uri.fsPath ?? vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '/';
      const module = findModule(await context.modules.get(), launch.module, root);
      if (!module) {
        throw new Failure({ code: 'no-module', what: 'Nothing was loaded.', why: `${launch.module} is not the folder or the name of one module of this workspace.`, next: 'Correct "module" in the launch configuration.' });
      }
      const hostId = launch.host ?? context.settings.hostId;
      const subscription = context.feed.subscribe(({ live, event }) => {
        if (live.origin === 'debug' && live.moduleName === module.name) on.event(event);
      });
      try {
        const loaded = await context.loader.load({ module, hostId, parameters: launch.parameters ?? {}, origin: 'debug' }, { progress: on.progress, signal });
        void loaded.handle.ended.catch(() => undefined).then(() => subscription.dispose());
        await revealViews(context, 'debug', 'loaded');
        return { moduleName: module.name, unload: () => loaded.handle.unload(), ended: loaded.handle.ended };
      } catch (error) {
        subscription.dispose();
        throw error;
      }
    },
  };
}

// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Failure } from '../../../core/model';
import { discoverModules, type ModuleDescription } from '../../../core/modules/discover';
import { isInside } from './modules';

/** Every module that the workspace's Kbuild files describe. Reads text only; runs nothing. */
export async function workspaceModules(log: vscode.LogOutputChannel): Promise<ModuleDescription[]> {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file');
  const onSkipped = (file: string, reason: string): void => log.debug(`${file}: ${reason}`);
  const found = await Promise.all(folders.map((folder) => discoverModules(folder.uri.fsPath, { onSkipped })));
  const byPlace = new Map(found.flat().map((module) => [`${module.folder}\0${module.name}`, module]));
  return [...byPlace.values()];
}

/** Asks which module, with the one that the active editor belongs to first; undefined when nothing was chosen. */
export async function pickModule(modules: readonly ModuleDescription[], title: string): Promise<ModuleDescription | undefined> {
  if (modules.length === 0) {
    throw new Failure({
      code: 'no-module',
      what: 'There is no kernel module in this workspace.',
      why: 'No Kbuild file or Makefile with obj-m was found in it.',
      next: 'Open the folder of a module, or run "Load device2" to open the bundled example.',
    });
  }
  const active = vscode.window.activeTextEditor?.document.uri.fsPath;
  const isActive = (module: ModuleDescription): boolean => active !== undefined && isInside(module.folder, active);
  const items = [...modules]
    .sort((a, b) => Number(isActive(b)) - Number(isActive(a)) || a.name.localeCompare(b.name))
    .map((module) => ({ label: module.name, description: vscode.workspace.asRelativePath(module.folder), detail: module.sources.join(', '), module }));
  const choice = await vscode.window.showQuickPick(items, { title, placeHolder: 'Module', matchOnDescription: true });
  return choice?.module;
}

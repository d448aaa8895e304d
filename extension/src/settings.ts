// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import type { SettingKey, SettingTypes } from './manifest';

/** The settings, read when they are needed, so that a change counts at once. */
export class Settings {
  get hostId(): string {
    return this.read('kmodlab.host').trim() || 'guest';
  }

  get openResultsAfterLoad(): boolean {
    return this.read('kmodlab.results.openAfterLoad');
  }

  get inlineResults(): boolean {
    return this.read('kmodlab.results.inline');
  }

  get codeLens(): boolean {
    return this.read('kmodlab.results.codeLens');
  }

  /** Keeps the choice with the workspace when there is one, else with the user. */
  async setHostId(id: string): Promise<void> {
    const target = vscode.workspace.workspaceFolders ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
    await vscode.workspace.getConfiguration().update('kmodlab.host' satisfies SettingKey, id, target);
  }

  onChange(key: SettingKey, listener: () => void): vscode.Disposable {
    return vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(key)) listener();
    });
  }

  private read<Key extends SettingKey>(key: Key): SettingTypes[Key] {
    const value = vscode.workspace.getConfiguration().get<SettingTypes[Key]>(key);
    if (value === undefined) throw new Error(`package.json does not declare ${key}`);
    return value;
  }
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { Failure } from '../../../core/model';
import type { ModuleDescription } from '../../../core/modules/discover';
import { Emitter } from '../emitter';
import { Coalesced } from '../webviews/coalesce';
import { workspaceModules } from './find-modules';
import { isInside } from './modules';

const DESCRIBES_MODULES = '**/{Kbuild,Makefile}';

/** The workspace's modules, read when they are first asked for and again when a Kbuild file changes, or a folder comes or goes. */
export class ModuleList implements vscode.Disposable {
  private readonly changed = new Emitter<void>();
  private readonly reread = new Coalesced(() => this.forget());
  private readonly subscriptions: vscode.Disposable[] = [];
  private reading: Promise<readonly ModuleDescription[]> | undefined;

  constructor(private readonly log: vscode.LogOutputChannel) {
    const watcher = vscode.workspace.createFileSystemWatcher(DESCRIBES_MODULES);
    const request = (): void => this.reread.request();
    const folders = vscode.workspace.createFileSystemWatcher('**', false, true, false); // where one comes or goes, nothing may be said of the files within
    this.subscriptions.push(folders, folders.onDidCreate(({ fsPath }) => void this.onCreated(fsPath)), folders.onDidDelete(({ fsPath }) => void this.onDeleted(fsPath)));
    this.subscriptions.push(watcher, watcher.onDidChange(request), watcher.onDidCreate(request), watcher.onDidDelete(request), vscode.workspace.onDidChangeWorkspaceFolders(request));
  }

  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  /** Never rejects: what cannot be read is in the log. */
  get(): Promise<readonly ModuleDescription[]> {
    this.reading ??= workspaceModules(this.log).catch((error: unknown) => {
      this.log.warn(Failure.from(error).message);
      return [];
    });
    return this.reading;
  }

  dispose(): void {
    this.reread.dispose();
    this.changed.dispose();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private async onCreated(file: string): Promise<void> {
    if (path.extname(file) !== '') return; // a folder seldom has one, and files come by the thousand
    const stat = await fs.stat(file).catch(() => null);
    if (stat?.isDirectory() === true) this.reread.request();
  }

  private async onDeleted(file: string): Promise<void> {
    if ((await this.reading)?.some(({ folder }) => isInside(file, folder)) === true) this.reread.request();
  }

  private forget(): void {
    this.reading = undefined;
    this.changed.fire();
  }
}

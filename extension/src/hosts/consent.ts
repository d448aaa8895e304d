// SPDX-License-Identifier: MIT
import os from 'node:os';
import * as vscode from 'vscode';
import { visibleText } from '../../../core/model';
import type { Memento } from '../loads/module-memory';

/** Where a module is about to go. */
export interface LoadTarget {
  readonly id: string;
  readonly name: string;
  /** `uname -r` */
  readonly kernel: string;
}

/** Asks once per host before a module goes into a kernel that is not disposable, and remembers the answer. */
export class Consent {
  constructor(private readonly memento: Memento) {}

  async toLoad(moduleName: string, { id, name, kernel }: LoadTarget): Promise<boolean> {
    if (isDisposable(id) || this.memento.get(keyOf(id)) === true) return true;
    const load = 'Load';
    const where = id === 'local' ? `this machine's running kernel` : `the running kernel of ${visibleText(name)}`;
    const detail = `The kernel is Linux ${visibleText(kernel)}. A faulty module can crash it and lose unsaved work there; a guest is disposable. You are asked once for each host.`;
    const choice = await vscode.window.showWarningMessage(`Load ${visibleText(moduleName)} into ${where}?`, { modal: true, detail }, load);
    if (choice !== load) return false;
    await this.memento.update(keyOf(id), true);
    return true;
  }

  async forget(id: string): Promise<void> {
    await this.memento.update(keyOf(id), undefined);
  }
}

/** A guest crashes without harm: nobody is asked. */
export function isDisposable(id: string): boolean {
  return id === 'guest' || id.startsWith('guest:');
}

/** VS Code keeps one store for every machine that it is connected to: `local` is named by its machine. */
function keyOf(id: string): string {
  return id === 'local' ? `consent:local:${os.hostname()}` : `consent:${id}`;
}

// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';

/** Asks once per host and window before a module goes into a kernel that is not disposable. */
export class Consent {
  private readonly given = new Set<string>();

  async toLoad(moduleName: string, hostId: string): Promise<boolean> {
    if (hostId === 'guest' || hostId.startsWith('guest:') || this.given.has(hostId)) return true;
    const where = hostId === 'local' ? 'the running kernel of this machine' : `the running kernel of ${hostId.slice('ssh:'.length)}`;
    const load = 'Load';
    const detail = 'A faulty module can crash it and lose unsaved work there. A guest is disposable.';
    const choice = await vscode.window.showWarningMessage(`Load ${moduleName} into ${where}?`, { modal: true, detail }, load);
    if (choice !== load) return false;
    this.given.add(hostId);
    return true;
  }
}

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { lab, moduleFile, moduleFolder, until } from './lab';

interface Manifest {
  contributes: { commands: { command: string; title: string; category?: string }[] };
}

describe('activation', () => {
  it('opens device2', () => assert.match(moduleFolder(), /module$/));

  it('gives its API and has no session yet', async () => {
    const api = await lab();
    assert.equal(api.lastSession(), undefined);
  });

  it('registers every declared command, and declares every registered one', async () => {
    await lab();
    const manifest = vscode.extensions.getExtension('kmodlab.kmodlab')?.packageJSON as Manifest;
    const declared = manifest.contributes.commands.map(({ command }) => command);
    // VS Code makes commands of its own for each view: `.focus`, `.open`, `.resetViewLocation`, …
    const registered = (await vscode.commands.getCommands(true)).filter((command) => command.startsWith('kmodlab.') && !/^kmodlab\.(?:kernelLog|hostsView|modulesView)\./.test(command));
    assert.deepEqual(registered.toSorted(), declared.toSorted());
    const load = manifest.contributes.commands.find(({ command }) => command === 'kmodlab.loadDevice2');
    assert.deepEqual([load?.title, load?.category], ['Load device2', undefined]);
  });

  it('answers in the Kernel Log before any module was loaded', async () => {
    await vscode.commands.executeCommand('kmodlab.showKernelLog');
  });
});

describe('the language server', () => {
  it('flags the kernel buffer and leaves the echo alone', async () => {
    await lab();
    const flagged = moduleFile('device2_kernel_buffer.c');
    const clean = moduleFile('device2_echo.c');
    for (const uri of [clean, flagged]) await vscode.window.showTextDocument(uri);
    const [first] = await until(() => {
      const found = vscode.languages.getDiagnostics(flagged);
      return found.length > 0 ? found : undefined;
    }, vscode.languages.onDidChangeDiagnostics);
    const document = await vscode.workspace.openTextDocument(flagged);
    assert.match(first?.message ?? '', /EFAULT/);
    assert.match(document.lineAt(first?.range.start.line ?? 0).text, /buf/);
    assert.deepEqual(vscode.languages.getDiagnostics(clean), []);
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { lab, moduleFile, until, untilSession, withFile } from './lab';

/** Calls that device2 makes in its init; the echo makes one for each write to its device. */
const CALLS_OF_INIT = 4;
/** A first load may fetch a kernel and boot a guest without KVM. */
const LOAD_MS = 420_000;

function resultsTab(): vscode.Tab | undefined {
  return vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).find(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith('kmodlab.results'));
}

describe('Load device2', function () {
  this.timeout(LOAD_MS);

  it('publishes at file and line why a module does not compile, and loads nothing', async () => {
    const api = await lab();
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    const uri = moduleFile('device2_main.c');
    let line = 0;
    await withFile(
      'device2_main.c',
      (text) => {
        line = text.split('\n').length;
        return `${text}int broken = ;\n`;
      },
      async () => {
        await vscode.commands.executeCommand('kmodlab.loadDevice2');
        const [diagnostic] = vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'gcc');
        assert.equal(diagnostic?.range.start.line, line - 1);
        assert.equal(diagnostic.severity, vscode.DiagnosticSeverity.Error);
        assert.match(diagnostic.message, /expected expression/);
        assert.equal(api.lastSession()?.records.length, 0);
        assert.equal(api.lastSession()?.build?.ok, false);
        assert.equal(resultsTab(), undefined, 'the results do not open for a failed build');
      },
    );
  });

  it('builds, loads and shows the results beside, and leaves the cursor in the editor', async () => {
    const editor = await vscode.window.showTextDocument(moduleFile('device2_main.c'));
    await vscode.commands.executeCommand('kmodlab.loadDevice2');
    const session = await untilSession(({ calls }) => calls.length >= CALLS_OF_INIT);
    assert.equal(session.module.name, 'device2');
    assert.equal(session.end, null);
    assert.deepEqual(vscode.languages.getDiagnostics(editor.document.uri).filter(({ source }) => source === 'gcc'), []);
    for (const call of session.calls) assert.ok(call.source, `${call.syscall} has its line`);
    await until(resultsTab, vscode.window.tabGroups.onDidChangeTabs);
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, editor.document.uri.fsPath);
  });

  it('loads again over its own module', async () => {
    const before = (await lab()).lastSession()?.id;
    await vscode.commands.executeCommand('kmodlab.loadDevice2');
    const session = await untilSession(({ id, calls }) => id !== before && calls.length >= CALLS_OF_INIT);
    assert.equal(session.end, null);
  });

  it('unloads', async () => {
    await vscode.commands.executeCommand('kmodlab.unloadModule');
    const session = await untilSession(({ end }) => end !== null);
    assert.equal(session.end?.state, 'unloaded');
  });
});

describe('F5', function () {
  this.timeout(LOAD_MS);

  it('loads at start and unloads at stop', async () => {
    await lab();
    const configuration = { type: 'kmodlab', request: 'launch', name: 'test', module: '${workspaceFolder}', parameters: { experiment: 'kernel_buffer' } };
    const ended = new Promise<void>((resolve) => {
      const subscription = vscode.debug.onDidTerminateDebugSession(() => {
        subscription.dispose();
        resolve();
      });
    });
    assert.ok(await vscode.debug.startDebugging(vscode.workspace.workspaceFolders?.[0], configuration));
    const loaded = await untilSession(({ parameters, calls }) => parameters['experiment'] === 'kernel_buffer' && calls.length > 0);
    assert.equal(loaded.end, null);
    await vscode.debug.stopDebugging();
    await ended;
    const session = await untilSession(({ id, end }) => id === loaded.id && end !== null);
    assert.equal(session.end?.state, 'unloaded');
  });
});

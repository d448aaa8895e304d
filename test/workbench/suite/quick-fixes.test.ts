// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { lab, moduleFile, until } from './lab';

const FILE = 'device2_kernel_buffer.c';
const ANALYSIS_MS = 60_000;

const bufferFindings = (uri: vscode.Uri): vscode.Diagnostic[] =>
  vscode.languages.getDiagnostics(uri).filter(({ code }) => (typeof code === 'object' ? code.value : code) === 'kernel-buffer');

/** Waits for the findings of a document to be as wanted. */
function untilFindings(uri: vscode.Uri, wanted: (findings: vscode.Diagnostic[]) => boolean): Promise<vscode.Diagnostic[]> {
  return until(
    () => {
      const findings = bufferFindings(uri);
      return wanted(findings) ? findings : undefined;
    },
    (listener) => vscode.languages.onDidChangeDiagnostics(listener),
  );
}

describe('quick fixes', function () {
  this.timeout(ANALYSIS_MS);

  it('are offered at the finding, and applied by its light bulb the finding is gone', async () => {
    await lab();
    const { document } = await vscode.window.showTextDocument(moduleFile(FILE));
    const before = document.getText();
    const [finding] = await untilFindings(document.uri, (findings) => findings.length === 1);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', document.uri, finding!.range, vscode.CodeActionKind.QuickFix.value, 10);
    const action = actions.find(({ title }) => title === 'Use kernel_write()');
    assert.ok(action, actions.map(({ title }) => title).join('; '));
    assert.equal(action.isPreferred, true);
    assert.ok(action.edit);
    assert.ok(await vscode.workspace.applyEdit(action.edit));
    try {
      assert.match(document.getText(), /rc = write_kernel_buffer\(1, buf, strlen\(buf\)\);/);
      await untilFindings(document.uri, (findings) => findings.length === 0);
    } finally {
      const whole = new vscode.Range(0, 0, document.lineCount, 0);
      const undo = new vscode.WorkspaceEdit();
      undo.replace(document.uri, whole, before);
      await vscode.workspace.applyEdit(undo);
      await document.save();
    }
    await untilFindings(document.uri, (findings) => findings.length === 1);
  });
});

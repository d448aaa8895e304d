// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('activation', () => {
  it('opens device2', () => {
    assert.match(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '', /module$/);
  });
});

// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Failure } from '../../../core/model';
import type { Context } from '../context';

/** Offers to copy the bundled example module into a folder of the person's choice and to open it. */
export async function offerExample(context: Context, name: string): Promise<void> {
  const open = 'Open the Example…';
  const choice = await vscode.window.showInformationMessage(`This workspace has no module named ${name}. The bundled example can be copied into a folder of yours.`, open);
  if (choice !== open) return;
  const parents = await vscode.window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false, canSelectMany: false, openLabel: 'Copy the Example Here', title: 'Folder for the example module' });
  const parent = parents?.[0];
  if (!parent) return;
  const target = vscode.Uri.joinPath(parent, name);
  try {
    await vscode.workspace.fs.copy(vscode.Uri.joinPath(context.extensionUri, 'module'), target, { overwrite: false });
  } catch (error) {
    throw new Failure(
      {
        code: 'example-not-copied',
        what: 'The example was not copied.',
        why: error instanceof vscode.FileSystemError && error.code === 'FileExists' ? `${target.fsPath} is there already.` : `${target.fsPath} cannot be written.`,
        next: 'Choose another folder.',
        detail: String(error),
      },
      { cause: error },
    );
  }
  await vscode.commands.executeCommand('vscode.openFolder', target, { forceNewWindow: vscode.workspace.workspaceFolders !== undefined });
}

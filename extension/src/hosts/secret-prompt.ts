// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import type { SecretRequest } from '../../../core/hosts/sudo';
import { visibleText } from '../../../core/model';

/** Asks for a password or a passphrase in an input box; null when it was not given. It is kept nowhere here. */
export function askSecret({ of, kind, prompt, retry }: SecretRequest): Promise<string | null> {
  const box = vscode.window.createInputBox();
  box.title = `${kind === 'password' ? 'Password for' : 'Passphrase of'} ${visibleText(of)}`;
  box.prompt = `${visibleText(prompt)}. It is kept in memory only.`;
  box.password = true;
  box.ignoreFocusOut = true;
  if (retry) box.validationMessage = { message: `That was not accepted. ${visibleText(prompt)}; Escape gives up.`, severity: vscode.InputBoxValidationSeverity.Error };
  return new Promise<string | null>((resolve) => {
    box.onDidChangeValue(() => (box.validationMessage = undefined));
    box.onDidAccept(() => resolve(box.value));
    box.onDidHide(() => resolve(null));
    box.show();
  }).finally(() => box.dispose());
}

// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import type { SecretRequest } from '../../../core/hosts/sudo';
import { visibleText } from '../../../core/model';

/** Asks for a password in an input box; null when it was not given. It is kept nowhere here. */
export async function askSecret({ host, prompt, retry }: SecretRequest): Promise<string | null> {
  const again = retry ? 'That was not accepted. ' : '';
  const secret = await vscode.window.showInputBox({
    title: `Password for ${visibleText(host)}`,
    prompt: `${again}${visibleText(prompt)}`,
    password: true,
    ignoreFocusOut: true,
  });
  return secret ?? null;
}

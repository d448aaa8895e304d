// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { visibleText } from '../../../core/model';
import type { FirstLoad } from '../../../core/modules/load';

/** Asks before the first load on a host whose kernel is not disposable. The answer is remembered by who asks. */
export async function confirmFirstLoad({ module, host, kernel }: FirstLoad): Promise<boolean> {
  const load = 'Load';
  const detail = `Its kernel is Linux ${visibleText(kernel)}. A faulty module can crash it and lose unsaved work there; a guest is disposable. You are asked once for each host.`;
  const choice = await vscode.window.showWarningMessage(`Load ${visibleText(module)} into the running kernel of ${visibleText(host)}?`, { modal: true, detail }, load);
  return choice === load;
}

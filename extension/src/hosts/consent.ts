// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { visibleText } from '../../../core/model';
import type { FirstLoad } from '../../../core/modules/load';

/** Whose kernel it is, as the person calls it and as it is reached. */
export interface ConsentHost {
  readonly name: string;
  readonly id: string;
}

/** Asks before the first load on a host whose kernel is not disposable. The answer is remembered by who asks. */
export async function confirmFirstLoad({ module, kernel }: FirstLoad, { name, id }: ConsentHost): Promise<boolean> {
  const load = 'Load';
  const detail = `${visibleText(name)} is ${visibleText(id)}, and its kernel is Linux ${visibleText(kernel)}. A faulty module can crash it and lose unsaved work there; a guest is disposable. You are asked once for each host.`;
  const choice = await vscode.window.showWarningMessage(`Load ${visibleText(module)} into the running kernel of ${visibleText(name)}?`, { modal: true, detail }, load);
  return choice === load;
}

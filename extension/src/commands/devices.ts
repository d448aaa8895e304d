// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { visibleText, Failure, type Action } from '../../../core/model';
import type { CharacterDevice } from '../../../core/modules/load';
import type { Context } from '../context';
import type { Loaded } from '../loads/loader';

const MAX_SHOWN_CHARS = 200;

/** Says that a load made character devices, and offers to write to one; does not wait for the answer. */
export function offerDevices(context: Context, loaded: Loaded): void {
  const [device, ...more] = loaded.handle.devices();
  if (!device) return;
  const write = `Write to /dev/${loaded.module.name}…`;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  const text = `${loaded.module.name} registered the character device ${visibleText(device.name)} (major ${device.major})${others}.`;
  void vscode.window.showInformationMessage(text, write).then((choice) => {
    if (choice === write) void context.messages.guard(() => writeTo(context, loaded, device));
  });
}

/** The command: writes to a device of a module that this window loaded. */
export async function writeToDevice(context: Context): Promise<void> {
  const items = context.loader.loaded.flatMap((loaded) =>
    loaded.handle.devices().map((device) => ({ label: `/dev/${loaded.module.name}`, description: `${visibleText(device.name)}, major ${device.major}, on ${loaded.hostId}`, loaded, device })),
  );
  if (items.length === 0) {
    throw new Failure({
      code: 'no-device',
      what: 'There is no device to write to.',
      why: 'No module that this window loaded registered a character device.',
      next: 'Load a module that registers one.',
    });
  }
  const choice = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: 'Write to Device', placeHolder: 'Device' });
  if (choice) await writeTo(context, choice.loaded, choice.device);
}

async function writeTo(context: Context, loaded: Loaded, device: CharacterDevice): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: `Write to /dev/${loaded.module.name}`,
    prompt: 'The text is written in one write(), with a line end, as echo does',
    placeHolder: 'Text',
    ignoreFocusOut: true,
  });
  if (text === undefined) return;
  const node = await loaded.handle.createNode(device);
  showAnswer(context, node, await loaded.handle.writeToDevice(node, text));
}

/** What the writer printed is the experiment's result: it is shown as it came. */
function showAnswer(context: Context, node: string, action: Action): void {
  const stderr = visibleText(action.stderr.trimEnd()).slice(0, MAX_SHOWN_CHARS);
  const printed = stderr === '' ? 'The writer printed nothing on stderr.' : `The writer's stderr says: ${stderr}`;
  const again = 'Write Again…';
  const show = action.exitCode === 0 ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
  const ended = action.exitCode === 0 ? `Wrote to ${node}.` : `Writing to ${node} ended with exit code ${action.exitCode ?? 'none'}.`;
  void show(`${ended} ${printed}`, again).then((choice) => {
    if (choice === again) void context.messages.guard(() => writeToDevice(context));
  });
}

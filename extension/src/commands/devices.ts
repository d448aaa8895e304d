// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { visibleText, Failure, type Action } from '../../../core/model';
import type { CharacterDevice } from '../../../core/modules/load';
import type { Context } from '../context';
import type { Loaded } from '../loads/loader';
import { withWork } from '../progress';
import { subjectOf } from '../tree/tree-node';

const MAX_SHOWN_CHARS = 200;

/** A character device of a module that this window loaded. */
interface OwnDevice {
  readonly loaded: Loaded;
  readonly device: CharacterDevice;
}

/** Says that a load made character devices, and what can be done with them; does not wait for the answer. */
export function offerDevices(context: Context, loaded: Loaded): void {
  const [device, ...more] = loaded.handle.devices();
  if (!device) return;
  const actions = { 'Write…': writeTo, 'Read': readFrom, 'Create Node': makeNode } as const;
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  const text = `${loaded.module.name} registered the character device ${visibleText(device.name)} (major ${device.major})${others}.`;
  void vscode.window.showInformationMessage(text, ...Object.keys(actions)).then((choice) => {
    if (choice !== undefined) void context.messages.guard(() => actions[choice as keyof typeof actions](context, { loaded, device }));
  });
}

export async function writeToDevice(context: Context, argument: unknown): Promise<void> {
  const chosen = await chooseDevice(context, argument, 'Write to Device');
  if (chosen) await writeTo(context, chosen);
}

export async function readFromDevice(context: Context, argument: unknown): Promise<void> {
  const chosen = await chooseDevice(context, argument, 'Read from Device');
  if (chosen) await readFrom(context, chosen);
}

export async function createDeviceNode(context: Context, argument: unknown): Promise<void> {
  const chosen = await chooseDevice(context, argument, 'Create Device Node');
  if (chosen) await makeNode(context, chosen);
}

async function chooseDevice(context: Context, argument: unknown, title: string): Promise<OwnDevice | undefined> {
  const subject = subjectOf(argument, 'device');
  const items = context.loader.loaded
    .flatMap((loaded) => loaded.handle.devices().map((device): OwnDevice => ({ loaded, device })))
    .filter(({ loaded, device }) => subject === undefined || (loaded.handle.sessionId === subject.sessionId && device.major === subject.major && device.minor === subject.minor))
    .map((own) => ({ label: visibleText(own.device.name), description: `major ${own.device.major}, of ${own.loaded.module.name} on ${own.loaded.hostId}`, own }));
  if (items.length === 0) {
    throw new Failure({
      code: 'no-device',
      what: 'There is no device.',
      why: 'No module that this window loaded registered a character device.',
      next: 'Load a module that registers one.',
    });
  }
  const choice = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title, placeHolder: 'Device' });
  return choice?.own;
}

/** The device's node, made when it is not there yet. */
async function nodeOf(context: Context, { loaded, device }: OwnDevice): Promise<string> {
  const { sessionId } = loaded.handle;
  const node = context.nodes.pathOf(sessionId, device) ?? (await loaded.handle.createNode(device));
  context.nodes.add(sessionId, device, node);
  return node;
}

async function makeNode(context: Context, own: OwnDevice): Promise<void> {
  const node = await nodeOf(context, own);
  void vscode.window.showInformationMessage(`${node} is there; everybody may read and write it. It is removed when the module is unloaded.`);
}

async function writeTo(context: Context, own: OwnDevice): Promise<void> {
  const text = await vscode.window.showInputBox({
    title: `Write to ${visibleText(own.device.name)}`,
    prompt: 'The text is written in one write(), with a line end, as echo does',
    placeHolder: 'Text',
    ignoreFocusOut: true,
  });
  if (text === undefined) return;
  const node = await nodeOf(context, own);
  const action = await own.loaded.handle.writeToDevice(node, text);
  show(context, action, `Wrote to ${node}.`, `Writing to ${node}`, 'The writer', { 'Write Again…': () => writeTo(context, own) });
}

async function readFrom(context: Context, own: OwnDevice): Promise<void> {
  const node = await nodeOf(context, own);
  const action = await withWork(`Reading ${node}`, context.log, () => own.loaded.handle.readFromDevice(node));
  const text = visibleText(action.stdout.trimEnd()).slice(0, MAX_SHOWN_CHARS);
  show(context, action, text === '' ? `${node} gave nothing.` : `${node} gave: ${text}`, `Reading ${node}`, 'The reader', { 'Read Again': () => readFrom(context, own) });
}

/** What the program printed is the experiment's result: it is shown as it came. */
function show(context: Context, { exitCode, stderr }: Action, done: string, doing: string, who: string, again: Readonly<Record<string, () => Promise<void>>>): void {
  const said = visibleText(stderr.trimEnd()).slice(0, MAX_SHOWN_CHARS);
  const printed = said === '' ? `${who} printed nothing on stderr.` : `${who}'s stderr says: ${said}`;
  const say = exitCode === 0 ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
  const ended = exitCode === 0 ? done : `${doing} ended with exit code ${exitCode ?? 'none'}.`;
  void say(`${ended} ${printed}`, ...Object.keys(again)).then((choice) => {
    const action = choice === undefined ? undefined : again[choice];
    if (action) void context.messages.guard(action);
  });
}

// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { visibleText, Failure, type Action, type CharacterDevice } from '../../../core/model';
import type { LoadedModule } from '../../../core/modules/load';
import type { Context } from '../context';
import { hostIdOf } from '../hosts/host-id';
import type { Loaded } from '../loads/loader';
import { withWork, type Work } from '../progress';
import type { LiveSession } from '../sessions/session-feed';
import { subjectOf } from '../tree/tree-node';

const MAX_SHOWN_CHARS = 200;

/** A character device of a module that is in a kernel, whoever loaded it. */
interface LiveDevice {
  readonly live: LiveSession;
  readonly device: CharacterDevice;
}

/** Says that a load made character devices, and what can be done with them; does not wait for the answer. */
export function offerDevices(context: Context, { handle, module }: Loaded): void {
  const [device, ...more] = handle.devices();
  const live = context.inKernel.all().find(({ id }) => id === handle.sessionId);
  if (!device || !live) return;
  const actions = { 'Write…': writeTo, 'Read': readFrom, ...(device.node === null ? { 'Create Node': makeNode } : {}) };
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  const text = `${visibleText(module.name)} registered the character device ${visibleText(device.node ?? device.name)} (major ${device.major})${others}.`;
  void vscode.window.showInformationMessage(text, ...Object.keys(actions)).then((choice) => {
    const action = choice === undefined ? undefined : actions[choice as keyof typeof actions];
    if (action) void context.messages.guard(() => action(context, { live, device }));
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

async function chooseDevice(context: Context, argument: unknown, title: string): Promise<LiveDevice | undefined> {
  const subject = subjectOf(argument, 'device');
  const items = context.inKernel
    .all()
    .flatMap((live) => live.devices.map((device): LiveDevice => ({ live, device })))
    .filter(({ live, device }) => subject === undefined || (live.id === subject.sessionId && device.major === subject.major && device.minor === subject.minor))
    .map((chosen) => ({ label: visibleText(chosen.device.node ?? chosen.device.name), description: `major ${chosen.device.major}, of ${visibleText(chosen.live.moduleName)} on ${visibleText(context.settings.hostName(hostIdOf(chosen.live.host)))}`, chosen }));
  if (items.length === 0) {
    throw new Failure({
      code: 'no-device',
      what: 'There is no device.',
      why: 'No loaded module of this workspace registered a character device.',
      next: 'Load a module that registers one.',
    });
  }
  const choice = items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title, placeHolder: 'Device' });
  return choice?.chosen;
}

/** The handle of the device's module, and the device's node, made when none is known. */
async function nodeOf(context: Context, { live, device }: LiveDevice, work: Work): Promise<{ handle: LoadedModule; node: string }> {
  const { handle } = await context.loader.handleOf(live, work);
  const known = handle.devices().find(({ major, minor }) => major === device.major && minor === device.minor)?.node;
  return { handle, node: known ?? (await handle.createNode(device)) };
}

async function makeNode(context: Context, chosen: LiveDevice): Promise<void> {
  const { node } = await withWork(`Making the node of ${visibleText(chosen.device.name)}`, context.log, (work) => nodeOf(context, chosen, work));
  void vscode.window.showInformationMessage(`${node} is there; everybody may read and write it. It is removed when the module is unloaded.`);
}

async function writeTo(context: Context, chosen: LiveDevice): Promise<void> {
  const name = visibleText(chosen.device.node ?? chosen.device.name);
  const text = await vscode.window.showInputBox({
    title: `Write to ${name}`,
    prompt: 'The text is written in one write(), with a line end, as echo does',
    placeHolder: 'Text',
    ignoreFocusOut: true,
  });
  if (text === undefined) return;
  const { node, action } = await withWork(`Writing to ${name}`, context.log, async (work) => {
    const { handle, node: path } = await nodeOf(context, chosen, work);
    return { node: path, action: await handle.writeToDevice(path, text) };
  });
  show(context, action, `Wrote to ${node}.`, `Writing to ${node}`, 'The writer', { 'Write Again…': () => writeTo(context, chosen) });
}

async function readFrom(context: Context, chosen: LiveDevice): Promise<void> {
  const { node, action } = await withWork(`Reading ${visibleText(chosen.device.node ?? chosen.device.name)}`, context.log, async (work) => {
    const { handle, node: path } = await nodeOf(context, chosen, work);
    return { node: path, action: await handle.readFromDevice(path) };
  });
  const text = visibleText(action.stdout.trimEnd()).slice(0, MAX_SHOWN_CHARS);
  show(context, action, text === '' ? `${node} gave nothing.` : `${node} gave: ${text}`, `Reading ${node}`, 'The reader', { 'Read Again': () => readFrom(context, chosen) });
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

// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { ExitCode, Failure, printable, type Action, type CharacterDevice } from '../../core/model';
import type { LoadedModule } from '../../core/modules/load';
import type { CliContext, Command } from '../context';
import { LOADED_OPTIONS, showAction, withLoaded } from '../loaded';

const ACTIONS = ['list', 'create', 'write', 'read'] as const;
type DeviceAction = (typeof ACTIONS)[number];

export const device: Command = {
  name: 'device',
  usage: 'device list|create|read [FOLDER] | write TEXT [FOLDER] [--device NAME] [--module NAME] [--host HOST] [--json]',
  summary: 'the character devices of a module that is loaded: make a node, write one text to it, read from it',

  async run(args, context) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { ...LOADED_OPTIONS, device: { type: 'string' } } });
    const [first, ...rest] = positionals;
    const action = ACTIONS.find((known) => known === first);
    const text = action === 'write' ? rest.shift() : undefined;
    if (action === undefined || rest.length > 1 || (action === 'write' && text === undefined)) throw badUsage(first);
    return withLoaded(rest[0], values, context, async (loaded) => {
      if (action === 'list') return list(loaded.devices(), values.json === true, context);
      const chosen = choose(loaded.devices(), values.device);
      const node = chosen.node ?? (await loaded.createNode(chosen));
      return act(action, { loaded, node, text: text ?? '', json: values.json === true }, context);
    });
  },
};

async function act(action: Exclude<DeviceAction, 'list'>, { loaded, node, text, json }: { loaded: LoadedModule; node: string; text: string; json: boolean }, context: CliContext): Promise<ExitCode> {
  if (action === 'create') {
    context.out.write(json ? `${JSON.stringify({ node })}\n` : `${printable(node)}\n`);
    return ExitCode.ok;
  }
  const done: Action = action === 'write' ? await loaded.writeToDevice(node, text) : await loaded.readFromDevice(node);
  if (json) context.out.write(`${JSON.stringify(done, null, 2)}\n`);
  else showAction(done, context.out);
  return done.exitCode === 0 ? ExitCode.ok : ExitCode.findings;
}

function list(devices: readonly CharacterDevice[], json: boolean, { out }: CliContext): ExitCode {
  if (json) out.write(`${JSON.stringify(devices, null, 2)}\n`);
  else if (devices.length === 0) out.write('It registered no character device.\n');
  else for (const { name, major, minor, node } of devices) out.write(`${printable(name)}  ${major}:${minor}  ${node === null ? 'no node yet' : printable(node)}\n`);
  return ExitCode.ok;
}

/** The device that is named, by itself or by its node; without a name the only one. @throws Failure `no-device` */
function choose(devices: readonly CharacterDevice[], name: string | undefined): CharacterDevice {
  const fitting = devices.filter((candidate) => name === undefined || candidate.name === name || candidate.node === name);
  const [only] = fitting;
  if (only && fitting.length === 1) return only;
  const names = devices.map((candidate) => candidate.node ?? candidate.name).join(', ');
  throw new Failure({
    code: 'no-device',
    what: only ? 'It is not clear which device is meant.' : 'There is no such device.',
    why: devices.length === 0 ? 'The module registered no character device.' : `It registered ${printable(names)}.`,
    next: devices.length === 0 ? 'Load a module that registers one.' : 'Name one with --device.',
    exitCode: ExitCode.usage,
  });
}

function badUsage(action: string | undefined): Failure {
  return new Failure({
    code: 'usage',
    what: 'Nothing was done with a device.',
    why: action === 'write' ? 'A text and at most one folder are to be given.' : `${JSON.stringify((action ?? '').slice(0, 40))} is none of ${ACTIONS.join(', ')}.`,
    next: 'Write, for example: kmodlab device write "some text" module',
    exitCode: ExitCode.usage,
  });
}

// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { syscallAbi } from '../../core/abi';
import { formatCall } from '../../core/calls/format-calls';
import { formatKernelPath } from '../../core/calls/format-path';
import { ExitCode, Failure, type Call, type LoadSession } from '../../core/model';
import { explainCall } from '../../core/modules/explain';
import type { Command } from '../context';
import { workplace } from '../context';
import { pickModule, workspaceOf } from '../load-arguments';

/** The call named, counted from 1 as `calls` lists them, else the first that failed. */
function pickCall(session: LoadSession, number: string | undefined): Call {
  const call = number === undefined ? session.calls.find(({ errno }) => errno !== null) : session.calls[Number(number) - 1];
  if (call) return call;
  throw new Failure({
    code: 'no-call',
    what: 'There is no call to explain.',
    why: number === undefined ? 'No call of that session failed.' : `The session has ${session.calls.length} calls, and no call ${JSON.stringify(number.slice(0, 20))}.`,
    next: 'Name a call by its number in the list that "kmodlab calls" prints.',
    exitCode: ExitCode.usage,
  });
}

export const why: Command = {
  name: 'why',
  usage: 'why [SESSION] [NUMBER] [--all] [--json]',
  summary: "the kernel's own path to a call's result, from a second load in fresh guests",

  async run(args, context) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { all: { type: 'boolean' }, json: { type: 'boolean' } } });
    const { dirs, store, progress, openFreshGuest } = workplace(context);
    const session = await store.read(positionals[0] ?? 'latest');
    const call = pickCall(session, positionals[1]);
    const module = await pickModule(session.module.folder, session.module.name, context.cwd, context.signal);
    const path = await explainCall({ session, call, module, workspace: () => workspaceOf(module, context), openFreshGuest, dirs, progress, signal: context.signal });
    progress.done();
    store.addKernelPath(session.id, call.id, path);
    if (values.json) context.out.write(`${JSON.stringify(path, null, 2)}\n`);
    else context.out.write(`${formatCall(call, { arch: session.host.arch, levels: session.host.levels ?? null }, syscallAbi(session.host.arch))}\n\n${formatKernelPath(path, values.all === true)}\n`);
    return ExitCode.ok;
  },
};

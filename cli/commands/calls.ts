// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { syscallAbi } from '../../core/abi';
import { formatCall, formatStack, formatSummary } from '../../core/calls/format-calls';
import { ExitCode, type Call, type LoadSession } from '../../core/model';
import type { Command } from '../context';
import { workplace } from '../context';

export const calls: Command = {
  name: 'calls',
  usage: 'calls [SESSION] [--follow] [--failed] [--syscall NAME]… [--task NAME] [-c] [-k] [--json]',
  summary: 'the syscalls that the module made, as strace shows them',

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        follow: { type: 'boolean' },
        failed: { type: 'boolean' },
        syscall: { type: 'string', multiple: true },
        task: { type: 'string' },
        count: { type: 'boolean', short: 'c' },
        stack: { type: 'boolean', short: 'k' },
        json: { type: 'boolean' },
      },
    });
    const { store } = workplace(context);
    const id = positionals[0] ?? 'latest';
    const wanted = (call: Call): boolean =>
      (!values.failed || call.errno !== null) && (values.syscall?.includes(call.syscall) ?? true) && (values.task === undefined || call.task === values.task);
    const session = await store.read(id);
    const print = printer(session, { json: values.json === true, stack: values.stack === true }, context.out);
    if (values.follow) {
      await store.follow(session.id, (event) => event.type === 'call' && wanted(event.call) && print(event.call), context.signal);
      return ExitCode.ok;
    }
    const chosen = session.calls.filter(wanted);
    if (values.count) context.out.write(`${formatSummary(chosen)}\n`);
    else for (const call of chosen) print(call);
    if (!values.json && session.recorder.lost > 0) context.out.write(`${session.recorder.lost} lost. ${session.recorder.reason}\n`);
    return ExitCode.ok;
  },
};

function printer(session: LoadSession, { json, stack }: { json: boolean; stack: boolean }, out: NodeJS.WritableStream): (call: Call) => void {
  const abi = syscallAbi(session.host.arch);
  const space = { arch: session.host.arch, levels: session.host.levels ?? null };
  return (call) => {
    const lines = json ? [JSON.stringify(call)] : [formatCall(call, space, abi), ...(stack ? formatStack(call) : [])];
    out.write(`${lines.join('\n')}\n`);
  };
}

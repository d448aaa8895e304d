// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { ExitCode, printable, type KernelRecord } from '../../core/model';
import type { Command } from '../context';
import { workplace } from '../context';

/** A record as dmesg prints it. */
export function recordLine(record: KernelRecord): string {
  const seconds = (record.usec / 1e6).toFixed(6).padStart(12);
  return `[${seconds}] ${printable(record.text)}`;
}

export const log: Command = {
  name: 'log',
  usage: 'log [SESSION] [--follow] [--list] [--json]',
  summary: 'the kernel log of a load session (default: the newest)',

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { follow: { type: 'boolean' }, list: { type: 'boolean' }, json: { type: 'boolean' } },
    });
    const { store } = workplace(context);
    if (values.list) {
      const sessions = await store.list();
      if (values.json) context.out.write(`${JSON.stringify(sessions, null, 2)}\n`);
      else for (const { id, module, host, kernel, startedAt, end } of sessions) context.out.write(`${id}  ${startedAt}  ${module} on ${host} (${kernel})  ${end?.state ?? 'running'}\n`);
      return ExitCode.ok;
    }
    const id = positionals[0] ?? 'latest';
    const print = (record: KernelRecord): void => {
      context.out.write(values.json ? `${JSON.stringify(record)}\n` : `${recordLine(record)}\n`);
    };
    if (values.follow) {
      await store.follow(id, (event) => event.type === 'record' && print(event.record), context.signal);
      return ExitCode.ok;
    }
    for (const record of (await store.read(id)).records) print(record);
    return ExitCode.ok;
  },
};

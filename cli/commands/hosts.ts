// SPDX-License-Identifier: MIT
import { parseArgs } from 'node:util';
import { DEFAULT_IDLE_SECONDS } from '../../core/guest/lease';
import { guestsFolder, listGuests } from '../../core/guest/manage';
import { describeFacts } from '../../core/hosts/describe-facts';
import { listSshHosts } from '../../core/hosts/ssh-config';
import { effectiveHost } from '../../core/hosts/ssh-effective';
import { taintFlags } from '../../core/hosts/taint';
import { ExitCode, printable } from '../../core/model';
import type { CliContext, Command } from '../context';
import { workplace } from '../context';

interface Row {
  readonly id: string;
  readonly about: string;
}

/** How many `ssh -G` run at once. */
const AT_ONCE = 8;

async function sshRows(context: CliContext): Promise<Row[]> {
  const { packages, sshConfigFile } = workplace(context);
  const names = await listSshHosts(sshConfigFile === undefined ? {} : { configFile: sshConfigFile });
  if (names.length === 0) return [];
  const ssh = await packages.provideTool('ssh', { signal: context.signal });
  const rows: Row[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE);
    rows.push(...(await Promise.all(some.map(async (name) => ({ id: `ssh:${name}`, about: place(await effectiveHost(ssh, name, sshConfigFile)) })))));
  }
  return rows;
}

function place(host: Awaited<ReturnType<typeof effectiveHost>>): string {
  if (!host) return 'ssh does not accept its configuration';
  const { user, hostName, port, proxyJump } = host;
  return `${user}@${hostName}${port === 22 ? '' : `, port ${port}`}${proxyJump === null ? '' : `, through ${proxyJump}`}`;
}

export const hosts: Command = {
  name: 'hosts',
  usage: 'hosts [HOST] [--json]',
  summary: 'the hosts that can be chosen, or what one of them is: kernel, rights, lockdown, taint',

  async run(args, context) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { json: { type: 'boolean' } } });
    const [id] = positionals;
    const { dirs, progress, open } = workplace(context);
    if (id === undefined) {
      const guests = await listGuests(guestsFolder(dirs));
      const running = guests.map(({ name, release, pid }): Row => ({ id: `guest:${name}`, about: `runs ${release} (QEMU ${pid})` }));
      const rows: Row[] = [{ id: 'guest', about: 'a disposable virtual machine, made on first use' }, ...running, { id: 'local', about: 'this machine' }, ...(await sshRows(context))];
      if (values.json) context.out.write(`${JSON.stringify(rows, null, 2)}\n`);
      else for (const row of rows) context.out.write(`${printable(row.id).padEnd(24)} ${printable(row.about)}\n`);
      return ExitCode.ok;
    }
    const host = await open(id, { kind: 'idle', seconds: DEFAULT_IDLE_SECONDS });
    try {
      const facts = await host.facts(context.signal);
      progress.done();
      if (values.json) context.out.write(`${JSON.stringify({ id, ...facts, taintFlags: taintFlags(facts.tainted) }, null, 2)}\n`);
      else for (const [name, value] of describeFacts(facts)) context.out.write(`${name.padEnd(12)} ${printable(value)}\n`);
      return ExitCode.ok;
    } finally {
      progress.done();
      await host.dispose();
    }
  },
};

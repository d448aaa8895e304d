// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { DEFAULT_IDLE_SECONDS } from '../../core/guest/lease';
import { GuestHost } from '../../core/hosts/guest';
import { guestTerminal, sshTerminal, type TerminalCommand } from '../../core/hosts/terminal';
import { ExitCode, Failure } from '../../core/model';
import { workplace, type CliContext, type Command, type Workplace } from '../context';

export const shell: Command = {
  name: 'shell',
  usage: 'shell [HOST]',
  summary: 'a login shell on a host, in this terminal; on an SSH host ssh may ask there for a host key or a password',

  async run(args, context) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true });
    const [id = 'guest', ...more] = positionals;
    if (more.length > 0) throw new Failure({ code: 'usage', what: 'No shell was opened.', why: 'More than one host is named.', next: 'Write, for example: kmodlab shell ssh:box', exitCode: ExitCode.usage });
    const place = workplace(context);
    try {
      return await inTerminal(id, place, context);
    } finally {
      place.progress.done();
    }
  },
};

async function inTerminal(id: string, place: Workplace, { env }: CliContext): Promise<number> {
  if (id === 'local') return run({ shellPath: env['SHELL'] ?? '/bin/sh', shellArgs: ['-l'], env: {} }, place, env);
  const ssh = await place.packages.provideTool('ssh');
  if (id.startsWith('ssh:')) return run(sshTerminal(id.slice('ssh:'.length), ssh, place.sshConfigFile === undefined ? {} : { configFile: place.sshConfigFile }), place, env);
  const host = await place.open(id, { kind: 'idle', seconds: DEFAULT_IDLE_SECONDS });
  try {
    if (!(host instanceof GuestHost)) throw new TypeError('every other host is a guest');
    return await run(guestTerminal(host.name, host.endpoint, ssh), place, env);
  } finally {
    await host.dispose();
  }
}

/** The shell has the terminal, and what is typed there, to itself; its exit code is ours. */
async function run({ shellPath, shellArgs, env }: Omit<TerminalCommand, 'name'>, { progress }: Workplace, ours: NodeJS.ProcessEnv): Promise<number> {
  progress.done();
  const child = spawn(shellPath, shellArgs, { stdio: 'inherit', env: { ...ours, ...env } });
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? ExitCode.host;
}

// SPDX-License-Identifier: MIT
import { guestTarget, userTarget } from '../../../core/hosts/ssh-options';
import type { GuestEndpoint } from '../../../core/guest/protocol';

/** A program for `vscode.window.createTerminal`: an argument vector, no shell line. */
export interface TerminalCommand {
  readonly name: string;
  readonly shellPath: string;
  readonly shellArgs: string[];
  readonly env: Record<string, string>;
}

interface Ssh {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A login shell on an SSH host by the person's own ssh with their own settings, which may ask.
 * @throws Failure `host-name-bad` for text that ssh could take for an option
 */
export function sshTerminal(destination: string, ssh: Ssh): TerminalCommand {
  return command(destination, ssh, ['-t', '--', userTarget(destination).destination]);
}

/** A login shell on a guest, with its key and its known host key. */
export function guestTerminal(name: string, endpoint: Pick<GuestEndpoint, 'port' | 'keyFile' | 'knownHosts'>, ssh: Ssh): TerminalCommand {
  const { options, destination } = guestTarget(endpoint);
  return command(name, ssh, ['-t', ...options, '--', destination]); // the first value of an option counts: -t goes first
}

function command(name: string, { argv, env }: Ssh, args: readonly string[]): TerminalCommand {
  const [program = 'ssh', ...leading] = argv;
  return { name, shellPath: program, shellArgs: [...leading, ...args], env: { ...env } };
}

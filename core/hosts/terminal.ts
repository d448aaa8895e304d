// SPDX-License-Identifier: MIT
import { configOptions, guestTarget, userTarget } from './ssh-options';
import type { GuestEndpoint } from '../guest/protocol';

/** A program that talks to a terminal: an argument vector, no shell line. */
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

export interface SshTerminalOptions {
  /** Read instead of the user's own configuration. */
  readonly configFile?: string;
  /** Ask about a host key that is not known, also where the configuration would refuse it. */
  readonly asksForKey?: boolean;
}

/**
 * A login shell on an SSH host by the person's own ssh with their own settings, which may ask.
 * @throws Failure `host-name-bad` for text that ssh could take for an option
 */
export function sshTerminal(destination: string, ssh: Ssh, { configFile, asksForKey = false }: SshTerminalOptions = {}): TerminalCommand {
  const asking = asksForKey ? ['-o', 'StrictHostKeyChecking=ask'] : [];
  return command(destination, ssh, [...configOptions(configFile), ...asking, '-t', '--', userTarget(destination).destination]);
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

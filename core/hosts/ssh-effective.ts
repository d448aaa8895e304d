// SPDX-License-Identifier: MIT
import { run } from '../platform/process';
import { configOptions, userTarget } from './ssh-options';

/** Where ssh would go for a name, as `ssh -G` says. */
export interface EffectiveHost {
  readonly hostName: string;
  readonly user: string;
  readonly port: number;
  /** As in ProxyJump; null when there is none. */
  readonly proxyJump: string | null;
}

const LIMIT_MS = 10_000;
const MAX_OUTPUT = 256 * 1024;

/** Reads what `ssh -G` prints. */
export function parseEffective(text: string): EffectiveHost | null {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const space = line.indexOf(' ');
    const keyword = line.slice(0, space);
    if (space > 0 && !values.has(keyword)) values.set(keyword, line.slice(space + 1).trim());
  }
  const hostName = values.get('hostname');
  const user = values.get('user');
  const port = Number(values.get('port'));
  if (hostName === undefined || user === undefined || !Number.isInteger(port)) return null;
  const jump = values.get('proxyjump');
  return { hostName, user, port, proxyJump: jump === undefined || jump === 'none' ? null : jump };
}

/**
 * Asks ssh itself what it makes of a name; connects to nothing. Null when ssh refuses the configuration.
 * @throws Failure `host-name-bad`
 */
export async function effectiveHost(ssh: { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> }, name: string, configFile?: string): Promise<EffectiveHost | null> {
  const { destination } = userTarget(name);
  const result = await run([...ssh.argv, ...configOptions(configFile), '-G', '--', destination], { env: { ...process.env, ...ssh.env, LC_ALL: 'C' }, timeoutMs: LIMIT_MS, maxOutputBytes: MAX_OUTPUT });
  return result.exitCode === 0 ? parseEffective(result.stdout) : null;
}

// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { HeaderPackages } from '../build/environment';
import type { Lease } from '../guest/lease';
import { ExitCode, Failure } from '../model';
import { ensurePrivateDir } from '../platform/dirs';
import { DEFAULT_GUEST_KERNEL, openGuest, type GuestDeps, type GuestPackages } from './guest';
import type { Host } from './host';
import { LocalHost } from './local';
import { SshHost } from './ssh';
import { userTarget } from './ssh-options';
import type { AskSecret } from './sudo';

export interface HostDeps extends GuestDeps {
  readonly packages: GuestPackages & HeaderPackages;
  /** How a guest is held. Default: `process`. */
  readonly lease?: Lease;
  /** Asks the user for the password of sudo; without it, a host that wants one is refused what needs root. */
  readonly askSecret?: AskSecret;
  /** ssh reads this file instead of `~/.ssh/config` and the system's, as with `ssh -F`. */
  readonly sshConfigFile?: string;
  /** Seconds after which an SSH host that does not answer counts as lost; see {@link LOST_AFTER}. */
  readonly sshLostAfterSeconds?: number | undefined;
}

/**
 * Opens a host by its id: `guest`, `guest:SPEC` (`guest:newest-cloud`), `guest:SPEC@NAME` (a further
 * guest of that kernel), `ssh:NAME` (a name of the user's ssh
 * configuration, or user@address), `local`. An SSH host is not connected to before its first use.
 * @throws Failure `host-unknown` for any other id, `host-name-bad`, and what opening a guest throws
 */
export async function openHost(id: string, deps: HostDeps): Promise<Host> {
  const [kind, ...rest] = id.split(':');
  const name = rest.join(':');
  const lease = deps.lease ?? { kind: 'process' };
  if (id === 'local') return new LocalHost(deps.askSecret, deps.packages);
  if (id === 'guest') return await openGuest({ lease }, deps);
  if (kind === 'guest' && name !== '') return await openGuest({ ...guestNamed(name), lease }, deps);
  if (kind === 'ssh' && name !== '') return await openSsh(id, name, deps);
  throw new Failure({
    code: 'host-unknown',
    what: `There is no host "${id}".`,
    why: 'A host is "guest", "guest:" and a kernel, "ssh:" and a name, or "local".',
    next: 'Choose one of these.',
    exitCode: ExitCode.usage,
  });
}

/** The kernel of a guest by its host id; null for other hosts. */
export function guestKernel(id: string): string | null {
  if (id === 'guest') return DEFAULT_GUEST_KERNEL;
  return id.startsWith('guest:') ? guestNamed(id.slice('guest:'.length)).kernel : null;
}

/** `SPEC`, or `SPEC@NAME`. */
function guestNamed(text: string): { kernel: string; name?: string } {
  const at = text.indexOf('@');
  return at < 0 ? { kernel: text } : { kernel: text.slice(0, at), name: text.slice(at + 1) };
}

async function openSsh(id: string, destination: string, deps: HostDeps): Promise<Host> {
  const target = userTarget(destination, { configFile: deps.sshConfigFile, lostAfterSeconds: deps.sshLostAfterSeconds });
  const ssh = await deps.packages.provideTool('ssh', deps.signal ? { signal: deps.signal } : {});
  const controlPath = process.platform === 'win32' ? null : path.join(ensurePrivateDir(path.join(deps.dirs.runtime, 'ssh')), randomBytes(4).toString('hex'));
  return new SshHost({ id, name: destination, kind: 'ssh', target, ssh, controlPath, packages: deps.packages, ...(deps.askSecret ? { askSecret: deps.askSecret } : {}) });
}

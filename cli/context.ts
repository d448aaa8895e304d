// SPDX-License-Identifier: MIT
import path from 'node:path';
import { guestSettingsFrom } from '../core/guest/settings';
import { openGuest } from '../core/hosts/guest';
import { openHost, type HostDeps } from '../core/hosts/registry';
import type { Host } from '../core/hosts/host';
import { LOST_AFTER } from '../core/hosts/ssh-options';
import type { Lease } from '../core/guest/lease';
import { ARCHIVE_KEYRING, PackageStore } from '../core/packages';
import { userDirs, type Dirs } from '../core/platform/dirs';
import { numberFrom } from '../core/platform/number-setting';
import { SessionStore } from '../core/sessions/store';
import { terminalSecrets } from './ask-secret';
import { TerminalProgress } from './progress';

/** What every command is given; tests hand in their own streams and environment. */
export interface CliContext {
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WriteStream | NodeJS.WritableStream;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Aborted by Ctrl-C, SIGTERM and SIGHUP. */
  readonly signal: AbortSignal;
  /** dist/: where the other programs and the parser's files lie. */
  readonly distDir: string;
}

/** A command: reads its own arguments, resolves to the exit code. */
export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  run(args: readonly string[], context: CliContext): Promise<number>;
}

export interface Workplace {
  readonly dirs: Dirs;
  readonly store: SessionStore;
  readonly packages: PackageStore;
  readonly progress: TerminalProgress;
  readonly open: (hostId: string, lease: Lease) => Promise<Host>;
  /** File that ssh reads instead of the user's configuration, when `KMODLAB_SSH_CONFIG` names one. */
  readonly sshConfigFile: string | undefined;
  /** A guest that nobody used before; it ends with this process. */
  readonly openFreshGuest: (kernel: string) => Promise<Host>;
}

/** What commands that use hosts share. */
export function workplace(context: CliContext): Workplace {
  const dirs = userDirs(context.env);
  const progress = new TerminalProgress(context.err, context.env['KMODLAB_LOG'] !== undefined);
  const packages = new PackageStore(dirs, { log: (line) => progress.log(line), archiveKeyring: () => context.env[ARCHIVE_KEYRING] ?? '' });
  const sshConfigFile = context.env['KMODLAB_SSH_CONFIG'];
  const askSecret = terminalSecrets(() => progress.done());
  const deps: Omit<HostDeps, 'lease'> = {
    packages,
    dirs,
    keeperPath: path.join(context.distDir, 'keeper.js'),
    progress,
    signal: context.signal,
    guest: guestSettingsFrom(context.env),
    sshLostAfterSeconds: numberFrom(context.env, LOST_AFTER),
    ...(askSecret ? { askSecret } : {}),
    ...(sshConfigFile === undefined ? {} : { sshConfigFile }),
  };
  return {
    dirs,
    store: new SessionStore(dirs.state),
    packages,
    progress,
    sshConfigFile,
    open: (hostId, lease) => openHost(hostId, { ...deps, lease }),
    openFreshGuest: (kernel) => openGuest({ kernel, lease: { kind: 'process' }, fresh: true }, deps),
  };
}

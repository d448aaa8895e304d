// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pickPort } from '../../../core/platform/loopback';
import { LineSplitter } from '../../../core/platform/process';
import { serverFiles, SSHD, type ServerPackages } from './programs';

/** Account that serves where this user is root. Not nobody, whom systemd's name service calls locked. */
const DAEMON = { name: 'daemon', id: 1 };

export interface JumpHost {
  readonly port: number;
  /** The account that it takes: it is no root's server, so only its own. */
  readonly user: string;
  /** Process ids of those that carry the connections now, below the monitors that sshd has for them. */
  sessions(): number[];
  end(): Promise<void>;
}

/**
 * Starts Debian's sshd on the loopback, as this user, or as `daemon` where this user is root: it can forward connections and
 * nothing else. `folder` gets a copy of the program, which that account can read.
 */
export async function startJump(server: ServerPackages, folder: string, keys: { readonly hostKeyFile: string; readonly userPublicKey: string }): Promise<JumpHost> {
  const files = await serverFiles(server);
  const libraries = path.join(folder, 'lib');
  fs.mkdirSync(libraries, { recursive: true, mode: 0o755 });
  for (const { from, to, mode } of files) {
    const copy = path.join(libraries, path.basename(to));
    fs.copyFileSync(from, copy);
    fs.chmodSync(copy, mode & 0o755);
  }
  const isRoot = process.getuid?.() === 0;
  const hostKey = path.join(folder, 'host_key');
  fs.copyFileSync(keys.hostKeyFile, hostKey);
  fs.chmodSync(hostKey, 0o600);
  const authorized = path.join(folder, 'authorized_keys');
  fs.writeFileSync(authorized, keys.userPublicKey, { mode: 0o644 });
  if (isRoot) for (const file of [hostKey, authorized]) fs.chownSync(file, DAEMON.id, DAEMON.id);
  const port = await pickPort();
  const config = path.join(folder, 'sshd_config');
  const settings = ['ListenAddress 127.0.0.1', `Port ${port}`, `HostKey ${hostKey}`, `AuthorizedKeysFile ${authorized}`, 'StrictModes no', 'UsePAM no', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no', 'PidFile none', 'PermitTTY no', 'ForceCommand /bin/false', 'AllowTcpForwarding local', 'PermitOpen 127.0.0.1:*', 'LogLevel INFO'];
  fs.writeFileSync(config, `${settings.join('\n')}\n`);
  const loader = [path.join(libraries, 'ld-linux-x86-64.so.2'), '--library-path', libraries, '--argv0', SSHD, path.join(libraries, 'sshd')];
  const asDaemon = isRoot ? [`--reuid=${DAEMON.id}`, `--regid=${DAEMON.id}`, '--clear-groups'] : [];
  // -r: it would start itself again, and cannot through a loader.
  const child = spawn('setpriv', [...asDaemon, '--pdeathsig', 'KILL', '--', ...loader, '-r', '-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  const listening = new Promise<void>((resolve, reject) => {
    const lines = new LineSplitter((line) => {
      said = `${said}${line}\n`.slice(-8192);
      if (line.includes('Server listening on')) resolve();
    });
    child.stderr.on('data', (chunk: Buffer) => lines.push(chunk));
    child.on('close', () => reject(new Error(`sshd ended:\n${said}`)));
  });
  await listening;
  const pid = child.pid ?? 0;
  return {
    port,
    user: isRoot ? DAEMON.name : os.userInfo().username,
    sessions: () => childrenOf(pid).map((monitor) => childrenOf(monitor)[0] ?? monitor),
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'close');
    },
  };
}

/** None where the process has ended meanwhile. */
function childrenOf(pid: number): number[] {
  let text = '';
  try {
    text = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch (error) {
    if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  return text.split(' ').filter((word) => word.trim() !== '').map(Number);
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * The folders that the product keeps per user, after the XDG Base Directory Specification.
 * `runtime` is short (Unix sockets allow about 100 characters) and private (mode 0700).
 */
export interface Dirs {
  /** Packages, kernels, toolchains, images: can be deleted at any time. */
  readonly cache: string;
  /** Load sessions. */
  readonly state: string;
  /** Sockets, locks and running guests. */
  readonly runtime: string;
}

/** Reads the folders from the environment; `KMODLAB_CACHE_DIR`, `KMODLAB_STATE_DIR`, `KMODLAB_RUNTIME_DIR` go before XDG. */
export function userDirs(env: NodeJS.ProcessEnv = process.env): Dirs {
  const home = env['HOME'] ?? os.homedir();
  const uid = process.getuid?.() ?? 0;
  return {
    cache: env['KMODLAB_CACHE_DIR'] ?? path.join(env['XDG_CACHE_HOME'] ?? path.join(home, '.cache'), 'kmodlab'),
    state: env['KMODLAB_STATE_DIR'] ?? path.join(env['XDG_STATE_HOME'] ?? path.join(home, '.local', 'state'), 'kmodlab'),
    runtime: env['KMODLAB_RUNTIME_DIR'] ?? (env['XDG_RUNTIME_DIR'] ? path.join(env['XDG_RUNTIME_DIR'], 'kmodlab') : path.join('/tmp', `kmodlab-${uid}`)),
  };
}

/**
 * Makes a folder that only this user can enter.
 * @throws Error when it exists and belongs to somebody else, or others may enter it and that cannot be changed.
 */
export function ensurePrivateDir(dir: string): string {
  fs.mkdirSync(dir, { recursive: true, mode: 0o700 });
  const stat = fs.lstatSync(dir);
  const uid = process.getuid?.();
  if (!stat.isDirectory() || (uid !== undefined && stat.uid !== uid)) throw new Error(`${dir} is not a folder of this user`);
  if ((stat.mode & 0o077) !== 0) fs.chmodSync(dir, 0o700);
  return dir;
}

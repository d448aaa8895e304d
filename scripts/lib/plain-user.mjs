// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { ROOT } from './bootstrap.mjs';

const NOBODY = 65534;

/**
 * The demo's argument vector for an ordinary user with nothing cached. Root steps down to `nobody`, for whom the
 * product is copied to where he can read it; anybody else is an ordinary user already.
 */
export function asPlainUser(scratch) {
  const home = path.join(scratch, 'plain-user');
  fs.mkdirSync(home);
  const demo = (root) => [process.execPath, path.join(root, 'dist/cli.js'), 'demo'];
  const clean = ['env', '-u', 'XDG_CACHE_HOME', '-u', 'XDG_STATE_HOME', '-u', 'XDG_RUNTIME_DIR', `HOME=${home}`, `TMPDIR=${home}`, `KMODLAB_RUNTIME_DIR=${path.join(home, 'run')}`];
  if (process.getuid() !== 0) return [...clean, ...demo(ROOT)];
  fs.chmodSync(scratch, 0o755);
  const product = path.join(scratch, 'product');
  for (const part of ['dist', 'module', 'package.json']) fs.cpSync(path.join(ROOT, part), path.join(product, part), { recursive: true });
  fs.chownSync(home, NOBODY, NOBODY);
  return ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...clean, ...demo(product)];
}

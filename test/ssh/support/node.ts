// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { parseLibraries } from '../../../core/packages/userland';
import { run } from '../../../core/platform/process';
import type { PackedFile } from './programs';

const LOADER = '/lib64/ld-linux-x86-64.so.2';
const NODE = '/opt/node';
const PRODUCT = '/opt/kmodlab';

/** The built command line, run by the Node that came along: append arguments. */
export const KMODLAB = [`${NODE}/loader`, '--library-path', `${NODE}/lib`, `${NODE}/node`, `${PRODUCT}/dist/cli.js`];

/** Node as it runs here, with this machine's libraries, and the built product. */
export async function productFiles(): Promise<PackedFile[]> {
  const node = fs.realpathSync(process.execPath);
  const { stdout } = await run([LOADER, '--list', node], { env: { LC_ALL: 'C' } });
  const libraries = parseLibraries(stdout).flatMap(({ name, path: from }) => (from === null || name.startsWith('/') ? [] : [{ from: fs.realpathSync(from), to: `${NODE}/lib/${name}`, mode: 0o755 }]));
  const product = ['cli.js', 'tree-sitter-c.wasm', 'web-tree-sitter.wasm'].map((name) => ({ from: path.resolve('dist', name), to: `${PRODUCT}/dist/${name}`, mode: 0o644 }));
  return [{ from: node, to: `${NODE}/node`, mode: 0o755 }, { from: fs.realpathSync(LOADER), to: `${NODE}/loader`, mode: 0o755 }, ...libraries, ...product];
}

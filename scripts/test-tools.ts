// SPDX-License-Identifier: MIT
// Gives the unit tests the small tools that a bare Debian lacks: wrappers around a private tree of packages, in the
// folder that is the first argument. Prints that folder when it made any. Only scripts/test.mjs calls it.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { shQuote } from '../core/platform/sh-quote';
import { PackageStore } from '../core/packages';
import { userDirs } from '../core/platform/dirs';
import { onPath } from '../core/platform/on-path';

const TOOLS = ['make', 'gcc', 'ld', 'objcopy', 'addr2line', 'strip', 'ssh-keygen', 'xz', 'ps'];
/** With what Kbuild calls besides. */
const PACKAGES = ['make', 'gcc', 'binutils', 'libc6-dev', 'openssh-client', 'xz-utils', 'procps', 'diffutils', 'findutils', 'grep', 'libelf1', 'mawk', 'sed'];
/** Stands for the folder that the wrapper is called in. */
const HERE = '@here@';

/** Makes wrappers for those of the tools that are missing; says whether there were any. */
async function provideBuildTools(folder: string): Promise<boolean> {
  const missing = TOOLS.filter((name) => onPath(name, process.env) === null);
  if (missing.length === 0) return false;
  process.stderr.write(`Set-up: fetching ${missing.join(', ')} for the tests, privately…\n`);
  const dirs = userDirs();
  const tree = await new PackageStore(dirs).provideTree({ packages: PACKAGES, suite: 'bookworm' });
  const bind = [...new Set([os.tmpdir(), path.resolve(__dirname, '..'), dirs.cache])];
  for (const name of missing) {
    const { argv, env: { PATH: own = '', ...env } } = tree.wrap([name], { bind, cwd: HERE });
    const words = argv.map((word) => (word === HERE ? '"$PWD"' : shQuote(word)));
    const variables = Object.entries(env).map(([key, value]) => shQuote(`${key}=${value ?? ''}`));
    // The tree's programs first, then what a test has put on PATH.
    const searched = `${shQuote(`PATH=${own}:`)}"$PATH"`;
    fs.writeFileSync(path.join(folder, name), `#!/bin/sh\nexec env ${[...variables, searched, ...words].join(' ')} "$@"\n`, { mode: 0o755 });
  }
  return true;
}

/** Neovim starts the language server with this machine's Node, so it runs outside the tree, by the tree's loader and libraries. */
async function provideNeovim(folder: string): Promise<boolean> {
  if (onPath('nvim', process.env) !== null) return false;
  process.stderr.write('Set-up: fetching nvim for the tests, privately…\n');
  const { root } = await new PackageStore(userDirs()).provideTree({ packages: ['neovim'], suite: 'bookworm' });
  const usr = path.join(root, 'usr');
  const libraries = fs.readdirSync(path.join(usr, 'lib')).filter((name) => name.endsWith('-linux-gnu')).map((name) => path.join(usr, 'lib', name));
  const words = [path.join(root, 'lib64/ld-linux-x86-64.so.2'), '--library-path', libraries.join(':'), path.join(usr, 'bin/nvim')].map(shQuote);
  fs.writeFileSync(path.join(folder, 'nvim'), `#!/bin/sh\nVIMRUNTIME=${shQuote(path.join(usr, 'share/nvim/runtime'))} exec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
  return true;
}

async function main(folder: string): Promise<void> {
  const made = [await provideBuildTools(folder), await provideNeovim(folder)];
  if (made.includes(true)) process.stdout.write(folder);
}

void main(process.argv[2] ?? '.');

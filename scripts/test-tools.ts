// SPDX-License-Identifier: MIT
// Gives the unit tests the small tools that a bare Debian lacks: wrappers around a private tree of packages, in the
// folder that is the first argument. Prints that folder when it made any. Only scripts/test.mjs calls it.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { shQuote } from '../core/hosts/sh-quote';
import { PackageStore } from '../core/packages';
import { userDirs } from '../core/platform/dirs';

const TOOLS = ['make', 'gcc', 'ld', 'objcopy', 'addr2line', 'strip', 'ssh-keygen', 'xz', 'ps'];
const PACKAGES = ['make', 'gcc', 'binutils', 'libc6-dev', 'openssh-client', 'xz-utils', 'procps', 'sed'];
/** Stands for the folder that the wrapper is called in. */
const HERE = '@here@';

function isOnPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => fs.existsSync(path.join(folder, name)));
}

async function main(folder: string): Promise<void> {
  const missing = TOOLS.filter((name) => !isOnPath(name));
  if (missing.length === 0) return;
  process.stderr.write(`Set-up: fetching ${missing.join(', ')} for the tests, privately…\n`);
  const tree = await new PackageStore(userDirs()).provideTree({ packages: PACKAGES, suite: 'bookworm' });
  const bind = [...new Set([os.tmpdir(), path.resolve(__dirname, '..')])];
  for (const name of missing) {
    const { argv, env } = tree.wrap([name], { bind, cwd: HERE });
    const words = argv.map((word) => (word === HERE ? '"$PWD"' : shQuote(word)));
    const variables = Object.entries(env).map(([key, value]) => shQuote(`${key}=${value ?? ''}`));
    fs.writeFileSync(path.join(folder, name), `#!/bin/sh\nexec env -i ${[...variables, ...words].join(' ')} "$@"\n`, { mode: 0o755 });
  }
  process.stdout.write(folder);
}

void main(process.argv[2] ?? '.');

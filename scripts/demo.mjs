// SPDX-License-Identifier: MIT
// npm run demo [-- OPTIONS of `kmodlab demo`]: does its own set-up in a fresh clone, then runs the CLI.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT, ensureBuild, ensureDependencies } from './lib/bootstrap.mjs';

ensureDependencies();
ensureBuild();
const child = spawn(process.execPath, [path.join(ROOT, 'dist/cli.js'), 'demo', ...process.argv.slice(2)], { stdio: 'inherit' });
// The terminal sends Ctrl-C to both; the CLI ends everything and its exit code is ours.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
child.on('close', (code) => process.exit(code ?? 1));

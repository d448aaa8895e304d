// SPDX-License-Identifier: MIT
// npm run bench [-- --json]: does its own set-up, then measures. Progress goes to standard error.
import { spawnSync } from 'node:child_process';
import { ROOT, ensureBuild, ensureDependencies } from './lib/bootstrap.mjs';

ensureDependencies();
ensureBuild();
const result = spawnSync(process.execPath, ['--import', 'tsx', 'test/bench/main.ts', ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' });
process.exit(result.status ?? 1);

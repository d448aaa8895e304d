// SPDX-License-Identifier: MIT
// npm run fuzz [-- --minutes N] [--seed N]: does its own set-up, then tries to break the analysis.
import { spawnSync } from 'node:child_process';
import { ROOT, ensureBuild, ensureDependencies } from './lib/bootstrap.mjs';

ensureDependencies();
ensureBuild();
const result = spawnSync(process.execPath, ['--import', 'tsx', 'test/fuzz/main.ts', ...process.argv.slice(2)], { cwd: ROOT, stdio: 'inherit' });
process.exit(result.status ?? 1);

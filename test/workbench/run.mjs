// SPDX-License-Identifier: MIT
// The rig's own tests, and the suite inside VS Code's extension host: `node test/workbench/run.mjs [rig] [suite] [drive]`.
import { createRequire } from 'node:module';
import { ensureBuild, ensureDependencies } from '../../scripts/lib/bootstrap.mjs';

ensureDependencies();
ensureBuild();
await import('tsx');
const require = createRequire(import.meta.url);
const { main } = require('./rig/run.ts');
const { runMain } = require('./rig/report.ts');

await runMain(() => main(process.argv.length > 2 ? process.argv.slice(2) : ['rig', 'suite']));

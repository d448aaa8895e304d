// SPDX-License-Identifier: MIT
// The packaged extension, driven in a browser as a person would: `node test/workbench/drive.mjs [drive] [hosts] [ssh]`.
import { createRequire } from 'node:module';
import { ensureBuild, ensureDependencies } from '../../scripts/lib/bootstrap.mjs';

ensureDependencies();
ensureBuild();
await import('tsx');
const require = createRequire(import.meta.url);
const { main } = require('./rig/run.ts');
const { runMain } = require('./rig/report.ts');

await runMain(() => main(process.argv.length > 2 ? process.argv.slice(2) : ['drive', 'hosts', 'ssh']));

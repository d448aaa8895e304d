// SPDX-License-Identifier: MIT
// The packaged extension, driven in a browser as a person would.
import { createRequire } from 'node:module';
import { ensureBuild, ensureDependencies } from '../../scripts/lib/bootstrap.mjs';

ensureDependencies();
ensureBuild();
await import('tsx');
const require = createRequire(import.meta.url);
const { main } = require('./rig/run.ts');
const { runMain } = require('./rig/report.ts');

await runMain(() => main(['drive']));

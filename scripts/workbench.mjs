// SPDX-License-Identifier: MIT
// Opens the built extension in a real VS Code, in your own browser: `npm run workbench [-- --port NUMBER]`.
import { createRequire } from 'node:module';
import { ensureBuild, ensureDependencies } from './lib/bootstrap.mjs';

ensureDependencies();
ensureBuild();
await import('tsx');
const require = createRequire(import.meta.url);
const { show } = require('../test/workbench/rig/show.ts');
const { runMain } = require('../test/workbench/rig/report.ts');

await runMain(() => show(process.argv.slice(2)));

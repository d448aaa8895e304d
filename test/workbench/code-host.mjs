#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// A stand-in for the desktop `code` executable, for @vscode/test-electron's `vscodeExecutablePath`:
//   code-host.mjs [folder] --extensionDevelopmentPath=DIR --extensionTestsPath=FILE [flags that only a desktop understands]
import 'tsx';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { codeHost } = require('./rig/code-host.ts');
const { runMain } = require('./rig/report.ts');

await runMain(() => codeHost(process.argv.slice(2), Number(process.env.KMODLAB_WORKBENCH_LIMIT ?? 600)));

// SPDX-License-Identifier: MIT
// npm run package: builds dist/ and packs it as kmodlab-VERSION.vsix in the top folder. Works in a fresh clone.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ROOT, ensureBuild, ensureDependencies, giveUp } from './lib/bootstrap.mjs';

ensureDependencies();
ensureBuild();
const { name, version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
const vsix = path.join(ROOT, `${name}-${version}.vsix`);
const vsce = path.join(path.dirname(createRequire(import.meta.url).resolve('@vscode/vsce/package.json')), 'vsce');
const result = spawnSync(process.execPath, [vsce, 'package', '--no-dependencies', '--out', vsix], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
if (result.status !== 0) giveUp('The extension was not packed.', 'vsce reported the error above.', 'Mend it and run the command again.');

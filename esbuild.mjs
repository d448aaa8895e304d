// SPDX-License-Identifier: MIT
// Bundles every program of the product into dist/. Types are checked by `npm run typecheck`, not here.
import { context } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const watch = process.argv.includes('--watch');
const common = { bundle: true, sourcemap: true, logLevel: 'info', legalComments: 'none', absWorkingDir: import.meta.dirname };
const node = { ...common, platform: 'node', format: 'cjs', target: 'node20', mainFields: ['module', 'main'] };
const browser = { ...common, platform: 'browser', format: 'iife', target: 'es2022', minify: !watch, tsconfig: 'media/tsconfig.json' };

const bundles = [
  { ...node, entryPoints: { extension: 'extension/src/extension.ts' }, external: ['vscode'] },
  { ...node, entryPoints: { server: 'server/src/main.ts' } },
  { ...node, entryPoints: { cli: 'cli/main.ts' }, banner: { js: '#!/usr/bin/env node' } },
  { ...node, entryPoints: { keeper: 'core/guest/keeper-main.ts' } },
  { ...browser, entryPoints: ['results', 'kernel-log'].flatMap((view) => ['main.ts', 'style.css'].map((file) => ({ in: `media/${view}/${file}`, out: `media/${view}` }))) },
].map((bundle) => ({ ...bundle, outdir: 'dist' }));

/** Files that are used as they are, beside the bundles. */
function copyAssets() {
  const assets = [
    [require.resolve('web-tree-sitter/web-tree-sitter.wasm'), 'dist/web-tree-sitter.wasm'],
    [path.join(path.dirname(require.resolve('tree-sitter-c/package.json')), 'tree-sitter-c.wasm'), 'dist/tree-sitter-c.wasm'],
  ];
  for (const [from, to] of assets) {
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.copyFileSync(from, to);
  }
}

fs.rmSync('dist', { recursive: true, force: true });
const contexts = await Promise.all(bundles.map((bundle) => context(bundle)));
copyAssets();
if (watch) await Promise.all(contexts.map((c) => c.watch()));
else {
  await Promise.all(contexts.map((c) => c.rebuild()));
  await Promise.all(contexts.map((c) => c.dispose()));
  fs.chmodSync('dist/cli.js', 0o755);
}

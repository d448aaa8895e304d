// SPDX-License-Identifier: MIT
// Bundles every program of the product into dist/. Types are checked by `npm run typecheck`, not here.
import { context } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const watch = process.argv.includes('--watch');
const common = { bundle: true, sourcemap: true, logLevel: 'info', legalComments: 'none', absWorkingDir: import.meta.dirname };
const node = { ...common, platform: 'node', format: 'cjs', target: 'node20', mainFields: ['module', 'main'], alias: { 'web-tree-sitter': require.resolve('web-tree-sitter') } }; // its CommonJS build: the other one needs import.meta.url
const browser = { ...common, platform: 'browser', format: 'iife', target: 'es2022', minify: !watch, tsconfig: 'media/tsconfig.json' };

const bundles = [
  { ...node, entryPoints: { extension: 'extension/src/extension.ts' }, external: ['vscode'] },
  { ...node, entryPoints: { server: 'server/src/main.ts' }, minifyWhitespace: true, minifySyntax: true }, // its text stays in memory as long as it runs
  { ...node, entryPoints: { cli: 'cli/main.ts' }, banner: { js: '#!/usr/bin/env node' } },
  { ...node, entryPoints: { keeper: 'core/guest/keeper-main.ts' }, minifyWhitespace: true, minifySyntax: true }, // each guest waits for it to be read
  { ...browser, entryPoints: ['results', 'kernel-log'].flatMap((view) => ['main.ts', 'style.css'].map((file) => ({ in: `media/${view}/${file}`, out: `media/${view}` }))) },
];

/** Files that are used as they are, beside the bundles. */
function copyAssets(outdir) {
  fs.mkdirSync(outdir, { recursive: true });
  fs.copyFileSync(require.resolve('web-tree-sitter/web-tree-sitter.wasm'), path.join(outdir, 'web-tree-sitter.wasm'));
  fs.copyFileSync(path.join(path.dirname(require.resolve('tree-sitter-c/package.json')), 'tree-sitter-c.wasm'), path.join(outdir, 'tree-sitter-c.wasm'));
}

async function contextsInto(outdir) {
  copyAssets(outdir);
  return Promise.all(bundles.map((bundle) => context({ ...bundle, outdir })));
}

/** Builds beside dist/ and swaps, so that dist/ is always whole, also for a program that runs from it meanwhile. */
async function buildOnce() {
  const next = `dist.${process.pid}`;
  try {
    const contexts = await contextsInto(next);
    const results = await Promise.allSettled(contexts.map((c) => c.rebuild()));
    await Promise.all(contexts.map((c) => c.dispose()));
    if (results.some((result) => result.status === 'rejected')) return 1; // esbuild has printed why
    fs.chmodSync(path.join(next, 'cli.js'), 0o755);
    if (fs.existsSync('dist')) fs.renameSync('dist', `${next}.old`);
    fs.renameSync(next, 'dist');
    return 0;
  } finally {
    for (const folder of [next, `${next}.old`]) fs.rmSync(folder, { recursive: true, force: true });
  }
}

process.chdir(import.meta.dirname);
if (watch) await Promise.all((await contextsInto('dist')).map((c) => c.watch()));
else process.exitCode = await buildOnce();

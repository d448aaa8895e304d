// SPDX-License-Identifier: MIT
// What every npm script needs before it can do its work in a fresh clone. Plain Node: nothing is installed yet.
import { spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
const STAMP = path.join(ROOT, 'node_modules', '.kmodlab-lock');
const BUILD_STAMP = path.join(ROOT, 'dist', '.kmodlab-build');
const SOURCE_ROOMS = ['core', 'server', 'cli', 'extension', 'media', 'esbuild.mjs', 'package.json'];

/** Says three sentences and ends with the exit code for a set-up that cannot be done. */
export function giveUp(what, why, next) {
  process.stderr.write(`\n${what}\n${why}\n${next}\n`);
  process.exit(3);
}

function hash(text) {
  return crypto.createHash('sha256').update(text).digest('hex');
}

function read(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Installs the dev dependencies that package-lock.json names, once per lock file. */
export function ensureDependencies() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    giveUp(`Node ${process.versions.node} is too old.`, 'Kernel Module Lab is built with Node 20.19 or newer.', 'Install a newer Node and run the command again.');
  }
  const wanted = hash(read(path.join(ROOT, 'package-lock.json')));
  if (read(STAMP) === wanted) return;
  process.stderr.write('Set-up: installing npm packages (about 200 MB, once)…\n');
  const result = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (result.error || result.status !== 0) {
    giveUp('The npm packages could not be installed.', result.error ? `npm could not be started: ${result.error.message}.` : 'npm ci failed; its message stands above.', 'Check the network, the disk space and the npm registry setting, then run the command again.');
  }
  fs.writeFileSync(STAMP, wanted);
}

/** Newest modification time below the rooms that go into dist/, so that an edit is never missed. */
function sourcesFingerprint() {
  const entries = [];
  const visit = (file) => {
    const stat = fs.statSync(file);
    if (stat.isDirectory()) for (const name of fs.readdirSync(file).sort()) visit(path.join(file, name));
    else entries.push(`${path.relative(ROOT, file)} ${stat.size} ${stat.mtimeMs}`);
  };
  for (const room of SOURCE_ROOMS) visit(path.join(ROOT, room));
  return hash(entries.join('\n'));
}

/** Builds dist/ when a source is newer than it. */
export function ensureBuild() {
  const wanted = sourcesFingerprint();
  if (read(BUILD_STAMP) === wanted) return;
  process.stderr.write('Set-up: building dist/…\n');
  const result = spawnSync(process.execPath, ['esbuild.mjs'], { cwd: ROOT, stdio: ['ignore', 'ignore', 2] });
  if (result.status !== 0) giveUp('The build failed.', 'esbuild reported the errors above.', 'Mend them and run the command again.');
  fs.writeFileSync(BUILD_STAMP, wanted);
}

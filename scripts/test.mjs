// SPDX-License-Identifier: MIT
// Everything that CI runs, from a fresh clone: npm test [-- STAGE…]. The last line is `N passed, N failed[, N skipped]`.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT, ensureBuild, ensureDependencies } from './lib/bootstrap.mjs';
import { asPlainUser } from './lib/plain-user.mjs';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-test-'));
const env = { ...process.env, KMODLAB_FORBID_LOCAL: '1' };
let child;

process.on('exit', () => fs.rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    child?.kill(signal);
    process.exitCode = 130;
  });
}

/** Runs a program with its output shown; resolves to its exit code. */
function run(argv, extraEnv = {}) {
  return new Promise((resolve) => {
    child = spawn(argv[0], argv.slice(1), { cwd: ROOT, env: { ...env, ...extraEnv }, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', () => resolve(127));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

const bin = (name) => path.join(ROOT, 'node_modules', '.bin', name);

/** One program that passes or fails as a whole. */
async function check(title, argv) {
  const code = await run(argv);
  console.log(`  ${code === 0 ? '✔' : '✘'} ${title}`);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0, skippedTitles: [] };
}

/** A runner that leaves its counts in $KMODLAB_RESULT. No counts, or a bad exit without a failed test, is a failure. */
async function suite(name, argv, extraEnv = {}) {
  const file = path.join(scratch, `${name}.json`);
  const code = await run(argv, { KMODLAB_RESULT: file, ...extraEnv });
  const none = { passed: 0, failed: 1, skipped: 0, skippedTitles: [] };
  if (!fs.existsSync(file)) return none;
  const result = JSON.parse(fs.readFileSync(file, 'utf8'));
  if (result.passed + result.failed === 0 || (code !== 0 && result.failed === 0)) result.failed += 1;
  return result;
}

let madeTools;

/** Folder of stand-ins for the small tools of which a bare machine has none; empty where it has them. */
function testTools() {
  if (madeTools !== undefined) return madeTools;
  const folder = path.join(scratch, 'bin');
  fs.mkdirSync(folder);
  const made = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/test-tools.ts', folder], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  madeTools = made.stdout === folder ? folder : '';
  return madeTools;
}

/** For tests that take this machine for one that has them. */
const withTools = () => [process.env.PATH, testTools()].filter((part) => part !== '').join(':');

/** A busy machine counts more CPU time for the same work; this tells what hangs from what is slow there. */
const HANG_MS = '6000';

const mocha = (config) => [bin('mocha'), '--config', config, '--reporter', path.join(ROOT, 'test/reporter.cjs')];

const stages = {
  types: () => check('types', [bin('tsc'), '--noEmit']),
  'webview-types': () => check('types of the webviews', [bin('tsc'), '--noEmit', '-p', 'media/tsconfig.json']),
  lint: () => check('lint', [bin('eslint'), '.']),
  walls: () => check('walls between the rooms', [bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'core', 'server', 'cli', 'extension', 'media']),
  deadcode: () => check('dead code', [bin('knip')]),
  unit: () => suite('unit', mocha('test/unit/.mocharc.json'), { PATH: withTools() }),
  fuzz: () => check('one minute of hostile texts and random edits', [process.execPath, '--import', 'tsx', 'test/fuzz/main.ts', '--minutes', '1', '--max-cpu', HANG_MS]),
  guest: () => suite('guest', mocha('test/guest/.mocharc.json'), { KMODLAB_TEST_PATH: withTools() }),
  ssh: () => suite('ssh', mocha('test/ssh/.mocharc.json')),
  'plain-user': () => check('the demo as an ordinary user with an empty cache', asPlainUser(scratch)),
  workbench: () => suite('workbench', [process.execPath, 'test/workbench/run.mjs']),
  drive: () => suite('drive', [process.execPath, 'test/workbench/drive.mjs']),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in stages));
if (unknown.length > 0) {
  console.error(`No such stage: ${unknown.join(', ')}. Stages: ${Object.keys(stages).join(', ')}.`);
  process.exit(2);
}

ensureDependencies();
ensureBuild();
const total = { passed: 0, failed: 0, skipped: 0 };
const skippedTitles = [];
for (const name of asked.length > 0 ? asked : Object.keys(stages)) {
  if (process.exitCode === 130) break;
  const started = performance.now();
  console.log(`\n=== ${name}`);
  const result = await stages[name]();
  for (const key of Object.keys(total)) total[key] += result[key];
  skippedTitles.push(...result.skippedTitles);
  console.log(`=== ${name}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped, ${((performance.now() - started) / 1000).toFixed(0)} s`);
}
for (const title of skippedTitles) console.log(`skipped: ${title}`);
if (process.exitCode !== 130) process.exitCode = total.failed === 0 ? 0 : 1;
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);

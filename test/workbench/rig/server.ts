// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../../../core/model/failure';
import { LineSplitter, run } from '../../../core/platform/process';
import type { Lifetime } from './lifetime';
import type { VsCodeHost } from './provision';

export interface ServerOptions {
  /** Settings, extensions, logs and sockets of this server; short, for the sockets' sake. */
  readonly dataDir: string;
  /** Makes every request show this token; without it the server answers anybody on this machine. */
  readonly tokenFile?: string;
  /** 0, any free one, unless said. */
  readonly port?: number;
  /** Lets a page start the extension tests: a built workbench ignores them otherwise. */
  readonly testDriver?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

export interface CodeServer {
  readonly port: number;
  /** Resolves with the exit code when the server has ended for whatever reason. */
  readonly closed: Promise<number | null>;
}

/** Without a network, name look-ups of VS Code's own extensions hold the threads that files are read with. */
const MANY_THREADS = { UV_THREADPOOL_SIZE: '64' };

const STOP_LIMIT_MS = 5000;
/** Nothing is looked up in a marketplace. */
const NO_GALLERY = { EXTENSIONS_GALLERY: '{"serviceUrl":""}' };

/** Starts VS Code's server on a free loopback port; it ends, with all its children, when the run does. */
export async function startServer(host: VsCodeHost, lifetime: Lifetime, options: ServerOptions): Promise<CodeServer> {
  const args = ['--host', '127.0.0.1', '--port', String(options.port ?? 0), '--accept-server-license-terms', '--telemetry-level', 'off', '--server-data-dir', options.dataDir];
  args.push(...(options.tokenFile === undefined ? ['--without-connection-token'] : ['--connection-token-file', options.tokenFile]));
  if (options.testDriver === true) args.push('--enable-smoke-test-driver');
  const child = spawn(host.node, [host.serverMain, ...args], {
    env: { ...process.env, ...NO_GALLERY, ...MANY_THREADS, TMPDIR: options.dataDir, XDG_RUNTIME_DIR: options.dataDir, ...lifetime.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const closed = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  lifetime.defer(async () => {
    signalGroup(child.pid, 'SIGTERM');
    const late = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), STOP_LIMIT_MS);
    await closed;
    clearTimeout(late);
  });
  const log = fs.createWriteStream(path.join(options.dataDir, 'server.log'), { flags: 'a' });
  const output: string[] = [];
  const port = new Promise<number | undefined>((resolve) => {
    const lines = new LineSplitter((line) => {
      log.write(`${line}\n`);
      if (output.length < 100) output.push(line);
      const listening = /^Extension host agent listening on (\d+)/.exec(line);
      if (listening) resolve(Number(listening[1]));
      else if (/Error: listen E[A-Z]+/.test(line)) resolve(undefined); // it says so, and stays
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => lines.push(chunk));
    void Promise.race([closed, lifetime.stopped()]).then(() => resolve(undefined));
  });
  const listening = await port;
  if (lifetime.signal.aborted) throw Failure.cancelled('The VS Code server was not started.');
  if (listening === undefined) throw notStarted(options.port, output.join('\n'));
  return { port: listening, closed };
}

function notStarted(port: number | undefined, detail: string): Failure {
  const taken = detail.includes('EADDRINUSE');
  return new Failure({
    code: taken ? 'workbench-port-taken' : 'workbench-server',
    what: 'The VS Code server did not start.',
    why: taken ? `Port ${port ?? 0} is in use by another program.` : 'It ended before it listened.',
    next: taken ? 'Choose another port, or leave the choice to the server.' : 'Read its output below.',
    detail,
  });
}

/** Installs a packaged extension into a server's data folder. */
export async function installExtension(host: VsCodeHost, lifetime: Lifetime, dataDir: string, vsix: string): Promise<void> {
  const argv = [host.node, host.serverMain, '--server-data-dir', dataDir, '--install-extension', vsix];
  const result = await run(argv, { env: { ...process.env, ...NO_GALLERY, ...lifetime.env }, signal: lifetime.signal });
  if (result.exitCode !== 0) throw new Error(`${path.basename(vsix)} could not be installed:\n${result.stdout}\n${result.stderr}`);
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, signal);
  } catch {
    // the group has ended
  }
}

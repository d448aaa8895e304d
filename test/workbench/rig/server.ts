// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { LineSplitter, run } from '../../../core/platform/process';
import type { Lifetime } from './lifetime';
import type { VsCodeHost } from './provision';

export interface ServerOptions {
  /** Settings, extensions, logs and sockets of this server; short, for the sockets' sake. */
  readonly dataDir: string;
  /** Makes every request show this token; without it the server answers anybody on this machine. */
  readonly tokenFile?: string;
  /** Lets a page start the extension tests: a built workbench ignores them otherwise. */
  readonly testDriver?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

export interface CodeServer {
  readonly port: number;
  /** Resolves with the exit code when the server has ended for whatever reason. */
  readonly closed: Promise<number | null>;
}

const STOP_LIMIT_MS = 5000;

/** Starts VS Code's server on a free loopback port; it ends, with all its children, when the run does. */
export async function startServer(host: VsCodeHost, lifetime: Lifetime, options: ServerOptions): Promise<CodeServer> {
  const args = ['--host', '127.0.0.1', '--port', '0', '--accept-server-license-terms', '--telemetry-level', 'off', '--server-data-dir', options.dataDir];
  args.push(...(options.tokenFile === undefined ? ['--without-connection-token'] : ['--connection-token-file', options.tokenFile]));
  if (options.testDriver === true) args.push('--enable-smoke-test-driver');
  const child = spawn(host.node, [host.serverMain, ...args], {
    env: { ...process.env, EXTENSIONS_GALLERY: '{"serviceUrl":""}', ...lifetime.env, ...options.env },
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
  const port = new Promise<number>((resolve) => {
    const lines = new LineSplitter((line) => {
      log.write(`${line}\n`);
      const listening = /^Extension host agent listening on (\d+)/.exec(line);
      if (listening) resolve(Number(listening[1]));
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => lines.push(chunk));
  });
  const first = await Promise.race([port, closed.then((code) => ({ code }))]);
  if (typeof first === 'object') throw new Error(`The VS Code server ended with ${first.code}:\n${fs.readFileSync(path.join(options.dataDir, 'server.log'), 'utf8')}`);
  return { port: first, closed };
}

/** Installs a packaged extension into a server's data folder. */
export async function installExtension(host: VsCodeHost, lifetime: Lifetime, dataDir: string, vsix: string): Promise<void> {
  const argv = [host.node, host.serverMain, '--server-data-dir', dataDir, '--install-extension', vsix];
  const result = await run(argv, { env: { ...process.env, EXTENSIONS_GALLERY: '{"serviceUrl":""}', ...lifetime.env }, signal: lifetime.signal });
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

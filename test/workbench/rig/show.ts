// SPDX-License-Identifier: MIT
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ExitCode, Failure } from '../../../core/model/failure';
import { userDirs } from '../../../core/platform/dirs';
import { Lifetime } from './lifetime';
import { provideVsCode } from './provision';
import { consoleProgress } from './report';
import { installExtension, startServer } from './server';
import { QUIET, writeUserSettings } from './settings';
import { packageExtension } from './vsix';
import { ROOT } from './workspace';

/**
 * Shows the built extension in a VS Code in the person's own browser, until Ctrl-C. The folder is the real
 * `module/`, not a copy: what is edited there is meant to stay. Everything else is temporary.
 * @returns the exit code
 */
export async function show(argv: readonly string[]): Promise<number> {
  const port = readPort(argv);
  const lifetime = new Lifetime().stopOnSignals();
  try {
    const progress = consoleProgress();
    const host = await provideVsCode({ progress, signal: lifetime.signal });
    progress.step('Installing the extension');
    const dataDir = lifetime.temporaryFolder('kmodlab-workbench');
    await installExtension(host, lifetime, dataDir, await packageExtension(lifetime));
    writeUserSettings(dataDir, QUIET);
    const token = crypto.randomBytes(24).toString('base64url');
    const tokenFile = path.join(dataDir, 'token');
    fs.writeFileSync(tokenFile, token, { mode: 0o600 });
    const server = await startServer(host, lifetime, { dataDir, tokenFile, port, env: { KMODLAB_RUNTIME_DIR: userDirs().runtime } });
    const query = new URLSearchParams({ tkn: token, folder: path.join(ROOT, 'module') });
    console.log(`\nVS Code ${host.version} with Kernel Module Lab is at\n\n  http://127.0.0.1:${server.port}/?${query.toString()}\n\nPress F1 there and choose "Load device2". Ctrl-C here ends it.`);
    const end = await Promise.race([server.closed, lifetime.stopped()]);
    if (lifetime.signal.aborted) return ExitCode.ok;
    throw new Failure({
      code: 'workbench-server-ended',
      what: 'The VS Code server has ended.',
      why: `It ended by itself with exit code ${String(end)}.`,
      next: 'Run the command again.',
      detail: fs.readFileSync(path.join(dataDir, 'server.log'), 'utf8'),
    });
  } catch (error) {
    if (lifetime.signal.aborted) return ExitCode.cancelled;
    throw error;
  } finally {
    await lifetime.end();
  }
}

/** The port to listen on; 0, any free one, unless `--port` says more: a fixed one can be forwarded from another machine. */
function readPort(argv: readonly string[]): number {
  try {
    const port = Number(parseArgs({ args: [...argv], options: { port: { type: 'string', default: '0' } } }).values.port);
    if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  } catch {
    // an option that does not exist: answered below
  }
  throw new Failure({
    code: 'workbench-usage',
    what: `\`npm run workbench\` cannot be started with ${argv.join(' ')}.`,
    why: 'It takes one option, --port NUMBER, from 0 (any free port) to 65535.',
    next: 'Try `npm run workbench` or `npm run workbench -- --port 8080`.',
    exitCode: ExitCode.usage,
  });
}

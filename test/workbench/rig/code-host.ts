// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import type { Page } from 'playwright-core';
import type { ProvidedTool } from '../../../core/packages';
import { openBrowser, provideChromium } from './browser';
import { keepEvidence } from './evidence';
import { Lifetime } from './lifetime';
import { provideVsCode, type VsCodeHost } from './provision';
import { consoleProgress } from './report';
import { TEST_OUTPUT } from './results';
import { startServer } from './server';
import { DRIVEN, writeUserSettings } from './settings';

/** Exit codes beside those of the test runner itself. */
export const CodeHostExit = { timedOut: 124, pageCrashed: 125, serverEnded: 126, noProof: 99, leftovers: 98, cancelled: 130 } as const;

interface Arguments {
  readonly folder: string | undefined;
  readonly extensionDevelopmentPaths: readonly string[];
  readonly extensionTestsPath: string;
}

interface Proof {
  readonly ok: boolean;
  readonly error?: string;
}

/** Reads what @vscode/test-electron passes to `code`; flags that only a desktop understands are left alone. */
export function parseArguments(argv: readonly string[]): Arguments {
  const values = (name: string): string[] => argv.flatMap((arg) => (arg.startsWith(`--${name}=`) ? [path.resolve(arg.slice(name.length + 3))] : []));
  const extensionTestsPath = values('extensionTestsPath').at(-1);
  if (extensionTestsPath === undefined) throw new RangeError('--extensionTestsPath=FILE is missing');
  const folder = argv.find((arg) => !arg.startsWith('-'));
  return { folder: folder === undefined ? undefined : path.resolve(folder), extensionDevelopmentPaths: values('extensionDevelopmentPath'), extensionTestsPath };
}

/**
 * Runs an extension's tests as the desktop `code` executable would: in the extension host of a real VS Code,
 * whose workbench is open in a browser. Says why when the answer is not the tests' own.
 * @returns the exit code
 */
export async function codeHost(argv: readonly string[], limitSeconds: number): Promise<number> {
  const request = parseArguments(argv);
  const lifetime = new Lifetime().stopOnSignals();
  let code: number = CodeHostExit.cancelled;
  try {
    const work = { progress: consoleProgress(), signal: lifetime.signal };
    const host = await provideVsCode(work);
    const chromium = await provideChromium(work);
    code = await runIn(host, chromium, request, lifetime, limitSeconds);
  } finally {
    const killed = await lifetime.end();
    for (const command of killed) console.error(`code-host: had to kill ${command}`);
    if (killed.length > 0 && code === 0) code = CodeHostExit.leftovers;
  }
  return code;
}

async function runIn(host: VsCodeHost, chromium: ProvidedTool, request: Arguments, lifetime: Lifetime, limitSeconds: number): Promise<number> {
  const dataDir = lifetime.temporaryFolder('kmodlab-code');
  const proofFile = path.join(dataDir, 'proof.json');
  writeUserSettings(dataDir, DRIVEN);
  const server = await startServer(host, lifetime, { dataDir, testDriver: true });
  const page = await openBrowser(chromium, lifetime, dataDir);
  const timeLimit = new Promise<number>((resolve) => {
    const timer = setTimeout(() => resolve(CodeHostExit.timedOut), limitSeconds * 1000);
    lifetime.defer(() => clearTimeout(timer));
  });
  const end = await Promise.race([
    runTests(page, server.port, { ...request, extensionTestsPath: writeWrapper(dataDir, request.extensionTestsPath, proofFile) }, dataDir),
    server.closed.then(() => CodeHostExit.serverEnded),
    lifetime.stopped().then(() => CodeHostExit.cancelled),
    timeLimit,
  ]);
  const code = judge(end, proofFile, limitSeconds);
  if (code !== 0 && code !== CodeHostExit.cancelled) console.error(`code-host: the logs are in ${await keepEvidence(dataDir, page)}`);
  return code;
}

/** A runner around the tests' own that leaves a proof: a workbench whose extension host has died reports success. */
function writeWrapper(dataDir: string, testsPath: string, proofFile: string): string {
  const wrapper = path.join(dataDir, 'runner.cjs');
  fs.writeFileSync(
    wrapper,
    `const fs = require('node:fs');
const leave = (proof) => fs.writeFileSync(${JSON.stringify(proofFile)}, JSON.stringify(proof));
exports.run = async () => {
  try {
    await require(${JSON.stringify(testsPath)}).run();
    leave({ ok: true });
  } catch (error) {
    leave({ ok: false, error: String(error && error.stack || error) });
    throw error instanceof Error ? error : new Error(String(error));
  }
};
`,
  );
  return wrapper;
}

/** Opens the workbench with the tests as payload; resolves with the code that it reports. */
async function runTests(page: Page, port: number, request: Arguments, dataDir: string): Promise<number> {
  const log = fs.createWriteStream(path.join(dataDir, 'tests.log'));
  const end = new Promise<number>((resolve) => {
    page.on('crash', () => resolve(CodeHostExit.pageCrashed));
    void page.exposeFunction('codeAutomationExit', resolve);
  });
  await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) => {
    const text = format(...args);
    log.write(`${type}: ${text}\n`);
    if (text.startsWith(TEST_OUTPUT)) console.log(text.slice(TEST_OUTPUT.length));
  });
  const uri = (file: string): string => `vscode-remote://127.0.0.1:${port}${encodeURI(file)}`;
  const payload = [
    ...request.extensionDevelopmentPaths.map((dir) => ['extensionDevelopmentPath', uri(dir)]),
    ['extensionTestsPath', uri(request.extensionTestsPath)],
    ['enableProposedApi', ''],
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
  ];
  const folder = request.folder ?? fs.mkdtempSync(path.join(dataDir, 'empty-'));
  const query = new URLSearchParams({ [folder.endsWith('.code-workspace') ? 'workspace' : 'folder']: folder, payload: JSON.stringify(payload) });
  await page.goto(`http://127.0.0.1:${port}/?${query.toString()}`);
  return end;
}

function judge(code: number, proofFile: string, limitSeconds: number): number {
  const reasons: Record<number, string> = {
    [CodeHostExit.timedOut]: `no end after ${limitSeconds} s`,
    [CodeHostExit.pageCrashed]: 'the page crashed',
    [CodeHostExit.serverEnded]: 'the VS Code server ended by itself',
    [CodeHostExit.cancelled]: 'cancelled',
  };
  if (code in reasons) {
    console.error(`code-host: ${reasons[code] ?? ''}`);
    return code;
  }
  const proof = fs.existsSync(proofFile) ? (JSON.parse(fs.readFileSync(proofFile, 'utf8')) as Proof) : undefined;
  if (proof === undefined) {
    console.error('code-host: the test runner never came to its end: the extension host died');
    return code === 0 ? CodeHostExit.noProof : code;
  }
  if (proof.error !== undefined) console.error(`code-host: ${proof.error}`);
  return proof.ok ? code : code || 1;
}

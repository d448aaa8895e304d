// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { Failure } from '../../../core/model/failure';
import { PackageStore, type ProvidedTool } from '../../../core/packages';
import { userDirs } from '../../../core/platform/dirs';
import type { Lifetime } from './lifetime';
import type { Work } from './provision';

const FLAGS = [
  '--no-sandbox', // it opens pages of our own on loopback only, and runs as root in CI
  '--headless=new',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Finds Chromium (`KMODLAB_CHROMIUM` names another than the one on PATH), or fetches it privately.
 * @throws Failure `workbench-chromium`
 */
export async function provideChromium(work: Work): Promise<ProvidedTool> {
  const chosen = process.env['KMODLAB_CHROMIUM'];
  if (chosen) return { argv: [chosen], env: {}, version: 'as chosen', from: 'system' };
  try {
    return await new PackageStore(userDirs(), { log: (line) => work.progress.log(line) }).provideTool('chromium', work);
  } catch (error) {
    throw new Failure({
      code: 'workbench-chromium',
      what: 'There is no Chromium to show VS Code in.',
      why: 'It is not on PATH, and a private copy could not be made.',
      next: 'Install it (`apt-get install chromium`) and run the command again.',
      detail: Failure.from(error).message,
    });
  }
}

/** Opens a headless browser with a profile of its own; `browser.log` in `dataDir` keeps what its pages complain about. */
export async function openBrowser(tool: ProvidedTool, lifetime: Lifetime, dataDir: string, viewport = { width: 1400, height: 900 }): Promise<Page> {
  const [executablePath, ...leading] = tool.argv;
  if (executablePath === undefined) throw new RangeError('Chromium has an empty argument vector');
  const context = await chromium.launchPersistentContext(path.join(dataDir, 'chromium'), {
    executablePath,
    headless: true,
    viewport,
    args: [...leading, ...FLAGS],
    env: { ...(process.env as Record<string, string>), ...tool.env, ...lifetime.env },
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  lifetime.defer(() => context.close());
  const page = context.pages()[0] ?? (await context.newPage());
  const log = fs.createWriteStream(path.join(dataDir, 'browser.log'), { flags: 'a' });
  page.on('console', (message) => log.write(`${message.type()}: ${message.text()}\n`));
  page.on('pageerror', (error) => log.write(`page error: ${error.stack ?? error.message}\n`));
  page.on('requestfailed', (request) => log.write(`request failed: ${request.url()} ${request.failure()?.errorText ?? ''}\n`));
  return page;
}

// SPDX-License-Identifier: MIT
// Syscall Results in a real browser without VS Code around it: the webview's own files, the extension's own controller.
import fs from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { NO_FILTER } from '../../core/results/filter';
import type { LoadSession } from '../../core/model';
import { ResultsController, type ShownSession } from '../../extension/src/results/results-controller';
import type { ResultsToHost, ResultsToView } from '../../media/protocol';
import { ROOT } from '../support/cli';
import { openBrowser, provideChromium } from '../workbench/rig/browser';
import { Lifetime } from '../workbench/rig/lifetime';
import { consoleProgress } from '../workbench/rig/report';

const BRIDGE = `
window.acquireVsCodeApi = () => {
  let state;
  return {
    postMessage: (message) => window.toHost(message),
    getState: () => state,
    setState: (next) => { state = next; },
  };
};`;

interface BrowserWindow {
  postMessage(message: unknown, origin: string): void;
}

export interface ResultsPage {
  readonly page: Page;
  readonly controller: ResultsController;
  /** Shows a session as if it had just been opened. */
  show(session: LoadSession): void;
  end(): Promise<void>;
}

/** @param style more style sheets, e.g. a theme's variables */
export async function openResultsPage(style = ''): Promise<ResultsPage> {
  const lifetime = new Lifetime().stopOnSignals();
  const tool = await provideChromium({ progress: consoleProgress(), signal: lifetime.signal });
  const page = await openBrowser(tool, lifetime, lifetime.temporaryFolder('kmodlab-page'));
  const send = (message: ResultsToView): void => void page.evaluate((data) => (globalThis as unknown as BrowserWindow).postMessage(data, '*'), message).catch(() => undefined); // the page may have ended
  const controller = new ResultsController(send);
  const ready = new Promise<void>((resolve) => {
    void page.exposeFunction('toHost', (message: ResultsToHost) => {
      if (message.type === 'ready') resolve();
      else controller.onMessage(message);
    });
  });
  const media = (name: string): string => fs.readFileSync(path.join(ROOT, 'dist/media', name), 'utf8');
  await page.setContent('<!DOCTYPE html><html lang="en"><head><title>Syscall Results</title></head><body class="vscode-body"><main id="app"></main><div id="live" class="sr-only" role="status" aria-live="polite"></div></body></html>');
  await page.addStyleTag({ content: media('results.css') });
  if (style !== '') await page.addStyleTag({ content: style });
  await page.addScriptTag({ content: BRIDGE });
  await page.addScriptTag({ content: media('results.js') });
  await ready;
  controller.restart(NO_FILTER);
  return {
    page,
    controller,
    show: (session) => {
      const shown: ShownSession = { id: session.id, session: () => session };
      controller.show(shown);
    },
    end: async () => {
      controller.dispose();
      await lifetime.end();
    },
  };
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';

/** Screenshots and logs: in a folder that git ignores, or where `KMODLAB_SHOTS_DIR` says. */
export const SHOTS = process.env['KMODLAB_SHOTS_DIR'] ?? path.resolve(__dirname, '../../../.shots');

/**
 * Saves what a failed run leaves behind: our logs, VS Code's own, and the page as it is.
 * @returns the folder
 */
export async function keepEvidence(dataDir: string, page: Page | undefined): Promise<string> {
  const target = path.join(SHOTS, `failed-${new Date().toISOString().replace(/[:.]/g, '-')}`);
  fs.mkdirSync(target, { recursive: true });
  for (const name of fs.readdirSync(dataDir)) {
    if (name.endsWith('.log') || name === 'proof.json') fs.copyFileSync(path.join(dataDir, name), path.join(target, name));
  }
  const logs = path.join(dataDir, 'data/logs');
  if (fs.existsSync(logs)) fs.cpSync(logs, path.join(target, 'vscode'), { recursive: true });
  await page?.screenshot({ path: path.join(target, 'page.png') }).catch(() => undefined); // a crashed page has no picture
  return target;
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { run } from '../../../core/platform/process';
import type { Lifetime } from './lifetime';
import { ROOT } from './workspace';

/**
 * Packages the extension as its sources are now (`npm run package`); `KMODLAB_VSIX` names a package that is ready.
 * @returns the `.vsix`
 */
export async function packageExtension(lifetime: Lifetime): Promise<string> {
  const ready = process.env['KMODLAB_VSIX'];
  if (ready !== undefined) return path.resolve(ready);
  const result = await run([process.execPath, path.join(ROOT, 'scripts/package.mjs')], { cwd: ROOT, signal: lifetime.signal, env: { ...process.env, ...lifetime.env } });
  if (result.exitCode !== 0) throw new Error(`The extension could not be packaged:\n${result.stdout}\n${result.stderr}`);
  const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { name: string; version: string };
  return path.join(ROOT, `${manifest.name}-${manifest.version}.vsix`);
}

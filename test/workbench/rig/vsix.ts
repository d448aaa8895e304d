// SPDX-License-Identifier: MIT
import path from 'node:path';
import { run } from '../../../core/platform/process';
import type { Lifetime } from './lifetime';
import { ROOT } from './workspace';

/**
 * Packages the extension as it is built now; `KMODLAB_VSIX` names a package that is ready.
 * @returns the `.vsix`
 */
export async function packageExtension(lifetime: Lifetime): Promise<string> {
  const ready = process.env['KMODLAB_VSIX'];
  if (ready !== undefined) return path.resolve(ready);
  const vsix = path.join(lifetime.temporaryFolder('kmodlab-vsix'), 'kmodlab.vsix');
  const vsce = path.join(ROOT, 'node_modules/@vscode/vsce/vsce');
  const result = await run([process.execPath, vsce, 'package', '--no-dependencies', '--out', vsix], { cwd: ROOT, signal: lifetime.signal, env: { ...process.env, ...lifetime.env } });
  if (result.exitCode !== 0) throw new Error(`The extension could not be packaged:\n${result.stdout}\n${result.stderr}`);
  return vsix;
}

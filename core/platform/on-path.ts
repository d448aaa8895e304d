// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';

/** The program of that name on PATH, as a shell would find it; null when there is none. */
export function onPath(name: string, env: NodeJS.ProcessEnv): string | null {
  for (const folder of (env['PATH'] ?? '').split(':')) {
    if (folder === '') continue;
    const file = path.join(folder, name);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (fs.statSync(file).isFile()) return file;
    } catch {
      // Not here: the next folder.
    }
  }
  return null;
}

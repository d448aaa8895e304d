// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';

const MAX_FOLDERS = 64;

/** Watches the folders of files that matter, for clients that do not watch files themselves. */
export class DiskWatch {
  private readonly watchers = new Map<string, fs.FSWatcher>();

  /** @param onChange told of the absolute path of what appeared, changed or went */
  constructor(private readonly onChange: (file: string) => void) {}

  /** Watches the folders of these files, and no others. */
  follow(files: Iterable<string>): void {
    const folders = new Set<string>();
    for (const file of files) if (folders.size < MAX_FOLDERS) folders.add(path.dirname(file));
    for (const [folder, watcher] of this.watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.watchers.delete(folder);
    }
    for (const folder of folders) if (!this.watchers.has(folder)) this.watch(folder);
  }

  private watch(folder: string): void {
    try {
      const watcher = fs.watch(folder, { persistent: false }, (_event, name) => {
        if (name !== null) this.onChange(path.join(folder, name));
      });
      const end = (): void => {
        watcher.close();
        if (this.watchers.get(folder) === watcher) this.watchers.delete(folder);
      };
      watcher.on('error', end);
      this.watchers.set(folder, watcher);
    } catch {
      // there is no such folder, or the system has no watch left: it is looked at with the next change
    }
  }
}

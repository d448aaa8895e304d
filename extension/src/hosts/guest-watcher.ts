// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import { guestsFolder, listGuests } from '../../../core/guest/manage';
import { Failure } from '../../../core/model';
import { ensurePrivateDir, type Dirs } from '../../../core/platform/dirs';
import { Emitter } from '../emitter';
import type { GuestView } from '../tree/hosts-tree';
import { Coalesced } from '../webviews/coalesce';

/** The guests of this user, whichever process opened them: read again when their folder changes, while somebody looks. */
export class GuestWatcher {
  private readonly changed = new Emitter<void>();
  private readonly reread = new Coalesced(() => void this.read());
  private readonly folder: string;
  private watcher: fs.FSWatcher | undefined;
  private guests: ReadonlyMap<string, GuestView> = new Map();

  constructor(
    dirs: Pick<Dirs, 'runtime'>,
    private readonly log: (line: string) => void,
  ) {
    this.folder = guestsFolder(dirs);
  }

  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  /** Begins to watch; from then on `all` is kept up to date. */
  watch(): void {
    if (this.watcher) return;
    this.watcher = fs.watch(ensurePrivateDir(this.folder), () => this.reread.request());
    this.watcher.on('error', (error) => this.log(`The guests are not watched any more: ${error.message}`));
    this.reread.request();
  }

  /** By their ids, `guest:6.1-cloud`. */
  get all(): ReadonlyMap<string, GuestView> {
    return this.guests;
  }

  dispose(): void {
    this.watcher?.close();
    this.reread.dispose();
    this.changed.dispose();
  }

  private async read(): Promise<void> {
    try {
      const running = await listGuests(this.folder);
      this.guests = new Map(running.map(({ name, release }) => [`guest:${name}`, { state: 'running', release, diskBytes: null }]));
      this.changed.fire();
    } catch (error) {
      this.log(`The guests were not read: ${Failure.from(error).message}`);
    }
  }
}

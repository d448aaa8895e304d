// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { Failure, type LoadSession } from '../../../core/model';
import { ensurePrivateDir } from '../../../core/platform/dirs';
import type { SessionStore } from '../../../core/sessions/store';
import type { SessionFeed, SessionOrigin } from './session-feed';

export interface SessionWatcherDeps {
  readonly store: SessionStore;
  readonly feed: SessionFeed;
  /** How a session that another process started is taken; null when it is none of this window's business. */
  readonly originOf: (session: LoadSession) => SessionOrigin | null;
  readonly onError: (failure: Failure) => void;
}

/** Follows the journals of loads that other processes (tasks, the CLI, other windows) start from now on. */
export class SessionWatcher {
  private readonly abort = new AbortController();
  private readonly seen = new Set<string>();
  private readonly watcher: fs.FSWatcher;

  constructor(private readonly deps: SessionWatcherDeps) {
    const folder = ensurePrivateDir(deps.store.folder);
    for (const name of fs.readdirSync(folder)) this.seen.add(path.parse(name).name);
    this.watcher = fs.watch(folder, (_event, name) => {
      if (name?.endsWith('.jsonl')) this.follow(path.parse(name).name);
    });
    this.watcher.on('error', (error) => deps.onError(Failure.from(error)));
  }

  dispose(): void {
    this.abort.abort();
    this.watcher.close();
  }

  private follow(id: string): void {
    const { store, feed, originOf, onError } = this.deps;
    if (this.seen.has(id)) return;
    this.seen.add(id);
    if (feed.has(id)) return;
    let origin: SessionOrigin | null = null;
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.abort.signal]);
    store
      .follow(
        id,
        (event) => {
          if (event.type === 'started') origin = originOf(event.session);
          if (origin === null) stop.abort();
          else feed.push(id, event, origin);
        },
        signal,
      )
      .catch((error: unknown) => {
        if (!signal.aborted) onError(Failure.from(error));
      });
  }
}

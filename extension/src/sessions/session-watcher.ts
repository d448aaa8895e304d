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
  /** Whether the kernel that a session left its module in runs still. */
  readonly isStillThere: (session: LoadSession) => boolean;
  readonly onError: (failure: Failure) => void;
}

/** Follows the journals of loads that other processes (tasks, the CLI, other windows) start from now on, and of those that they left loaded before. */
export class SessionWatcher {
  private readonly abort = new AbortController();
  private readonly seen = new Set<string>();
  /** Those of `seen` that were there before this window. */
  private readonly earlier: ReadonlySet<string>;
  private readonly watcher: fs.FSWatcher;

  constructor(private readonly deps: SessionWatcherDeps) {
    const folder = ensurePrivateDir(deps.store.folder);
    for (const name of fs.readdirSync(folder)) this.seen.add(path.parse(name).name);
    this.earlier = new Set(this.seen);
    this.watcher = fs.watch(folder, (_event, name) => {
      if (name?.endsWith('.jsonl')) this.followNew(path.parse(name).name);
      else if (name?.endsWith('.json')) this.onEnded(path.parse(name).name);
    });
    this.watcher.on('error', (error) => deps.onError(Failure.from(error)));
  }

  dispose(): void {
    this.abort.abort();
    this.watcher.close();
  }

  /** Follows the sessions from before this window whose module was left loaded, the newest last. */
  async followLeft(): Promise<void> {
    const { store, originOf, isStillThere } = this.deps;
    const left = (await store.list()).filter(({ id, end }) => end?.state === 'loaded' && this.earlier.has(id)).reverse();
    for (const { id } of left) this.follow(id, (session) => (isStillThere(session) && originOf(session) !== null ? 'left' : null));
  }

  /** The window before this one may leave its modules only now. */
  private onEnded(id: string): void {
    if (this.earlier.has(id) && !this.deps.feed.has(id)) this.followLeft().catch((error: unknown) => this.deps.onError(Failure.from(error)));
  }

  private followNew(id: string): void {
    if (this.seen.has(id)) return;
    this.seen.add(id);
    this.follow(id, this.deps.originOf);
  }

  private follow(id: string, originOf: SessionWatcherDeps['originOf']): void {
    const { store, feed, onError } = this.deps;
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

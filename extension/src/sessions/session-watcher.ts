// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { Failure, type LoadSession, type SessionEnd } from '../../../core/model';
import { ensurePrivateDir } from '../../../core/platform/dirs';
import type { LockHolder } from '../../../core/platform/lock';
import type { SessionStore } from '../../../core/sessions/store';
import type { SessionSummary } from '../../../core/sessions/summary';
import { hostIdOf } from '../hosts/host-id';
import type { SessionFeed, SessionOrigin } from './session-feed';

export interface SessionWatcherDeps {
  readonly store: SessionStore;
  readonly feed: SessionFeed;
  /** How a session that another process started is taken; null when it is none of this window's business. */
  readonly originOf: (session: LoadSession) => SessionOrigin | null;
  /** Whether the kernel that a session left its module in runs still. */
  readonly isStillThere: (session: LoadSession) => boolean;
  /** The process that has a module of a host in its hands now. */
  readonly holderOf: (hostId: string, module: string) => Promise<LockHolder | null>;
  readonly onError: (failure: Failure) => void;
}

type OriginOf = SessionWatcherDeps['originOf'];

/** Follows the journals of loads that other processes (tasks, the CLI, other windows) make now or from now on, and of those that they left loaded before. */
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

  /** Follows the sessions from before this window: those that another process still works on, and those whose module was left loaded, the newest last. */
  async followEarlier(): Promise<void> {
    const looked = new Set<string>();
    for (const summary of (await this.deps.store.list()).filter(({ id }) => this.earlier.has(id))) {
      const key = `${summary.hostKind} ${summary.host} ${summary.module}`;
      if (summary.end === null && !looked.has(key)) await this.followUnended(summary); // an older one's process can only be gone
      if (summary.end === null || summary.end.state === 'loaded') looked.add(key);
    }
    await this.followLeft();
  }

  private async followLeft(): Promise<void> {
    const left = (await this.deps.store.list()).filter(({ id, end }) => end?.state === 'loaded' && this.earlier.has(id)).reverse();
    for (const { id } of left) this.follow(id, this.asLeft);
  }

  /** A session without an end: its process is at work still, or ended without a word. */
  private async followUnended(summary: SessionSummary): Promise<void> {
    const { holderOf, store } = this.deps;
    const holder = await holderOf(hostIdOf({ kind: summary.hostKind, name: summary.host }), summary.module);
    holder?.leave(); // asked again once it is followed
    if (holder) this.follow(summary.id, this.deps.originOf);
    else if ((await store.readGently(summary.id)).devices !== undefined) this.follow(summary.id, this.asLeft);
  }

  private readonly asLeft: OriginOf = (session) => (this.deps.isStillThere(session) && this.deps.originOf(session) !== null ? 'left' : null);

  /** The window before this one may leave its modules only now. */
  private onEnded(id: string): void {
    if (this.earlier.has(id) && !this.deps.feed.has(id)) this.followLeft().catch((error: unknown) => this.deps.onError(Failure.from(error)));
  }

  private followNew(id: string): void {
    if (this.seen.has(id)) return;
    this.seen.add(id);
    this.follow(id, this.deps.originOf);
  }

  private follow(id: string, originOf: OriginOf): void {
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
          if (origin === null) {
            stop.abort();
            return;
          }
          feed.push(id, event, origin);
          if (event.type === 'started') this.attend(event.session, origin).catch((error: unknown) => onError(Failure.from(error)));
        },
        signal,
      )
      .catch((error: unknown) => {
        if (!signal.aborted) onError(Failure.from(error));
      });
  }

  /** Tells which process is at work on a session, and ends the session for this window where that process ends without doing so. */
  private async attend({ id, host, module }: LoadSession, origin: SessionOrigin): Promise<void> {
    const { store, feed, holderOf } = this.deps;
    const { signal } = this.abort;
    const holder = await holderOf(hostIdOf(host), module.name);
    if (holder) {
      const leave = (): void => holder.leave();
      signal.addEventListener('abort', leave, { once: true });
      if (holder.pid !== null && holder.pid !== process.pid) feed.tellLoader(id, holder.pid);
      await holder.released;
      signal.removeEventListener('abort', leave);
    }
    if (signal.aborted) return;
    const { end, devices } = await store.readGently(id);
    if (end === null) feed.push(id, { type: 'ended', endedAt: new Date().toISOString(), end: withoutWord(devices !== undefined) }, origin);
  }
}

function withoutWord(isInserted: boolean): SessionEnd {
  const reason = 'The process that loaded it ended without a word.';
  return isInserted ? { state: 'loaded', reason } : { state: 'cancelled', reason };
}

// SPDX-License-Identifier: MIT
import type { CharacterDevice, HostIdentity, LoadSession, PreflightLine, SessionEnd, SessionEvent } from '../../../core/model';
import { SessionFold } from '../../../core/sessions/journal';
import { Emitter } from '../emitter';
import { CallSiteIndex, type CallSites } from './call-sites';

/** Who started a load: it decides what may come to the front. `other` is another window or a terminal, `left` is from before this window opened. */
export type SessionOrigin = 'command' | 'debug' | 'task' | 'other' | 'left';

/** A session as it grows. */
export class LiveSession {
  private readonly fold = new SessionFold();
  private readonly sites = new CallSiteIndex();
  private copy: LoadSession | undefined;
  private lastEnd: SessionEnd | null;
  private checked: readonly PreflightLine[];
  private registered: readonly CharacterDevice[] | undefined;
  /** The other process that loads it, or keeps it loaded, now; null: this one, or none. */
  loader: number | null = null;
  readonly id: string;
  readonly moduleName: string;
  /** Absolute path of the module's folder. */
  readonly folder: string;
  readonly host: HostIdentity;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly parameters: Readonly<Record<string, string>>;

  constructor(
    started: LoadSession,
    readonly origin: SessionOrigin,
  ) {
    this.id = started.id;
    this.moduleName = started.module.name;
    this.folder = started.module.folder;
    this.host = started.host;
    this.startedAt = started.startedAt;
    this.registered = started.devices;
    this.parameters = started.parameters;
    this.lastEnd = started.end;
    this.checked = started.preflight;
    this.apply({ type: 'started', session: started });
  }

  apply(event: SessionEvent): void {
    this.fold.push(event);
    this.copy = undefined;
    if (event.type === 'ended') {
      this.lastEnd = event.end;
      this.loader = null;
    }
    if (event.type === 'preflight') this.checked = event.lines;
    if (event.type === 'devices') this.registered = event.devices;
  }

  /** What was checked before insmod. */
  get preflight(): readonly PreflightLine[] {
    return this.checked;
  }

  /** The character devices that it registered, with their nodes. */
  get devices(): readonly CharacterDevice[] {
    return this.registered ?? [];
  }

  get end(): SessionEnd | null {
    return this.lastEnd;
  }

  /** The session so far; copies it, so ask once for what is to be shown, not at every event. */
  session(): LoadSession {
    this.copy ??= this.fold.session() ?? undefined;
    if (!this.copy) throw new Error('a live session begins with its started event');
    return this.copy;
  }

  /** Where its calls were made so far. */
  callSites(): CallSites {
    return this.sites.update(this.session());
  }

  /** The module is in the kernel, or on its way there, as far as the events tell. */
  get isLoaded(): boolean {
    return this.lastEnd === null || this.lastEnd.state === 'loaded';
  }

  /** It is being built, checked and loaded. */
  get isOnItsWay(): boolean {
    return this.lastEnd === null && this.registered === undefined;
  }
}

export interface FeedEvent {
  readonly live: LiveSession;
  readonly event: SessionEvent;
}

const KEPT_SESSIONS = 20;

/** Every session that this window knows, fed by its own loads and by the journals of others: what all views read. */
export class SessionFeed {
  private readonly sessions = new Map<string, LiveSession>();
  private readonly emitter = new Emitter<FeedEvent>();
  private readonly loaders = new Emitter<void>();
  private last: LiveSession | undefined;

  /** The session that started last. */
  get current(): LiveSession | undefined {
    return this.last;
  }

  all(): readonly LiveSession[] {
    return [...this.sessions.values()];
  }

  has(id: string): boolean {
    return this.sessions.has(id);
  }

  subscribe(listener: (event: FeedEvent) => void): { dispose(): void } {
    return this.emitter.subscribe(listener);
  }

  /** Who loads a session has become known. */
  onLoader(listener: () => void): { dispose(): void } {
    return this.loaders.subscribe(listener);
  }

  /** Takes note of the other process that is at work on a session. */
  tellLoader(id: string, pid: number): void {
    const live = this.sessions.get(id);
    if (!live || (live.end !== null && live.end.state !== 'loaded')) return;
    live.loader = pid;
    this.loaders.fire();
  }

  /** Takes one event of session `id`. An event before `started`, and a second `started`, are dropped. */
  push(id: string, event: SessionEvent, origin: SessionOrigin): void {
    let live = this.sessions.get(id);
    if (event.type === 'started') {
      if (live) return;
      live = new LiveSession(event.session, origin);
      this.sessions.set(id, live);
      this.last = live;
      this.forgetOldest();
    } else {
      if (!live) return;
      live.apply(event);
    }
    this.emitter.fire({ live, event });
  }

  dispose(): void {
    this.emitter.dispose();
    this.loaders.dispose();
    this.sessions.clear();
  }

  private forgetOldest(): void {
    for (const [id, live] of this.sessions) {
      if (this.sessions.size <= KEPT_SESSIONS) return;
      if (!live.isLoaded) this.sessions.delete(id);
    }
  }
}

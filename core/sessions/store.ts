// SPDX-License-Identifier: MIT
import type { LoadSession, SessionEvent } from '../model';

export interface SessionSummary {
  readonly id: string;
  readonly module: string;
  readonly host: string;
  readonly kernel: string;
  readonly startedAt: string;
  readonly end: LoadSession['end'];
}

/** Appends the events of one session to its journal. */
export interface SessionWriter {
  readonly id: string;
  /** The session so far. */
  session(): LoadSession;
  append(event: SessionEvent): void;
  /** Writes ID.json from the journal. */
  finish(): Promise<LoadSession>;
}

/** The load sessions under `FOLDER/sessions`: `ID.jsonl` while they run, `ID.json` when they have ended. */
export class SessionStore {
  /** @param stateDir {@link Dirs.state} */
  constructor(readonly stateDir: string) {}

  /** Starts a journal. @throws Failure `disk-full` */
  create(session: LoadSession): SessionWriter {
    throw new Error(`not built yet: ${session.id}`);
  }

  /** Continues the journal of a session that was left loaded. */
  reopen(id: string): Promise<SessionWriter> {
    return Promise.reject(new Error(`not built yet: ${id}`));
  }

  /** Newest first. */
  list(): Promise<SessionSummary[]> {
    return Promise.reject(new Error('not built yet'));
  }

  /** @throws Failure `no-session`, `session-unreadable` */
  read(id: string): Promise<LoadSession> {
    return Promise.reject(new Error(`not built yet: ${id}`));
  }

  /** Gives every event of a session from its beginning, then each new one as any process writes it, until it has ended or `signal` aborts. */
  follow(id: string, onEvent: (event: SessionEvent) => void, signal?: AbortSignal): Promise<void> {
    return Promise.reject(new Error(`not built yet: ${id} ${onEvent.length} ${String(signal?.aborted)}`));
  }

  /** Removes the oldest sessions beyond `keep`; one whose module is still loaded stays. */
  prune(keep = 200): Promise<void> {
    return Promise.reject(new Error(`not built yet: ${keep}`));
  }
}

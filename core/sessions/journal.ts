// SPDX-License-Identifier: MIT
import type { LoadSession, SessionEvent } from '../model';

/** The session after one more event; the given one is not changed. An event before `started` gives null. */
export function applyEvent(session: LoadSession | null, event: SessionEvent): LoadSession | null {
  throw new Error(`not built yet: ${session?.id ?? ""} ${event.type}`);
}

/** The session that a journal tells of; null when it has no `started`. */
export function replay(events: Iterable<SessionEvent>): LoadSession | null {
  throw new Error(`not built yet: ${[...events].length}`);
}

// SPDX-License-Identifier: MIT
import type { LoadSession, SessionEvent } from '../model';

function copy(session: LoadSession): LoadSession {
  return {
    ...session,
    preflight: [...session.preflight],
    records: [...session.records],
    gaps: [...session.gaps],
    actions: [...session.actions],
    calls: [...session.calls],
  };
}

/** Puts one event into a session that nobody else holds. */
function change(session: LoadSession, event: Exclude<SessionEvent, { type: 'started' }>): void {
  switch (event.type) {
    case 'build':
      session.build = event.build;
      return;
    case 'preflight':
      session.preflight.push(...event.lines);
      return;
    case 'analysis':
      session.findings = event.findings;
      session.predictions = event.predictions;
      return;
    case 'recorder':
      session.recorder = event.recorder;
      return;
    case 'record':
      session.records.push(event.record);
      return;
    case 'gap':
      session.gaps.push(event.gap);
      session.lost = { records: session.lost.records + event.gap.to - event.gap.from + 1 };
      return;
    case 'action':
      session.actions.push(event.action);
      return;
    case 'call':
      session.calls.push(event.call);
      return;
    case 'kernelPath':
      session.calls = session.calls.map((call) => (call.id === event.callId ? { ...call, kernelPath: event.path } : call));
      return;
    case 'buffers':
      session.calls = session.calls.map((call) => {
        const buffers = event.buffers.filter(({ callId }) => callId === call.id).map(({ argument, bytes }) => ({ argument, bytes }));
        return buffers.length > 0 ? { ...call, buffers } : call;
      });
      return;
    case 'loaderDescriptors':
      session.loaderDescriptors = event.descriptors;
      return;
    case 'koBuildId':
      session.module = { ...session.module, koBuildId: event.koBuildId };
      return;
    case 'dependencies':
      session.dependencies = event.dependencies;
      return;
    case 'devices':
      session.devices = event.devices;
      return;
    case 'node':
      session.nodes = [...(session.nodes ?? []), event.node];
      return;
    case 'watchdog':
      session.watchdog = event.watchdog;
      return;
    case 'ended':
      session.end = event.end;
      session.endedAt = event.endedAt;
  }
}

/** The session after one more event; the given one is not changed. An event before `started` gives null. */
export function applyEvent(session: LoadSession | null, event: SessionEvent): LoadSession | null {
  if (event.type === 'started') return copy(event.session);
  if (!session) return null;
  const next = copy(session);
  change(next, event);
  return next;
}

/** Folds many events without copying at each of them; {@link SessionFold.session} gives a copy to keep. */
export class SessionFold {
  private current: LoadSession | null = null;

  push(event: SessionEvent): void {
    if (event.type === 'started') this.current = copy(event.session);
    else if (this.current) change(this.current, event);
  }

  session(): LoadSession | null {
    return this.current && copy(this.current);
  }
}

/** The session that a journal tells of; null when it has no `started`. */
export function replay(events: Iterable<SessionEvent>): LoadSession | null {
  const fold = new SessionFold();
  for (const event of events) fold.push(event);
  return fold.session();
}

// SPDX-License-Identifier: MIT
import { Failure, visibleText, type SessionEnd, type SessionEvent } from '../../../core/model';
import type { LiveSession } from '../sessions/session-feed';
import { canonicalHostId, hostIdOf } from './host-id';

export interface LossTellerDeps {
  readonly sessions: () => readonly LiveSession[];
  /** What the person calls a host. */
  readonly hostName: (id: string) => string;
  readonly tell: (failure: Failure) => void;
}

/** Codes of what a command meets when the host goes under it. */
const OF_A_LOSS: ReadonlySet<string> = new Set(['oops', 'host-lost']);

/**
 * Says once that a host was lost, whoever notices it: a session that ends by it, the guest's keeper, a command that was under way. A session
 * knows most, so the others leave it to one where there is one.
 */
export class LossTeller {
  /** What was told of a host since a load began there last. */
  private readonly told = new Map<string, { readonly bootId: string | null; readonly reasons: readonly string[] }>();
  /** Guests that are known to be lost, and whose sessions have not ended yet. */
  private readonly lost = new Set<string>();
  /** What a session said that knows no place of its module in the fault, while others on that host may know one. */
  private readonly vague = new Map<string, Failure>();

  constructor(private readonly deps: LossTellerDeps) {}

  /** Gives what there is to say of the host when this event ends a session by its loss; tells it unless that was done or is none of this window's business. */
  onSessionEvent(live: LiveSession, event: SessionEvent): Failure | null {
    const hostId = hostIdOf(live.host);
    if (event.type === 'started') this.told.delete(hostId);
    if (event.type !== 'ended') return null;
    const { end } = event;
    if (end.state !== 'oops' && end.state !== 'hostLost') {
      this.sayVague(hostId);
      return null;
    }
    const failure = lossOf(live, end, this.deps.hostName(hostId));
    const isOurs = live.origin !== 'other' || this.lost.has(hostId);
    const told = this.told.get(hostId);
    if (!isOurs || (told?.bootId === live.host.bootId && !this.vague.has(hostId))) return failure;
    this.told.set(hostId, { bootId: live.host.bootId, reasons: [...(told?.reasons ?? []), end.reason] });
    this.lost.delete(hostId);
    if (end.source || live.host.kind !== 'guest') {
      this.vague.delete(hostId);
      this.deps.tell(failure);
      return failure;
    }
    if (!this.vague.has(hostId)) this.vague.set(hostId, failure);
    this.sayVague(hostId);
    return failure;
  }

  /** Says what no session of a guest that died knew better, once all of them have ended. */
  private sayVague(hostId: string): void {
    const failure = this.vague.get(hostId);
    if (!failure || this.deps.sessions().some(({ host, end, origin }) => hostIdOf(host) === hostId && end === null && origin !== 'other')) return;
    this.vague.delete(hostId);
    this.deps.tell(failure);
  }

  /** A guest of this window has ended. */
  onGuestLost(id: string, failure: Failure): void {
    const hostId = canonicalHostId(id);
    if (this.told.has(hostId)) return;
    if (this.deps.sessions().some(({ host, end }) => hostIdOf(host) === hostId && end === null)) {
      this.lost.add(hostId); // another process's session counts as well
      return;
    }
    this.told.set(hostId, { bootId: null, reasons: [failure.why] });
    this.deps.tell(failure);
  }

  /** Whether a command's failure says only what was told already. */
  hasTold(failure: Failure): boolean {
    return OF_A_LOSS.has(failure.code) && [...this.told.values()].some(({ reasons }) => reasons.some((reason) => reason !== '' && failure.why.includes(reason)));
  }
}

function lossOf({ moduleName, host }: LiveSession, end: SessionEnd, hostName: string): Failure {
  const reason = visibleText(end.reason);
  const [module, name] = [visibleText(moduleName), visibleText(hostName)];
  if (end.state === 'oops') {
    return new Failure({
      code: 'oops',
      what: `The kernel of ${name} met a fatal error while ${module} was loaded.`,
      why: `${end.source ? `At ${end.source.file}:${end.source.line} it said` : 'It said'}: ${reason === '' ? 'nothing' : reason}.`,
      next: host.kind === 'guest' ? 'Correct the module, then load it again: a new guest comes up by itself.' : 'Look at the Kernel Log, and restart that machine before you load again.',
    });
  }
  return new Failure({
    code: 'host-lost',
    what: `${name} was lost while ${module} was loaded.`,
    why: reason === '' ? 'It does not answer.' : reason,
    next: host.kind === 'guest' ? 'Load again: a new guest comes up by itself.' : 'Connect again when it is back: the module may still be loaded there.',
  });
}

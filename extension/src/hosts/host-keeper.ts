// SPDX-License-Identifier: MIT
import path from 'node:path';
import { endGuests } from '../../../core/guest/manage';
import { GuestLost, type GuestHost } from '../../../core/hosts/guest';
import type { Host, HostFacts } from '../../../core/hosts/host';
import type { HostDeps } from '../../../core/hosts/registry';
import { Failure } from '../../../core/model';
import { silentProgress } from '../../../core/platform/progress';
import { Emitter } from '../emitter';
import type { Work } from '../progress';
import { canonicalHostId } from './host-id';

/** What this window knows of a host. */
export type HostState =
  | { readonly state: 'closed' }
  | { readonly state: 'opening'; readonly step: string }
  | { readonly state: 'open'; readonly host: Host; readonly facts: HostFacts }
  | { readonly state: 'failed'; readonly failure: Failure };

export interface HostKeeperDeps {
  readonly openHost: (id: string, deps: HostDeps) => Promise<Host>;
  /** Asked for each opening: settings change. */
  readonly base: (id: string) => Omit<HostDeps, 'lease' | 'progress' | 'signal'>;
}

/** A window that is loaded again finds its guests; one that was closed leaves none for long. */
const RELOAD_SECONDS = 60;

const CLOSED: HostState = { state: 'closed' };

/** Opens each host once and holds it (a guest by a lease of this window) until it is lost, released, or the window closes. */
export class HostKeeper {
  private readonly opening = new Map<string, Promise<Host>>();
  private readonly states = new Map<string, HostState>();
  /** Guests that were lost, by host id: as long as they are not disposed their keeper has the next one ready. */
  private readonly succeeded = new Map<string, Host>();
  private readonly changed = new Emitter<void>();
  private readonly lost = new Emitter<{ host: Host; failure: Failure }>();

  constructor(private readonly deps: HostKeeperDeps) {}

  /** What is known of a host has changed. */
  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  /** A guest ended although this window holds it; after a crash the next one is opened at once. */
  onLost(listener: (event: { host: Host; failure: Failure }) => void): { dispose(): void } {
    return this.lost.subscribe(listener);
  }

  get guests(): readonly GuestHost[] {
    return this.openHosts().filter(isGuest);
  }

  stateOf(id: string): HostState {
    return this.states.get(canonicalHostId(id)) ?? CLOSED;
  }

  /** The host if it is open now. */
  peek(id: string): Host | undefined {
    const state = this.stateOf(id);
    return state.state === 'open' ? state.host : undefined;
  }

  /** The host whose opening or loss this failure was. */
  hostOf(failure: Failure): string | undefined {
    for (const [id, state] of this.states) if (state.state === 'failed' && state.failure === failure) return id;
    return undefined;
  }

  /** The host with this id, opened and asked for its facts when it is not open yet. @throws Failure what the host's opening throws */
  get(id: string, work: Work): Promise<Host> {
    const key = canonicalHostId(id);
    const pending = this.opening.get(key);
    if (pending) return pending;
    const opening: Promise<Host> = this.open(key, work).catch((error: unknown) => {
      const failure = Failure.from(error);
      if (this.opening.get(key) === opening) {
        this.opening.delete(key);
        this.set(key, failure.code === 'cancelled' ? CLOSED : { state: 'failed', failure });
      }
      throw failure;
    });
    this.opening.set(key, opening);
    return opening;
  }

  /** Gives a host up: a guest that nobody else holds ends. */
  async release(host: Host, last: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    this.forget(host, CLOSED);
    try {
      await host.dispose();
      await last();
    } finally {
      this.changed.fire();
    }
  }

  /** Gives a guest up and ends it for everybody, also where a task's lease would keep it a while. */
  end(guest: GuestHost): Promise<void> {
    const { folder } = guest.endpoint;
    return this.release(guest, async () => {
      await endGuests(path.dirname(folder), path.basename(folder)).catch((error: unknown) => {
        if (Failure.from(error).code !== 'no-guest') throw error; // ours was the last lease
      });
    });
  }

  /** A host that did not answer any more is connected to anew by its next use. */
  async drop(id: string, failure: Failure): Promise<void> {
    const host = this.peek(id);
    if (!host) return;
    this.forget(host, { state: 'failed', failure });
    this.changed.fire();
    await host.dispose();
  }

  /** Gives up all hosts, for the window closes or is loaded again. @param kept ids of guests that stay a while, for the next window */
  async dispose(kept: readonly string[] = []): Promise<void> {
    const hosts = [...this.openHosts(), ...this.succeeded.values()];
    const staying = this.guests.filter(({ id }) => kept.includes(id)).map(async ({ id }) => (await this.deps.openHost(id, { ...this.deps.base(id), lease: { kind: 'idle', seconds: RELOAD_SECONDS } })).dispose());
    await Promise.allSettled(staying);
    this.succeeded.clear();
    this.states.clear();
    this.opening.clear();
    await Promise.allSettled(hosts.map((host) => host.dispose()));
  }

  private async open(id: string, work: Work): Promise<Host> {
    this.set(id, { state: 'opening', step: '' });
    const { progress } = work;
    const step = (message: string): void => {
      if (this.stateOf(id).state === 'opening') this.set(id, { state: 'opening', step: message });
      progress.step(message);
    };
    const host = await this.deps.openHost(id, { ...this.deps.base(id), lease: { kind: 'window' }, progress: { ...progress, step }, signal: work.signal });
    let facts: HostFacts;
    try {
      facts = await host.facts(work.signal);
    } catch (error) {
      await host.dispose();
      throw error;
    }
    this.set(id, { state: 'open', host, facts });
    this.letGo(host.id);
    if (isGuest(host)) void host.lost.then((failure) => this.onGuestEnd(host, failure));
    return host;
  }

  private onGuestEnd(host: Host, failure: Failure): void {
    if (!this.forget(host, CLOSED)) return;
    this.letGo(host.id);
    this.succeeded.set(host.id, host);
    this.changed.fire();
    this.lost.fire({ host, failure });
    if (failure instanceof GuestLost && failure.comesBack) this.get(host.id, { progress: silentProgress, signal: new AbortController().signal }).catch(() => undefined); // its row says why not
  }

  private letGo(id: string): void {
    const former = this.succeeded.get(id);
    this.succeeded.delete(id);
    void former?.dispose();
  }

  private forget(host: Host, next: HostState): boolean {
    for (const [id, state] of this.states) {
      if (state.state !== 'open' || state.host !== host) continue;
      this.states.set(id, next);
      this.opening.delete(id);
      return true;
    }
    return false;
  }

  private set(id: string, state: HostState): void {
    this.states.set(id, state);
    this.changed.fire();
  }

  private openHosts(): Host[] {
    return [...this.states.values()].flatMap((state) => (state.state === 'open' ? [state.host] : []));
  }
}

function isGuest(host: Host): host is GuestHost {
  return host.kind === 'guest';
}

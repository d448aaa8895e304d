// SPDX-License-Identifier: MIT
import path from 'node:path';
import { endGuests } from '../../../core/guest/manage';
import type { GuestHost } from '../../../core/hosts/guest';
import type { Host } from '../../../core/hosts/host';
import type { HostDeps } from '../../../core/hosts/registry';
import { Failure } from '../../../core/model';
import { Emitter } from '../emitter';
import type { Work } from '../progress';

export interface HostKeeperDeps {
  readonly openHost: (id: string, deps: HostDeps) => Promise<Host>;
  readonly base: Pick<HostDeps, 'packages' | 'dirs' | 'keeperPath'>;
}

/** Opens each host once and holds it (a guest by a lease of this window) until it is lost, released, or the window closes. */
export class HostKeeper {
  private readonly opening = new Map<string, Promise<Host>>();
  private readonly open = new Map<string, Host>();
  private readonly changed = new Emitter<void>();
  private readonly lost = new Emitter<{ host: Host; failure: Failure }>();

  constructor(private readonly deps: HostKeeperDeps) {}

  /** An open host appeared or went. */
  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  /** A guest ended although this window holds it. */
  onLost(listener: (event: { host: Host; failure: Failure }) => void): { dispose(): void } {
    return this.lost.subscribe(listener);
  }

  get guests(): readonly GuestHost[] {
    return [...this.open.values()].filter(isGuest);
  }

  /** The host with this id, opened when it is not open yet. @throws Failure what the host's opening throws */
  get(id: string, work: Work): Promise<Host> {
    const pending = this.opening.get(id);
    if (pending) return pending;
    const opening = this.deps.openHost(id, { ...this.deps.base, lease: { kind: 'window' }, progress: work.progress, signal: work.signal }).then((host) => {
      this.open.set(id, host);
      this.changed.fire();
      if (isGuest(host)) void host.lost.then((failure) => this.onGuestEnd(id, host, failure));
      return host;
    });
    this.opening.set(id, opening);
    opening.catch(() => this.opening.delete(id));
    return opening;
  }

  /** The host if it is open now. */
  peek(id: string): Host | undefined {
    return this.open.get(id);
  }

  /** Gives a host up: a guest that nobody else holds ends. */
  async release(host: Host, last: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    for (const [id, candidate] of this.open) {
      if (candidate !== host) continue;
      this.open.delete(id);
      this.opening.delete(id);
    }
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

  async dispose(): Promise<void> {
    const hosts = [...this.open.values()];
    this.open.clear();
    this.opening.clear();
    await Promise.allSettled(hosts.map((host) => host.dispose()));
  }

  private onGuestEnd(id: string, host: Host, failure: Failure): void {
    if (this.open.get(id) !== host) return;
    this.open.delete(id);
    this.opening.delete(id);
    this.changed.fire();
    this.lost.fire({ host, failure });
  }
}

function isGuest(host: Host): host is GuestHost {
  return host.kind === 'guest';
}

// SPDX-License-Identifier: MIT
import { hostIdOf } from '../hosts/host-id';
import type { HostState } from '../hosts/host-keeper';
import type { LiveSession } from './session-feed';

export interface InKernelDeps {
  readonly feed: { all(): readonly LiveSession[] };
  readonly hosts: { stateOf(id: string): HostState };
  readonly guests: { since(id: string): string | null };
}

/** Which modules are in a kernel, as far as this window can tell without asking a host. */
export class InKernel {
  constructor(private readonly deps: InKernelDeps) {}

  all(): readonly LiveSession[] {
    return this.withThoseOnTheirWay().filter((live) => !live.isOnItsWay);
  }

  withThoseOnTheirWay(): readonly LiveSession[] {
    return this.deps.feed.all().filter((live) => live.isLoaded && (live.end === null || this.isStillThere(live)));
  }

  /** A module that was left loaded goes with the kernel that it was loaded in. */
  isStillThere({ host, startedAt }: Pick<LiveSession, 'host' | 'startedAt'>): boolean {
    const id = hostIdOf(host);
    if (host.kind === 'guest') {
      const since = this.deps.guests.since(id);
      return since !== null && Date.parse(since) <= Date.parse(startedAt);
    }
    const state = this.deps.hosts.stateOf(id);
    return state.state !== 'open' || state.facts.bootId === host.bootId;
  }
}

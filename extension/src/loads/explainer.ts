// SPDX-License-Identifier: MIT
import path from 'node:path';
import { openGuest, type GuestDeps } from '../../../core/hosts/guest';
import { Failure, type Call, type LoadSession } from '../../../core/model';
import { discoverModules } from '../../../core/modules/discover';
import { explainCall } from '../../../core/modules/explain';
import type { SessionStore } from '../../../core/sessions/store';
import type { Work } from '../progress';
import type { SessionFeed } from '../sessions/session-feed';

export interface ExplainerDeps {
  readonly guests: Pick<GuestDeps, 'packages' | 'dirs' | 'keeperPath'>;
  readonly store: SessionStore;
  readonly feed: SessionFeed;
}

/** Finds the kernel's own path to a call's result and adds it to the call's session. Knows no view. */
export class Explainer {
  constructor(private readonly deps: ExplainerDeps) {}

  /** @throws Failure `no-module`, and those of `explainCall` */
  async explain(session: LoadSession, call: Call, work: Work): Promise<void> {
    const { guests, store, feed } = this.deps;
    const { name, folder } = session.module;
    const module = (await discoverModules(folder, { signal: work.signal })).find((candidate) => candidate.name === name);
    if (!module) throw new Failure({ code: 'no-module', what: "The kernel's path was not recorded.", why: `${name} is no longer in ${folder}.`, next: 'Load the module from where it lies now, then ask for the new call.' });
    const kernelPath = await explainCall({
      session,
      call,
      module,
      workspace: () => discoverModules(path.dirname(folder), { signal: work.signal }),
      openFreshGuest: (kernel) => openGuest({ kernel, lease: { kind: 'window' }, fresh: true }, { ...guests, ...work }),
      dirs: guests.dirs,
      ...work,
    });
    store.addKernelPath(session.id, call.id, kernelPath);
    const live = feed.all().find((candidate) => candidate.id === session.id);
    if (live) feed.push(session.id, { type: 'kernelPath', callId: call.id, path: kernelPath }, live.origin);
  }
}

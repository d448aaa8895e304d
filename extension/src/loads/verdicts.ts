// SPDX-License-Identifier: MIT
import type { PreflightLine } from '../../../core/model';
import type { ModuleDescription } from '../../../core/modules/discover';
import { Emitter } from '../emitter';
import { hostIdOf } from '../hosts/host-id';
import type { SessionFeed } from '../sessions/session-feed';

/** What was checked of a module before a load. */
export interface Verdict {
  readonly hostId: string;
  readonly lines: readonly PreflightLine[];
}

type ModuleKey = Pick<ModuleDescription, 'folder' | 'name'>;

/** The newest verdict of each module, from its last load or from a check alone. */
export class Verdicts {
  private readonly byModule = new Map<string, Verdict>();
  private readonly changed = new Emitter<void>();

  constructor(feed: SessionFeed) {
    feed.subscribe(({ live, event }) => {
      if (event.type === 'preflight') this.set({ folder: live.folder, name: live.moduleName }, { hostId: hostIdOf(live.host), lines: event.lines });
    });
  }

  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  of(module: ModuleKey): Verdict | null {
    return this.byModule.get(keyOf(module)) ?? null;
  }

  set(module: ModuleKey, verdict: Verdict): void {
    this.byModule.set(keyOf(module), verdict);
    this.changed.fire();
  }
}

function keyOf({ folder, name }: ModuleKey): string {
  return `${folder}\0${name}`;
}

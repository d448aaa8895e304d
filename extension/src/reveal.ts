// SPDX-License-Identifier: MIT
import type { SessionOrigin } from './sessions/session-feed';

/** `focus` is not among them: nothing that a load does may take the cursor out of the editor. */
export type Reveal = 'none' | 'showBeside';

export interface RevealQuestion {
  readonly view: 'results' | 'kernelLog' | 'problems';
  /** Who asked for the load. */
  readonly origin: SessionOrigin;
  /** `started`: the module is about to run. */
  readonly outcome: 'started' | 'loaded' | 'failed' | 'buildFailed';
  /** The setting kmodlab.results.openAfterLoad. */
  readonly openAfterLoad: boolean;
}

/**
 * Whether a view comes to the front. What failed is shown where its reason stands; a success shows what the person
 * asked for by a command, never what a task or another process did; a debug session has its own console.
 */
export function decideReveal({ view, origin, outcome, openAfterLoad }: RevealQuestion): Reveal {
  if (origin === 'other' || origin === 'left') return 'none';
  switch (view) {
    case 'problems':
      return outcome === 'buildFailed' && origin !== 'task' ? 'showBeside' : 'none';
    case 'kernelLog':
      return outcome === 'started' && origin === 'command' ? 'showBeside' : 'none';
    case 'results':
      return outcome === 'loaded' && openAfterLoad ? 'showBeside' : 'none';
  }
}

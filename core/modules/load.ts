// SPDX-License-Identifier: MIT
import type { Host } from '../hosts/host';
import type { Action, LoadSession, Predict, SessionEvent } from '../model';
import type { Dirs } from '../platform/dirs';
import type { Progress } from '../platform/progress';
import type { SessionStore } from '../sessions/store';
import type { ModuleDescription } from './discover';

export interface LoadPlan {
  readonly module: ModuleDescription;
  readonly host: Host;
  readonly parameters: Readonly<Record<string, string>>;
  /** The analysis; null when there is none to ask. */
  readonly predict: Predict | null;
}

export interface LoadDeps {
  readonly store: SessionStore;
  readonly dirs: Dirs;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** Every event of the session as it happens, after it was written to the journal. */
  readonly onEvent?: (event: SessionEvent) => void;
  /** Every line that the build prints. */
  readonly onBuildLine?: (line: string) => void;
  /** Wait for another load on the same host instead of failing with `host-busy`. */
  readonly waitForHost?: boolean;
  /** The host's console, asked for when the host is lost: an oops that never reached the log may stand there. */
  readonly consoleText?: () => Promise<string>;
}

/** A character device that appeared in /proc/devices while the module was inserted. */
export interface CharacterDevice {
  readonly name: string;
  readonly major: number;
}

export interface LoadedModule {
  readonly sessionId: string;
  /** The session so far. */
  session(): LoadSession;
  devices(): readonly CharacterDevice[];
  /** Makes a device node (minor 0, mode 0666), by default named after the module, and gives its path. @throws Failure `bad-node-name`, `node-failed` */
  createNode(device: CharacterDevice, name?: string): Promise<string>;
  /** `echo text > node` by a shell on the host, in one write(2). @throws Failure `bad-device-text` */
  writeToDevice(node: string, text: string): Promise<Action>;
  exercise(argv: readonly string[], stdin?: string): Promise<Action>;
  /** Removes the nodes, rmmod, finalises the session. A second call gives the same session. @throws Failure `unload-refused`, `host-lost` */
  unload(): Promise<LoadSession>;
  /** Leaves the module in the kernel: the session ends in the state `loaded`. */
  detach(): Promise<LoadSession>;
  /** Settles when the session has ended, also when the host was lost meanwhile. */
  readonly ended: Promise<LoadSession>;
}

/**
 * Analyses, builds and inserts a module; see ARCHITECTURE.md, "One load". The session is saved whatever happens.
 * @throws Failure `local-forbidden`, `host-busy`, `no-build-environment`, `build-failed`, `preflight-blocked`, `insmod-refused`, `oops`, `host-lost`, `bad-parameter`, `cancelled`
 */
export function startLoad(plan: LoadPlan, deps: LoadDeps): Promise<LoadedModule> {
  return Promise.reject(new Error(`not built yet: ${plan.module.name} ${deps.dirs.state}`));
}

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
  /** Kernel probes record the predicted syscalls and these as well; `false`: calls are read from the log only. Default: none besides. */
  readonly record?: false | { readonly syscalls: readonly string[] };
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
  /**
   * Makes a device node (minor 0, mode 0666), by default named after the module, and gives its path.
   * A node that the host made by itself is taken. @throws Failure `bad-node-name`, `node-failed`, `host-lost`, `oops`, `cancelled`
   */
  createNode(device: CharacterDevice, name?: string): Promise<string>;
  /** `echo text > node` by a shell on the host, in one write(2). @throws Failure `bad-device-text`, `host-lost`, `oops`, `cancelled` */
  writeToDevice(node: string, text: string): Promise<Action>;
  /** Runs a program on the host while the module is loaded. @throws Failure `host-lost`, `oops`, `cancelled` */
  exercise(argv: readonly string[], stdin?: string): Promise<Action>;
  /**
   * rmmod, removes the nodes, ends the session; a session that has ended already (host lost, a second call) is given as it is.
   * @throws Failure `unload-refused` (try again), `disk-full` and `session-unwritable` (unloaded, but not saved)
   */
  unload(): Promise<LoadSession>;
  /** Leaves the module in the kernel: the session ends in the state `loaded`, `unloadModule` continues it. */
  detach(): Promise<LoadSession>;
  /** Resolves when the session has ended, also when the host was lost meanwhile. */
  readonly ended: Promise<LoadSession>;
}

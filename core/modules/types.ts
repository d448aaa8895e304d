// SPDX-License-Identifier: MIT
import type { Host } from '../hosts/host';
import type { Action, CharacterDevice, LoadSession, Predict, SessionEvent } from '../model';
import type { ProvidedTool } from '../packages';
import type { Dirs } from '../platform/dirs';
import type { Progress } from '../platform/progress';
import type { SessionStore } from '../sessions/store';
import type { ModuleDescription } from './discover';
import type { ModuleInfo } from './modinfo';

export interface LoadPlan {
  readonly module: ModuleDescription;
  readonly host: Host;
  readonly parameters: Readonly<Record<string, string>>;
  /** The analysis; null when there is none to ask. */
  readonly predict: Predict | null;
  /** Kernel probes record the predicted syscalls and these as well; `false`: calls are read from the log only. Default: none besides. */
  readonly record?: false | { readonly syscalls: readonly string[] };
  /** The modules of the workspace, asked only when this one needs another: it is built and loaded first. Default: none. */
  readonly workspace?: () => Promise<readonly ModuleDescription[]>;
  /** A .ko that is loaded as it is; nothing is built. */
  readonly prebuilt?: string;
  /** What is loaded gives way once the new one is built and may be loaded: a module left by an earlier session, or this one. */
  readonly replaces?: 'loaded' | LoadedModule;
  /** A process on the host unloads the module after that many seconds, whatever has become of us. */
  readonly watchdogSeconds?: number;
  /** Signs the module where the host's kernel insists on a signature. */
  readonly signing?: SigningKey;
}

/** A key that the host's kernel trusts, for the kernel's scripts/sign-file. It stays on this machine, wherever the module was built. */
export interface SigningKey {
  /** PEM file, or a PKCS#11 URI. */
  readonly keyFile: string;
  /** X.509 certificate, PEM or DER. */
  readonly certFile: string;
  /** Asked when the key is encrypted, again when what was given before was wrong (`retry`); null when the user gives none. It travels in the environment of sign-file alone. */
  readonly passphrase?: (retry: boolean) => Promise<string | null>;
  /** Gives sign-file, asked only where the headers that the module was built against are not here or lack it. @throws Failure */
  readonly signFile: () => Promise<Pick<ProvidedTool, 'argv' | 'env'>>;
}

/** The question before the first load on a host that is no guest. */
export interface FirstLoad {
  readonly module: string;
  readonly host: string;
  readonly kernel: string;
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
  /** Told what the module says of itself once it is built. */
  readonly onModuleInfo?: (info: ModuleInfo) => void;
  /** How long rmmod may take; default a minute. */
  readonly unloadLimitMs?: number;
  /** Wait for the process that has the same module on the same host instead of failing with `host-busy`. */
  readonly waitForModule?: boolean;
  /** Asked once for each host that is no guest, before anything is loaded there; true is remembered. Without it such a load is refused. */
  readonly confirmFirstLoad?: (question: FirstLoad) => Promise<boolean>;
}

export interface ExerciseOptions {
  /** Through sudo where that user is not root. Default: no. */
  readonly asRoot?: boolean;
}

export interface LoadedModule {
  readonly sessionId: string;
  /** The session so far. */
  session(): LoadSession;
  /** What it registered, with the nodes that are there. */
  devices(): readonly CharacterDevice[];
  /**
   * Makes a device node, by default named after the module (a misc device's after the device) and with mode 0666, and gives its
   * path. A node that the host made by itself is taken as it is. @throws Failure `bad-node-name`, `node-failed`, `host-lost`, `oops`, `cancelled`
   */
  createNode(device: Pick<CharacterDevice, 'name' | 'major' | 'minor'>, name?: string, mode?: number): Promise<string>;
  /** `echo text > node` by a shell on the host, in one write(2). @throws Failure `bad-device-text`, `host-lost`, `oops`, `cancelled` */
  writeToDevice(node: string, text: string): Promise<Action>;
  /**
   * What one read(2) of the device gives, in the action's stdout: at most `maxBytes` (4096). A read that waits is given up after
   * `timeoutMs` (5000), with exit code null. @throws Failure `host-lost`, `oops`, `cancelled`
   */
  readFromDevice(node: string, options?: { readonly maxBytes?: number; readonly timeoutMs?: number }): Promise<Action>;
  /** Runs a program on the host while the module is loaded, as the user of the host unless `asRoot`. @throws Failure `sudo-refused`, `host-lost`, `oops`, `cancelled` */
  exercise(argv: readonly string[], stdin?: string, options?: ExerciseOptions): Promise<Action>;
  /** Copies a program of this machine to the host, runs it there as {@link exercise} does and removes it. @throws Failure as well `file-unreadable`, `host-disk-full` */
  exerciseProgram(localPath: string, args: readonly string[], stdin?: string, options?: ExerciseOptions): Promise<Action>;
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

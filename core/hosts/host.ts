// SPDX-License-Identifier: MIT
import type { Architecture, Failure, HostIdentity, HostKind } from '../model';
import type { WorkOptions } from '../packages/work';
import type { ProcessResult, RunningProcess, StartOptions } from '../platform/process';

/** What one round trip tells about a host. */
export interface HostFacts extends HostIdentity {
  readonly kernel: string;
  readonly arch: Architecture;
  readonly bootId: string;
  /** Effective user id of our commands. */
  readonly uid: number;
  /** The name of that user. */
  readonly user: string;
  /** How a command becomes root there: it is already, sudo asks nothing, sudo asks for a password, not at all. */
  readonly rights: 'root' | 'sudo' | 'sudoPassword' | 'none';
  /** Why sudo does not serve, in its own words; null when it does or is not there. */
  readonly sudoSaid: string | null;
  /** /proc/sys/kernel/tainted; `taintFlags` decodes it. */
  readonly tainted: number;
  /** Each is null where the kernel does not tell this user. */
  readonly kptrRestrict: number | null;
  readonly dmesgRestrict: boolean | null;
  readonly lockdown: 'none' | 'integrity' | 'confidentiality' | null;
  /** Whether only signed modules are taken (module.sig_enforce). */
  readonly sigEnforce: boolean | null;
  /** /proc/sys/kernel/modules_disabled: no module any more until the next boot. */
  readonly modulesDisabled: boolean;
  /** Whether the kernel was booted with `nomodule`. */
  readonly nomodule: boolean;
  /** Whether the kernel has a trace filesystem, mounted or not. */
  readonly tracefs: boolean;
  /** `make -C` folder on the host, when headers are installed there; null else. */
  readonly kernelBuildDir: string | null;
  /** First line of the compiler's `--version`; null when there is none. */
  readonly compiler: string | null;
}

/** Options of a command on a host; `cwd` and `env` do not travel. */
export interface HostRunOptions extends Omit<StartOptions, 'cwd' | 'env'> {
  /** Runs it as root: as it is where we are root, else through sudo. @throws Failure `sudo-refused`, `cancelled` */
  readonly asRoot?: boolean;
}

/**
 * A Linux machine that modules are loaded on. Methods reject with {@link Failure} only when the host
 * itself cannot be used (lost, refused, cancelled); a command's own failure is its exit code.
 */
export interface Host {
  /** Stable within this user's configuration, e.g. `guest:6.1-cloud`, `ssh:box`. */
  readonly id: string;
  readonly name: string;
  readonly kind: HostKind;
  /** Facts, read once per boot of the host. */
  facts(signal?: AbortSignal): Promise<HostFacts>;
  /** Runs a program from an argument vector and waits. */
  run(argv: readonly string[], options?: HostRunOptions): Promise<ProcessResult>;
  /** Starts a program whose output is followed while it runs (log readers). */
  start(argv: readonly string[], options?: HostRunOptions): RunningProcess;
  /** Runs a constant POSIX shell script on the standard input of `sh -s -- args…`: user text travels only as arguments. */
  script(script: string, args: readonly string[], options?: Omit<HostRunOptions, 'stdin'>): Promise<ProcessResult>;
  /** Copies a local file to the host. @throws Failure `host-disk-full`, `host-lost` */
  put(localPath: string, remotePath: string, signal?: AbortSignal): Promise<void>;
  /** Reads a file of the host, at most `maxBytes` (16 MiB). */
  get(remotePath: string, options?: { maxBytes?: number; signal?: AbortSignal }): Promise<Buffer>;
  /**
   * How a module is built for this host's kernel, fetching what that takes; null when nothing is known (then `facts().kernelBuildDir` decides).
   */
  buildEnvironment(work?: WorkOptions): Promise<BuildEnvironment | null>;
  /**
   * Modules of the running kernel, and all that they need, in loading order, for a host that has none itself; absent on others.
   * @throws Failure what `missing` gives for one that the kernel does not have
   */
  kernelModules?(names: readonly string[], missing: (name: string) => Failure, signal?: AbortSignal): Promise<readonly { readonly name: string; readonly ko: Buffer }[]>;
  /** Starts it anew, whatever it does now; absent on hosts that are not ours. */
  reset?(signal?: AbortSignal): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * A way to run `make` against a kernel's headers, on this machine or on the host. `argv(command, {folders})` wraps a command so
 * that it runs where that toolchain lives (unchanged, or inside a private tree through a user namespace).
 */
export interface BuildEnvironment {
  /** Where make runs and the headers are; absent when that is this machine. */
  readonly host?: Host;
  /** `uname -r` that the headers are for. */
  readonly kernel: string;
  /** Headers folder as seen by the wrapped command: `make -C kernelDir`. */
  readonly kernelDir: string;
  /** Extra `make` arguments, e.g. `CC=gcc-12`, `CONFIG_DEBUG_INFO_BTF_MODULES=`. */
  readonly makeArgs: readonly string[];
  /** Compiler as shown to people, e.g. `gcc-12 12.2.0`. */
  readonly compiler: string;
  /** Wraps a command that runs on this machine, on what was built; `folders` are made visible inside at the same paths, writable. */
  wrap(argv: readonly string[], folders: readonly string[]): { argv: string[]; env: NodeJS.ProcessEnv };
}

// SPDX-License-Identifier: MIT
import type { BuildEnvironment } from '../hosts/host';
import type { Progress } from '../platform/progress';

/** What is to be made of which files. */
export interface MakeJob {
  /** The module's name. */
  readonly name: string;
  readonly environment: BuildEnvironment;
  /** Folder of this machine that keeps what was built. */
  readonly folder: string;
  /** All files, by path relative to the root of the private folder. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Folder of the module below that root, `.` for the root itself. */
  readonly place: string;
  /** Module.symvers of other modules, for KBUILD_EXTRA_SYMBOLS. */
  readonly symvers: readonly Buffer[];
  /** Whether make goes on with other files after an error. */
  readonly keepGoing?: boolean;
  /** The folder in which make runs for the module, as the tools print it: told before the first line. */
  readonly onFolder: (folder: string) => void;
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface Made {
  readonly argv: readonly string[];
  /** Null when a signal ended make. */
  readonly exitCode: number | null;
  /** Folder of this machine that holds what was made. */
  readonly buildDir: string;
  /** The unstripped .ko there, null when there is none. */
  readonly koPath: string | null;
  readonly symversPath: string | null;
  /** How debug information names the folder of the module's sources. */
  readonly sourceRoot: string;
}

/** Files beside the module's own in its private folder. */
export const SYMVERS_FOLDER = '.kmodlab-symvers';

// SPDX-License-Identifier: MIT

/** A kernel module that a Kbuild file of the workspace describes. All relative paths use `/`. */
export interface ModuleDescription {
  readonly name: string;
  /** Absolute path of the folder that `make M=` takes. */
  readonly folder: string;
  /** `Kbuild` or `Makefile`, relative to the folder. */
  readonly kbuildFile: string;
  /** C files of the module, relative to the folder. */
  readonly sources: readonly string[];
  /** Local headers that those include and that lie in the folder, relative to it. */
  readonly headers: readonly string[];
}

export interface DiscoverOptions {
  readonly signal?: AbortSignal;
  /** Told of everything that was not understood: nothing is ever evaluated. */
  readonly onSkipped?: (path: string, reason: string) => void;
}

/** Finds the modules under a folder by reading its Kbuild files as text; runs nothing. @throws Failure `cancelled` */
export function discoverModules(root: string, options: DiscoverOptions = {}): Promise<ModuleDescription[]> {
  return Promise.reject(new Error(`not built yet: ${root} ${String(options.signal?.aborted)}`));
}

// SPDX-License-Identifier: MIT
import type { BuildEnvironment } from '../hosts/host';
import type { BuildDiagnostic, BuildResult } from '../model';
import type { ModuleDescription } from '../modules/discover';
import type { SourceSnapshot } from '../modules/sources';
import type { Dirs } from '../platform/dirs';
import type { Progress } from '../platform/progress';

export interface BuildRequest {
  readonly module: ModuleDescription;
  readonly environment: BuildEnvironment;
  readonly dirs: Dirs;
  /** The texts to build, read once; without it they are read from the module's folder now. */
  readonly snapshot?: SourceSnapshot;
  readonly onDiagnostic?: (diagnostic: BuildDiagnostic) => void;
  /** Every line that the tools print, with the build folder's paths. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface ModuleBuild extends BuildResult {
  /** The unstripped .ko, null when the build failed. */
  readonly koPath: string | null;
  readonly buildDir: string;
}

/**
 * Builds a module for one kernel in a private folder of the cache. A module that does not compile is a result with
 * `ok: false` and diagnostics, not an exception. @throws Failure `cancelled`, `make-missing`, `disk-full`
 */
export function buildModule(request: BuildRequest): Promise<ModuleBuild> {
  return Promise.reject(new Error(`not built yet: ${request.module.name}`));
}

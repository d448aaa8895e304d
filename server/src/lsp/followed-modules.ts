// SPDX-License-Identifier: MIT
import type { AnalysisTarget, Finding, SourceFile } from '../../../core/model/analysis';
import type { Analyzer, FixedFinding, FollowedModule, Inspection } from '../analysis';

/** Modules that are followed at a time; the one that was looked at longest ago goes. */
const MAX_FOLLOWED = 16;

/** The modules that are being edited, each with what the analysis remembers of it. */
export class FollowedModules {
  private readonly modules = new Map<string, { readonly module: FollowedModule; readonly config: AnalysisTarget['config'] }>();

  constructor(private readonly analyzer: Analyzer) {}

  inspect(folder: string, sources: readonly SourceFile[], target: AnalysisTarget): Inspection {
    return this.use(folder, sources, target, (module) => module.inspect(sources));
  }

  fixes(folder: string, sources: readonly SourceFile[], target: AnalysisTarget, wanted: (finding: Finding) => boolean): FixedFinding[] {
    return this.use(folder, sources, target, (module) => module.fixes(sources, wanted));
  }

  /** `folder` and the names of the C files tell one module from another. */
  private use<Result>(folder: string, sources: readonly SourceFile[], target: AnalysisTarget, look: (module: FollowedModule) => Result): Result {
    const files = sources.filter(({ path }) => path.endsWith('.c')).map(({ path }) => path);
    const { config, ...others } = target; // a configuration is large, and the same object as long as it is the same
    const key = JSON.stringify([others, folder, ...files]);
    const known = this.modules.get(key);
    const module = known && known.config === config ? known.module : this.analyzer.follow(target);
    this.modules.delete(key);
    this.modules.set(key, { module, config });
    for (const oldest of this.modules.keys()) {
      if (this.modules.size <= MAX_FOLLOWED) break;
      this.modules.delete(oldest);
    }
    try {
      return look(module);
    } catch (error) {
      this.modules.delete(key); // what it remembers may be broken
      throw error;
    }
  }
}

// SPDX-License-Identifier: MIT
import type { AnalysisTarget, Finding, SourceFile } from '../../../core/model/analysis';
import type { Analyzer, FixedFinding, FollowedModule, Inspection } from '../analysis';

/** Modules that are followed at a time; the one that was looked at longest ago goes. */
const MAX_FOLLOWED = 32;
/** Length of the texts (UTF-16 units) of the modules that were edited last, which remember what makes an edit cheap. Of others only the result is kept. */
const MAX_REMEMBERED = 80 * 1024;

interface Followed {
  readonly module: FollowedModule;
  readonly config: AnalysisTarget['config'];
  inspection: Inspection | null;
  /** Of the texts that it remembers. */
  size: number;
}

/** The modules that are being edited, each with what the analysis remembers of it. */
export class FollowedModules {
  private readonly modules = new Map<string, Followed>();
  /** Those that remember what makes an edit cheap, the one that was edited last behind. */
  private readonly remembering = new Set<Followed>();

  constructor(private readonly analyzer: Analyzer) {}

  inspect(folder: string, sources: readonly SourceFile[], target: AnalysisTarget): Inspection {
    return this.use(folder, sources, target, (followed) => {
      const inspection = followed.module.inspect(sources);
      if (inspection !== followed.inspection) this.edited(followed, sources);
      followed.inspection = inspection;
      return inspection;
    });
  }

  fixes(folder: string, sources: readonly SourceFile[], target: AnalysisTarget, wanted: (finding: Finding) => boolean): FixedFinding[] {
    return this.use(folder, sources, target, (followed) => {
      const fixed = followed.module.fixes(sources, wanted);
      this.edited(followed, sources);
      return fixed;
    });
  }

  /** `folder` and the names of the C files tell one module from another. */
  private use<Result>(folder: string, sources: readonly SourceFile[], target: AnalysisTarget, look: (followed: Followed) => Result): Result {
    const files = sources.filter(({ path }) => path.endsWith('.c')).map(({ path }) => path);
    const { config, ...others } = target; // a configuration is large, and the same object as long as it is the same
    const key = JSON.stringify([others, folder, ...files]);
    const known = this.modules.get(key);
    const followed = known && known.config === config ? known : { module: this.analyzer.follow(target), config, inspection: null, size: 0 };
    if (followed !== known) this.drop(key);
    this.modules.delete(key);
    this.modules.set(key, followed);
    for (const oldest of this.modules.keys()) {
      if (this.modules.size <= MAX_FOLLOWED) break;
      this.drop(oldest);
    }
    try {
      return look(followed);
    } catch (error) {
      this.drop(key); // what it remembers may be broken
      throw error;
    }
  }

  private drop(key: string): void {
    const followed = this.modules.get(key);
    this.modules.delete(key);
    if (followed) this.remembering.delete(followed);
  }

  /** What was edited before this is forgotten as far as it is too much. */
  private edited(followed: Followed, sources: readonly SourceFile[]): void {
    followed.size = sources.reduce((size, { text }) => size + text.length, 0);
    this.remembering.delete(followed);
    this.remembering.add(followed);
    let size = [...this.remembering].reduce((sum, each) => sum + each.size, 0);
    for (const oldest of this.remembering) {
      if (size <= MAX_REMEMBERED || oldest === followed) return;
      size -= oldest.size;
      oldest.module.forget();
      this.remembering.delete(oldest);
    }
  }
}

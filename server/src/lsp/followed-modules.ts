// SPDX-License-Identifier: MIT
import type { AnalysisTarget, Finding, SourceFile } from '../../../core/model/analysis';
import { isSameText, type Analyzer, type FixedFinding, type FollowedModule, type Inspection } from '../analysis';
import { YoungGeneration } from './young-generation';

/** Modules that are followed at a time; the one that was looked at longest ago goes. */
const MAX_FOLLOWED = 32;
/** Length of the texts (UTF-16 units) of the modules that were edited last, which remember what makes an edit cheap. Of others only the result is kept. */
const MAX_REMEMBERED = 48 * 1024;

/** How long the analysis keeps other messages waiting, in ms. It decides when it goes on, never what it says. */
const MAX_TURN_MS = 15;

/** An analysis that is under way. */
interface Running {
  readonly sources: readonly SourceFile[];
  /** Whether anybody still waits for it, one by one. */
  readonly wanted: (() => boolean)[];
  readonly result: Promise<Inspection | null>;
}

interface Followed {
  readonly module: FollowedModule;
  readonly config: AnalysisTarget['config'];
  inspection: Inspection | null;
  /** Of the texts that it remembers. */
  size: number;
  running: Running | null;
}

/** The modules that are being edited, each with what the analysis remembers of it. */
export class FollowedModules {
  private readonly modules = new Map<string, Followed>();
  /** Those that remember what makes an edit cheap, the one that was edited last behind. */
  private readonly remembering = new Set<Followed>();
  private readonly youngGeneration = new YoungGeneration();

  constructor(private readonly analyzer: Analyzer) {}

  /** At once, and as the last word on the module: what is under way there is given up. */
  inspectNow(folder: string, sources: readonly SourceFile[], target: AnalysisTarget): Inspection {
    return this.use(folder, sources, target, (followed) => {
      followed.running = null;
      return this.taken(followed, sources, followed.module.inspect(sources));
    });
  }

  /**
   * Lets other messages through while it works. Resolves to null when it was given up, because nobody wants it any more or
   * because other texts of the module were asked for.
   */
  inspect(folder: string, sources: readonly SourceFile[], target: AnalysisTarget, isWanted: () => boolean): Promise<Inspection | null> {
    return this.use(folder, sources, target, (followed, key) => {
      const { running } = followed;
      if (running && isSameText(running.sources, sources)) {
        running.wanted.push(isWanted);
        return running.result;
      }
      const wanted = [isWanted];
      const goesOn = (): boolean => followed.running?.wanted === wanted && wanted.some((each) => each());
      const steps = followed.module.look(sources);
      const result = inTurns(steps, goesOn).then(
        (inspection) => {
          if (followed.running?.wanted === wanted) followed.running = null;
          return inspection && this.taken(followed, sources, inspection);
        },
        (error: unknown) => {
          this.drop(key); // what it remembers may be broken
          throw error;
        },
      );
      followed.running = { sources, wanted, result };
      return result;
    });
  }

  fixes(folder: string, sources: readonly SourceFile[], target: AnalysisTarget, wanted: (finding: Finding) => boolean): FixedFinding[] {
    return this.use(folder, sources, target, (followed) => {
      followed.running = null;
      const fixed = followed.module.fixes(sources, wanted);
      this.edited(followed, sources);
      return fixed;
    });
  }

  /** `folder` and the names of the C files tell one module from another. */
  private use<Result>(folder: string, sources: readonly SourceFile[], target: AnalysisTarget, look: (followed: Followed, key: string) => Result): Result {
    const files = sources.filter(({ path }) => path.endsWith('.c')).map(({ path }) => path);
    const { config, ...others } = target; // a configuration is large, and the same object as long as it is the same
    const key = JSON.stringify([others, folder, ...files]);
    const known = this.modules.get(key);
    const followed = known && known.config === config ? known : { module: this.analyzer.follow(target), config, inspection: null, size: 0, running: null };
    if (followed !== known) this.drop(key);
    this.modules.delete(key);
    this.modules.set(key, followed);
    for (const oldest of this.modules.keys()) {
      if (this.modules.size <= MAX_FOLLOWED) break;
      this.drop(oldest);
    }
    try {
      return look(followed, key);
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

  private taken(followed: Followed, sources: readonly SourceFile[], inspection: Inspection): Inspection {
    if (inspection !== followed.inspection) this.edited(followed, sources);
    followed.inspection = inspection;
    return inspection;
  }

  /** What was edited before this is forgotten as far as it is too much. */
  private edited(followed: Followed, sources: readonly SourceFile[]): void {
    followed.size = sources.reduce((size, { text }) => size + text.length, 0);
    this.youngGeneration.fit(followed.size);
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

/** Does the steps a few milliseconds at a time; null when it shall not go on. */
async function inTurns<T>(steps: Generator<undefined, T>, goesOn: () => boolean): Promise<T | null> {
  for (;;) {
    const until = performance.now() + MAX_TURN_MS;
    do {
      const step = steps.next();
      if (step.done) return step.value;
    } while (performance.now() < until);
    await new Promise((resolve) => setImmediate(resolve));
    if (!goesOn()) return null;
  }
}

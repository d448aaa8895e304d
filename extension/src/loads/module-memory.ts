// SPDX-License-Identifier: MIT
import * as z from 'zod';
import { readDeclaredParameters } from '../../../core/modules/describe-parameters';
import type { ModuleDescription } from '../../../core/modules/discover';
import type { ModuleParameter } from '../../../core/modules/modinfo';
import { lastGiven, rememberGiven } from '../../../core/modules/parameter-memory';
import { Emitter } from '../emitter';
import type { Values } from './parameter-values';

const Exercise = z.object({
  /** A program of this machine by its path, else a command line for the host. */
  program: z.boolean(),
  line: z.string(),
  asRoot: z.boolean().default(false),
});
export type Exercise = z.infer<typeof Exercise>;

const Kept = z.object({
  /** What the module said it takes when it was built last, and of which sources that was. */
  built: z.object({ parameters: z.array(z.object({ name: z.string(), type: z.string().nullable(), description: z.string().nullable() })), digest: z.string() }).nullable(),
  /** What was last run on the host while it was loaded. */
  exercise: Exercise.nullable(),
});
type Kept = z.infer<typeof Kept>;

const NOTHING: Kept = { built: null, exercise: null };

/** The part of a `vscode.Memento` that is used. */
export interface Memento {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

type ModuleKey = Pick<ModuleDescription, 'folder' | 'name'>;

/**
 * What this window knows of modules: what they take and what was last run. What a person gave their parameters is not the window's: it is
 * kept where the command line keeps it.
 */
export class ModuleMemory {
  private readonly changed = new Emitter<void>();

  /** @param stateDir {@link Dirs.state} */
  constructor(
    private readonly memento: Memento,
    private readonly stateDir: string,
  ) {}

  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  /** The values given last, here or on the command line. */
  given(module: ModuleKey): Values {
    return lastGiven(this.stateDir, module);
  }

  give(module: ModuleKey, values: Values): void {
    rememberGiven(this.stateDir, module, values);
    this.changed.fire();
  }

  lastExercise(module: ModuleKey): Exercise | null {
    return this.of(module).exercise;
  }

  keepExercise(module: ModuleKey, exercise: Exercise): Promise<void> {
    return this.keep(module, { exercise });
  }

  /** What a module takes: as it said when it was built from these very sources, else as they declare it. */
  async parametersOf(module: ModuleDescription): Promise<readonly ModuleParameter[]> {
    const declared = await readDeclaredParameters(module);
    const { built } = this.of(module);
    return built?.digest === declared.digest ? built.parameters : declared.parameters;
  }

  /** Remembers what a module said when it was built. */
  async keepBuilt(module: ModuleDescription, parameters: readonly ModuleParameter[]): Promise<void> {
    const { digest } = await readDeclaredParameters(module);
    await this.keep(module, { built: { parameters: [...parameters], digest } });
  }

  private of(module: ModuleKey): Kept {
    const kept = Kept.safeParse(this.memento.get(keyOf(module)));
    return kept.success ? kept.data : NOTHING;
  }

  private async keep(module: ModuleKey, change: Partial<Kept>): Promise<void> {
    await this.memento.update(keyOf(module), { ...this.of(module), ...change });
    this.changed.fire();
  }
}

function keyOf({ folder, name }: ModuleKey): string {
  return `module:${folder}:${name}`;
}

// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { ModuleDescription } from '../../../core/modules/discover';
import type { ModuleParameter } from '../../../core/modules/modinfo';
import { Emitter } from '../emitter';

const Exercise = z.object({
  /** A program of this machine by its path, else a command line for the host. */
  program: z.boolean(),
  line: z.string(),
});
export type Exercise = z.infer<typeof Exercise>;

const Kept = z.object({
  /** What the built module last said it takes. */
  parameters: z.array(z.object({ name: z.string(), type: z.string().nullable(), description: z.string().nullable() })).nullable(),
  values: z.record(z.string(), z.string()),
  /** What was last run on the host while it was loaded. */
  exercise: Exercise.nullable(),
});
type Kept = z.infer<typeof Kept>;

const NOTHING: Kept = { parameters: null, values: {}, exercise: null };

/** The part of a `vscode.Memento` that is used. */
export interface Memento {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

type ModuleKey = Pick<ModuleDescription, 'folder' | 'name'>;

/** What a person last gave a module, and what the module takes: kept with the workspace. */
export class ModuleMemory {
  private readonly changed = new Emitter<void>();

  constructor(private readonly memento: Memento) {}

  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  of(module: ModuleKey): Readonly<Kept> {
    const kept = Kept.safeParse(this.memento.get(keyOf(module)));
    return kept.success ? kept.data : NOTHING;
  }

  async keep(module: ModuleKey, change: { readonly parameters?: readonly ModuleParameter[]; readonly values?: Readonly<Record<string, string>>; readonly exercise?: Exercise }): Promise<void> {
    await this.memento.update(keyOf(module), { ...this.of(module), ...change });
    this.changed.fire();
  }
}

function keyOf({ folder, name }: ModuleKey): string {
  return `module:${folder}:${name}`;
}

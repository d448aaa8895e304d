// SPDX-License-Identifier: MIT
import path from 'node:path';
import * as z from 'zod';
import { readJsonFile, writeJsonFile } from '../platform/json-file';
import type { ModuleDescription } from './discover';

const Values = z.record(z.string(), z.string());
const Entry = z.object({
  folder: z.string(),
  name: z.string(),
  /** Of the last load that came about; null while there was none. */
  parameters: Values.nullable(),
  /** What a person gave last, for a load that came about or not; absent: the parameters of the last load. */
  given: Values.optional(),
});
type Entry = z.infer<typeof Entry>;

const Remembered = z.object({ modules: z.array(Entry).max(1_000) });
const MAX_MODULES = 500;

type Owner = Pick<ModuleDescription, 'folder' | 'name'>;

function memoryFile(stateDir: string): string {
  return path.join(stateDir, 'parameters.json');
}

function read(stateDir: string): readonly Entry[] {
  return readJsonFile(memoryFile(stateDir), Remembered)?.modules ?? [];
}

function entryIn(all: readonly Entry[], { folder, name }: Owner): Entry | undefined {
  return all.find((entry) => entry.folder === folder && entry.name === name);
}

/** Changes what is kept of a module; the modules that were changed least recently are forgotten. */
function keep(stateDir: string, { folder, name }: Owner, change: (entry: Entry) => Entry): void {
  const all = read(stateDir);
  const before = entryIn(all, { folder, name });
  const others = all.filter((entry) => entry !== before);
  try {
    writeJsonFile(memoryFile(stateDir), { modules: [change(before ?? { folder, name, parameters: null }), ...others].slice(0, MAX_MODULES) });
  } catch {
    return; // a convenience: a load does not fail for it
  }
}

/** The parameters that a module was loaded with last; null when it was not, or nothing is known of it any more. */
export function lastParameters(stateDir: string, module: Owner): Record<string, string> | null {
  return entryIn(read(stateDir), module)?.parameters ?? null;
}

/** The values that were given last to a module's parameters, in the editor or on the command line: a load without any changes nothing. */
export function lastGiven(stateDir: string, module: Owner): Record<string, string> {
  const entry = entryIn(read(stateDir), module);
  return entry?.given ?? entry?.parameters ?? {};
}

/** Remembers what a person gave, before it is known whether the load comes about; none: every parameter at its default. */
export function rememberGiven(stateDir: string, module: Owner, given: Readonly<Record<string, string>>): void {
  keep(stateDir, module, (entry) => ({ ...entry, given }));
}

/** Remembers what a module was loaded with. */
export function rememberParameters(stateDir: string, module: Owner, parameters: Readonly<Record<string, string>>): void {
  const isGiven = Object.keys(parameters).length > 0;
  keep(stateDir, module, (entry) => ({ ...entry, parameters, given: isGiven ? parameters : (entry.given ?? entry.parameters ?? {}) }));
}

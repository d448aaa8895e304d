// SPDX-License-Identifier: MIT
import path from 'node:path';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../platform/json-file';
import type { ModuleDescription } from './discover';

const Remembered = z.object({
  modules: z.array(z.object({ folder: z.string(), name: z.string(), parameters: z.record(z.string(), z.string()) })).max(1_000),
});
const MAX_MODULES = 500;

type Owner = Pick<ModuleDescription, 'folder' | 'name'>;

function memoryFile(stateDir: string): string {
  return path.join(stateDir, 'parameters.json');
}

function read(stateDir: string): z.infer<typeof Remembered>['modules'] {
  return readJsonFile(memoryFile(stateDir), Remembered)?.modules ?? [];
}

/** The parameters that a module was loaded with last; null when it was not, or nothing is known of it any more. */
export function lastParameters(stateDir: string, module: Owner): Record<string, string> | null {
  return read(stateDir).find(({ folder, name }) => folder === module.folder && name === module.name)?.parameters ?? null;
}

/** Remembers what a module was loaded with; the modules that were loaded least recently are forgotten. */
export function rememberParameters(stateDir: string, module: Owner, parameters: Readonly<Record<string, string>>): void {
  const others = read(stateDir).filter(({ folder, name }) => folder !== module.folder || name !== module.name);
  try {
    writeJsonFile(memoryFile(stateDir), { modules: [{ folder: module.folder, name: module.name, parameters }, ...others].slice(0, MAX_MODULES) });
  } catch {
    return; // a convenience: a load does not fail for it
  }
}

// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { ModuleDescription } from '../../../core/modules/discover';

/** True when `file` is the folder itself or lies below it. Both are absolute. */
export function isInside(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative === '' || (!relative.startsWith(`..${path.sep}`) && relative !== '..' && !path.isAbsolute(relative));
}

/** The module a person means by a folder (absolute, or relative to `root`) or by its name; null when it is none or not clear. */
export function findModule(modules: readonly ModuleDescription[], wanted: string, root: string): ModuleDescription | null {
  const folder = path.resolve(root, wanted);
  const inFolder = modules.filter((module) => path.resolve(module.folder) === folder);
  if (inFolder.length === 1) return inFolder[0] ?? null;
  const named = modules.filter((module) => module.name === wanted);
  return named.length === 1 ? (named[0] ?? null) : null;
}

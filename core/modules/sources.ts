// SPDX-License-Identifier: MIT
import type { SourceFile } from '../model';
import type { ModuleDescription } from './discover';

/** The texts of a module, read once: what is analysed, hashed and built is the same. */
export interface SourceSnapshot {
  /** Sources and headers of the module as text, for the analysis. */
  readonly files: readonly SourceFile[];
  /** sha256 of each of `files`, hexadecimal. */
  readonly hashes: readonly { path: string; sha256: string }[];
  /** Every file that the build needs (Kbuild files, sub folders), by path relative to the folder. */
  readonly buildFiles: ReadonlyMap<string, Buffer>;
}

/** @throws Failure `source-unreadable`, `source-too-large`, `cancelled` */
export function readSources(module: ModuleDescription, signal?: AbortSignal): Promise<SourceSnapshot> {
  return Promise.reject(new Error(`not built yet: ${module.name} ${String(signal?.aborted)}`));
}

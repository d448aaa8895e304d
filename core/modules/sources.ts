// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { Failure, type SourceFile } from '../model';
import type { ModuleDescription } from './discover';

/** The texts of a module, read once: what is analysed, hashed and built is the same. */
export interface SourceSnapshot {
  /** Sources and headers of the module as text, for the analysis. */
  readonly files: readonly SourceFile[];
  /** sha256 of each of `files`, hexadecimal. */
  readonly hashes: readonly { path: string; sha256: string }[];
  /** Every file that the build may need, by path relative to the folder (`/`); `../` for those beside it. */
  readonly buildFiles: ReadonlyMap<string, Buffer>;
}

const BUILD_FILE = /^(?:Kbuild|Kconfig|Makefile.*|.*\.(?:c|h|S|s|inc|def|inl|lds|mk|tbl|o_shipped))$/;
const GENERATED = '.mod.c';
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist']);
const MAX_DEPTH = 8;
const MAX_FILES = 4_000;
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_TOTAL_BYTES = 128 * 1024 * 1024;

function tooLarge(folder: string, why: string): Failure {
  return new Failure({
    code: 'source-too-large',
    what: `The folder ${folder} was not read.`,
    why,
    next: 'Keep the module in a folder of its own.',
  });
}

function unreadable(file: string, cause: unknown): Failure {
  const why = cause instanceof Error ? `${cause.message}.` : 'It is no regular file.';
  return new Failure({ code: 'source-unreadable', what: `The source ${file} cannot be read.`, why, next: 'Check the file, then try again.' }, { cause });
}

class Snapshot {
  readonly files = new Map<string, Buffer>();
  private bytes = 0;

  constructor(
    private readonly folder: string,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async visit(relative: string, depth: number): Promise<void> {
    const entries = await fs.readdir(path.join(this.folder, relative), { withFileTypes: true }).catch((error: unknown) => Promise.reject(unreadable(relative, error)));
    for (const entry of entries) {
      const child = path.posix.join(relative, entry.name);
      if (entry.isDirectory()) {
        if (depth < MAX_DEPTH && !entry.name.startsWith('.') && !SKIPPED_FOLDERS.has(entry.name)) await this.visit(child, depth + 1);
      } else if (BUILD_FILE.test(entry.name) && !entry.name.endsWith(GENERATED)) {
        await this.read(child);
      }
    }
  }

  async read(relative: string): Promise<void> {
    if (this.signal?.aborted) throw Failure.cancelled('Reading the sources was stopped.');
    const file = path.join(this.folder, relative);
    const stat = await fs.stat(file).catch(() => null);
    if (!stat?.isFile()) return; // a dangling link, a pipe: make will say so if it matters
    this.bytes += stat.size;
    if (stat.size > MAX_FILE_BYTES) throw tooLarge(this.folder, `${relative} is larger than 8 MB.`);
    if (this.files.size >= MAX_FILES || this.bytes > MAX_TOTAL_BYTES) throw tooLarge(this.folder, 'It holds more than 4000 source files or 128 MB of them.');
    this.files.set(relative, await fs.readFile(file).catch((error: unknown) => Promise.reject(unreadable(file, error))));
  }
}

/** @throws Failure `source-unreadable`, `source-too-large`, `cancelled` */
export async function readSources(module: ModuleDescription, signal?: AbortSignal): Promise<SourceSnapshot> {
  const snapshot = new Snapshot(module.folder, signal);
  await snapshot.visit('', 0);
  for (const name of [...module.sources, ...module.headers]) if (name.startsWith('../')) await snapshot.read(name);
  const named = [...module.sources, ...module.headers].map((name) => {
    const content = snapshot.files.get(name);
    if (!content) throw unreadable(path.join(module.folder, name), new Error('It is no longer there'));
    return { path: name, content };
  });
  return {
    files: named.map(({ path: name, content }) => ({ path: name, text: content.toString('utf8') })),
    hashes: named.map(({ path: name, content }) => ({ path: name, sha256: createHash('sha256').update(content).digest('hex') })),
    buildFiles: snapshot.files,
  };
}

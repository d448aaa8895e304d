// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import { systemPath } from './file-names';

/** A file larger than this is not analysed. */
export const MAX_SOURCE_BYTES = 4 * 1024 * 1024;
/** Texts that are kept, in UTF-16 units. */
const MAX_KEPT = 32 * 1024 * 1024;

/** Where the texts of sources come from: an editor's documents over the disk, or the disk alone. */
export interface SourceFiles {
  /** The text of a file by its absolute path; undefined when there is none, or it is too large. Does not throw. */
  read(file: string): Promise<string | undefined>;
  /** Whether there is such a file or folder. Does not throw. */
  exists(file: string): Promise<boolean>;
}

interface Kept {
  readonly stamp: string;
  readonly text: string;
}

/** The disk. A text is read again when its file has another time, size or inode, so nothing need tell of changes. */
export class DiskFiles implements SourceFiles {
  private readonly kept = new Map<string, Kept>();
  private size = 0;

  async read(file: string): Promise<string | undefined> {
    try {
      const stat = await fs.stat(systemPath(file), { bigint: true });
      if (!stat.isFile() || stat.size > BigInt(MAX_SOURCE_BYTES)) return undefined;
      const stamp = `${stat.mtimeNs} ${stat.ctimeNs} ${stat.size} ${stat.ino}`;
      const known = this.kept.get(file);
      if (known?.stamp === stamp) return known.text;
      const text = await fs.readFile(systemPath(file), 'utf8');
      this.keep(file, { stamp, text });
      return text;
    } catch {
      return undefined;
    }
  }

  async exists(file: string): Promise<boolean> {
    return fs.access(systemPath(file)).then(
      () => true,
      () => false,
    );
  }

  private keep(file: string, entry: Kept): void {
    this.size += entry.text.length - (this.kept.get(file)?.text.length ?? 0);
    this.kept.delete(file);
    this.kept.set(file, entry);
    for (const [oldest, { text }] of this.kept) {
      if (this.size <= MAX_KEPT) return;
      this.kept.delete(oldest);
      this.size -= text.length;
    }
  }
}

/** Absolute paths that were asked for. */
export interface AskedFiles {
  readonly texts: readonly string[];
  readonly presences: readonly string[];
}

/**
 * Files of one look at a document: each is asked for once, and those that the look before asked for are asked for at once,
 * as most of the time goes by between one answer of the disk and the next question.
 */
export class FilesOfOneLook implements SourceFiles {
  /** What this look asked for, by path. */
  private readonly texts = new Map<string, Promise<string | undefined>>();
  private readonly presences = new Map<string, Promise<boolean>>();
  private readonly textsAhead: ReadonlyMap<string, Promise<string | undefined>>;
  private readonly presencesAhead: ReadonlyMap<string, Promise<boolean>>;

  /** @param before what the look before asked for */
  constructor(
    private readonly files: SourceFiles,
    before: AskedFiles = { texts: [], presences: [] },
  ) {
    this.textsAhead = new Map(before.texts.map((file) => [file, files.read(file)]));
    this.presencesAhead = new Map(before.presences.map((file) => [file, files.exists(file)]));
  }

  get asked(): AskedFiles {
    return { texts: [...this.texts.keys()], presences: [...this.presences.keys()] };
  }

  read(file: string): Promise<string | undefined> {
    const text = this.texts.get(file) ?? this.textsAhead.get(file) ?? this.files.read(file);
    this.texts.set(file, text);
    return text;
  }

  exists(file: string): Promise<boolean> {
    const presence = this.presences.get(file) ?? this.presencesAhead.get(file) ?? this.files.exists(file);
    this.presences.set(file, presence);
    return presence;
  }
}

/** How many answers are remembered at a time. */
const MAX_REMEMBERED = 50_000;

/** Files that are looked at in one go: what is not there is asked for once. */
export class SnapshotFiles implements SourceFiles {
  private readonly unreadable = new Set<string>();
  private readonly absent = new Set<string>();

  constructor(private readonly files: SourceFiles) {}

  async read(file: string): Promise<string | undefined> {
    if (this.unreadable.has(file)) return undefined;
    const text = await this.files.read(file);
    if (text === undefined) remember(this.unreadable, file);
    return text;
  }

  async exists(file: string): Promise<boolean> {
    if (this.absent.has(file)) return false;
    const exists = await this.files.exists(file);
    if (!exists) remember(this.absent, file);
    return exists;
  }
}

function remember(names: Set<string>, name: string): void {
  if (names.size >= MAX_REMEMBERED) names.clear();
  names.add(name);
}

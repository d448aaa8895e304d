// SPDX-License-Identifier: MIT
import { holds } from './allowance';
import type { CType, StructType, UnitSyntax } from './ast';
import type { Chunk } from './chunk';
import type { EarlierTypes } from './lower';
import type { CParser, Parsed } from './parser';
import { Preprocessor, type Sources } from './preprocessor';
import type { SourceText } from './source';
import type { TargetFacts } from './target';

/** What the parser may do for one unit, in progress reports. */
const MAX_WORK = 60_000;

/** A chunk as the parser read it, with offsets that no other chunk of the unit has. */
export interface ParsedChunk {
  readonly chunk: Chunk;
  readonly base: number;
  readonly syntax: UnitSyntax | null;
}

/** Reads one unit, time and again: a declaration that stayed the same is the same object. */
export class UnitReader {
  private readonly preprocessor: Preprocessor;
  private readonly parsed = new WeakMap<Chunk, KnownChunk>();
  /** Offset that nothing has yet. */
  private free = 1;

  constructor(
    private readonly parser: CParser,
    target: TargetFacts,
  ) {
    this.preprocessor = new Preprocessor(target);
  }

  /** Yields after each declaration that it reads, so that it can be interrupted. @param options the compiler's, as directives */
  *read(file: SourceText, options: SourceText, sources: Sources): Generator<undefined, ParsedChunk[]> {
    const types = new UnitTypes();
    const chunks: ParsedChunk[] = [];
    let mayWork = MAX_WORK;
    for (const chunk of this.preprocessor.read(file, options, sources)) {
      const known = this.parsed.get(chunk);
      const current = known && holds(known.work, mayWork) && known.asked.agrees(types) ? known : this.parse(chunk, types, mayWork);
      mayWork = Math.max(0, mayWork - current.work.used);
      if (current.syntax) types.add(current.syntax);
      chunks.push(current);
      if (current !== known) yield;
    }
    return chunks;
  }

  private parse(chunk: Chunk, types: UnitTypes, mayWork: number): KnownChunk {
    const asked = new AskedTypes(types);
    const base = this.free;
    this.free += chunk.text.length + 1;
    const parsed = { chunk, base, asked, ...this.parser.parse({ text: chunk.text, base }, asked, mayWork) };
    this.parsed.set(chunk, parsed);
    return parsed;
  }
}

interface KnownChunk extends ParsedChunk, Parsed {
  readonly syntax: UnitSyntax | null;
  readonly asked: AskedTypes;
}

/** The types of the chunks that were read so far. */
class UnitTypes implements EarlierTypes {
  private readonly typedefs = new Map<string, CType>();
  private readonly structs = new Map<string, StructType>();

  add({ typedefs, structs }: UnitSyntax): void {
    for (const [name, type] of typedefs) this.typedefs.set(name, type);
    for (const [tag, type] of structs) this.structs.set(tag, type);
  }

  hasTypedef(name: string): boolean {
    return this.typedefs.has(name);
  }

  struct(tag: string): StructType | undefined {
    return this.structs.get(tag);
  }
}

/** Notes what reading a chunk asked of the chunks before it. */
class AskedTypes implements EarlierTypes {
  private readonly typedefs = new Map<string, boolean>();
  private readonly structs = new Map<string, StructType | undefined>();

  constructor(private readonly types: UnitTypes) {}

  hasTypedef(name: string): boolean {
    const answer = this.types.hasTypedef(name);
    this.typedefs.set(name, answer);
    return answer;
  }

  struct(tag: string): StructType | undefined {
    const answer = this.types.struct(tag);
    this.structs.set(tag, answer);
    return answer;
  }

  agrees(types: UnitTypes): boolean {
    for (const [name, answer] of this.typedefs) if (types.hasTypedef(name) !== answer) return false;
    for (const [tag, answer] of this.structs) if (types.struct(tag) !== answer) return false;
    return true;
  }
}

// SPDX-License-Identifier: MIT
import { holds, type Cost } from './allowance';
import type { DirectiveMemory } from './directives';
import { Emitter } from './emitter';
import { Expansion, type MacroHistory, type MacroTable, type MacroUses, type PlacedToken } from './macros';
import { PlaceMap } from './place-map';
import { Stretch, type SourceLine, type Span } from './source';

/** Tokens that macros may bring into one translation unit, so that a hostile macro ends. */
const MAX_GROWTH = 120_000;
const MAX_TEXT = 8 * 1024 * 1024;
/** Chunks that begin with one line, which are remembered. */
const MAX_REMEMBERED = 4;

/** What may still be brought into a translation unit. */
export class UnitAllowance {
  growth = MAX_GROWTH;
  text = MAX_TEXT;

  take(chunk: Chunk): void {
    this.growth = Math.max(0, this.growth - chunk.growth.used);
    this.text = Math.max(0, this.text - chunk.length.used);
  }
}

/** A stretch of a unit that is parsed by itself: one declaration, as a rule. Depends on nothing but its lines and the macros that it asks for. */
export class Chunk {
  readonly text: string;
  readonly map: PlaceMap;
  readonly growth: Cost;
  readonly length: Cost;
  /** Braces that the expanded text leaves open. */
  readonly openBraces: number;
  private readonly uses: MacroUses;

  /** `macros` are those at the first line; lines of directives among the others change them on the way. */
  constructor(
    private readonly lines: readonly SourceLine[],
    macros: MacroTable,
    memory: DirectiveMemory,
    allowance: UnitAllowance,
    whole: Span,
    private history: MacroHistory = macros.history,
  ) {
    const own = lines.some((line) => line.directive !== null) ? macros.copy() : macros;
    const expansion = new Expansion(own, allowance.growth);
    const emitter = new Emitter(allowance.text);
    let run: PlacedToken[] = [];
    for (const line of lines) {
      if (line.directive === null) {
        for (const { kind, text, spaced, start, end } of line.tokens) run.push({ kind, text, spaced, span: new Stretch(line, start, line, end), written: true, hidden: null });
        continue;
      }
      emitter.emit(expansion.expand(run));
      run = [];
      applyDefinition(line, own, memory);
    }
    emitter.emit(expansion.expand(run));
    this.text = emitter.text;
    this.map = new PlaceMap(emitter.pieces, lines, whole);
    this.openBraces = emitter.openBraces;
    this.uses = expansion.uses;
    this.growth = { used: expansion.grown, allowed: allowance.growth };
    this.length = { used: this.text.length, allowed: allowance.text };
  }

  /** Whether the same lines would come out the same. */
  isStill(lines: readonly SourceLine[], macros: MacroTable, allowance: UnitAllowance): boolean {
    return lines.length === this.lines.length && lines.every((line, at) => line === this.lines[at]) && this.holds(macros, allowance);
  }

  /** Index of the last of its lines in a file, where they begin at `at` with no others than blank ones between them; else null. */
  lastIn(lines: readonly SourceLine[], at: number): number | null {
    let index = at;
    for (let count = 0; count < this.lines.length; count++) {
      if (count > 0) index++;
      while (count > 0 && lines[index]?.directive === null && lines[index]?.isBlank) index++;
      if (lines[index] !== this.lines[count]) return null;
    }
    return index;
  }

  /** Whether it comes out the same with these macros. */
  holds(macros: MacroTable, allowance: UnitAllowance): boolean {
    if (!holds(this.growth, allowance.growth) || !holds(this.length, allowance.text)) return false;
    if (this.history === macros.history) return true;
    if (!macros.agrees(this.uses)) return false;
    this.history = macros.history;
    return true;
  }
}

/** Carries out `#define` and `#undef`. */
export function applyDefinition(line: SourceLine, macros: MacroTable, memory: DirectiveMemory): void {
  if (line.directive === 'define') {
    const macro = memory.definition(line);
    if (macro) macros.define(macro, line);
  } else if (line.directive === 'undef') macros.undefine(line.tokens[2]?.text ?? '', line);
}

/** The chunks of one unit, remembered from one reading of the unit to the next. */
export class ChunkMemory {
  private readonly byFirstLine = new WeakMap<SourceLine, Chunk[]>();
  /** Chunks that end where their lines alone say so. */
  private readonly whole = new WeakSet<Chunk>();

  noteWhole(chunk: Chunk): void {
    this.whole.add(chunk);
  }

  /** A chunk that was noted as whole and comes out the same again, with the index of its last line. */
  wholeAt(lines: readonly SourceLine[], at: number, macros: MacroTable, allowance: UnitAllowance): { readonly chunk: Chunk; readonly last: number } | null {
    const first = lines[at];
    for (const chunk of (first && this.byFirstLine.get(first)) ?? []) {
      const last = this.whole.has(chunk) ? chunk.lastIn(lines, at) : null;
      if (last !== null && chunk.holds(macros, allowance)) return { chunk, last };
    }
    return null;
  }

  chunk(lines: readonly SourceLine[], macros: MacroTable, memory: DirectiveMemory, allowance: UnitAllowance, whole: Span): Chunk {
    const [first] = lines;
    const known = first && this.byFirstLine.get(first);
    const same = known?.find((chunk) => chunk.isStill(lines, macros, allowance));
    if (same) return same;
    const chunk = new Chunk(lines, macros, memory, allowance, whole);
    if (first) this.byFirstLine.set(first, [chunk, ...(known ?? [])].slice(0, MAX_REMEMBERED));
    return chunk;
  }
}

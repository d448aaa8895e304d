// SPDX-License-Identifier: MIT
import type { PlacedToken } from './macros';
import { Stretch, type SourceLine, type Span } from './source';

/** A token in the text that is parsed. */
export interface Piece {
  /** Offset in that text. */
  readonly at: number;
  readonly length: number;
  readonly token: PlacedToken;
}

/** Above every offset in a source and in the text. */
const OFFSETS = 2 ** 24;

/**
 * Finds the source of a stretch of preprocessed text. There is one for each declaration of each open file, so it is kept
 * small: in plain arrays of numbers, two facts in each, as many small typed arrays would lie outside of the heap, in pieces
 * that are never given back.
 */
export class PlaceMap {
  /** Where each piece begins in the text, and how long it is. */
  private readonly pieces: readonly number[];
  /** By its index, twice, the line where it begins (one more where it is not written there), and the offset in that. */
  private readonly begins: readonly number[];
  private readonly ends: readonly number[];

  /** `lines` are those that the pieces lie in. */
  constructor(
    pieces: readonly Piece[],
    private readonly lines: readonly SourceLine[],
    private readonly whole: Span,
  ) {
    const indexes = new Map(lines.map((line, index) => [line, index]));
    const indexOf = (line: SourceLine): number => indexes.get(line) ?? 0;
    this.pieces = pieces.map(({ at, length }) => at * OFFSETS + length);
    this.begins = pieces.map(({ token: { span, written } }) => (indexOf(span.first) * 2 + Number(!written)) * OFFSETS + span.from);
    this.ends = pieces.map(({ token: { span } }) => indexOf(span.last) * OFFSETS + span.to);
  }

  /** What a person reads as this expression: an argument of a macro call rather than the whole call. */
  span(start: number, end: number): Span {
    const { first, behind } = this.indexes(start, end);
    const spans = this.spans(first, behind);
    const isWritten = (_: Stretch, at: number): boolean => this.isWritten(first + at);
    const invocations = spans.filter((span, at) => !isWritten(span, at));
    const written = spans.filter(isWritten);
    const [invocation] = invocations;
    if (!invocation) return union(written) ?? this.whole;
    const inside = (span: Stretch): boolean => span.file === invocation.file && span.start >= invocation.start && span.end <= invocation.end;
    if (written.length > 0 && invocations.every(inside) && written.every(inside)) return union(written) ?? invocation;
    return union([...written, ...invocations]) ?? this.whole;
  }

  /** The whole stretch, macro calls included: where a debugger would say that the code stands. */
  site(start: number, end: number): Span {
    const { first, behind } = this.indexes(start, end);
    return union(this.spans(first, behind)) ?? this.whole;
  }

  /** The source of a stretch, where it could be replaced in place; null where a macro's expansion or a file begins or ends within. */
  verbatim(start: number, end: number): Span | null {
    const { first, behind } = this.indexes(start, end);
    const spans = this.spans(first, behind);
    const span = union(spans);
    if (!span || spans.some(({ file }) => file !== span.file)) return null;
    const overlaps = (other: Span | undefined): boolean => other?.file === span.file && other.start < span.end && other.end > span.start;
    return overlaps(this.spans(first - 1, first)[0]) || overlaps(this.spans(behind, behind + 1)[0]) ? null : span;
  }

  /** Of the first piece in a stretch, and of the first one behind it. */
  private indexes(start: number, end: number): { first: number; behind: number } {
    let low = 0;
    let high = this.pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const piece = this.pieces[middle] ?? 0;
      if (Math.floor(piece / OFFSETS) + (piece % OFFSETS) <= start) low = middle + 1;
      else high = middle;
    }
    let behind = low;
    while (Math.floor((this.pieces[behind] ?? Infinity) / OFFSETS) < end) behind++;
    return { first: low, behind };
  }

  private isWritten(index: number): boolean {
    return Math.floor((this.begins[index] ?? 0) / OFFSETS) % 2 === 0;
  }

  private spans(first: number, behind: number): Stretch[] {
    const spans: Stretch[] = [];
    for (let index = Math.max(first, 0); index < Math.min(behind, this.pieces.length); index++) {
      const [begin, end] = [this.begins[index] ?? 0, this.ends[index] ?? 0];
      const [from, to] = [this.lines[Math.floor(begin / OFFSETS / 2)], this.lines[Math.floor(end / OFFSETS)]];
      if (from && to) spans.push(new Stretch(from, begin % OFFSETS, to, end % OFFSETS));
    }
    return spans;
  }
}

function union(spans: readonly Stretch[]): Stretch | null {
  const [first, ...others] = spans;
  if (!first) return null;
  return others.reduce((covered, span) => (span.file === first.file ? covered.with(span) : covered), first);
}

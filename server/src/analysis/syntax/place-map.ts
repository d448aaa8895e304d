// SPDX-License-Identifier: MIT
import type { PlacedToken } from './macros';
import type { Span, Stretch } from './source';

/** A token in the text that is parsed. */
export interface Piece {
  /** Offset in that text. */
  readonly at: number;
  readonly length: number;
  readonly token: PlacedToken;
}

/** Finds the source of a stretch of preprocessed text. */
export class PlaceMap {
  constructor(
    private readonly pieces: readonly Piece[],
    private readonly whole: Span,
  ) {}

  /** What a person reads as this expression: an argument of a macro call rather than the whole call. */
  span(start: number, end: number): Span {
    const pieces = this.between(start, end);
    const invocations = pieces.filter((piece) => !piece.token.written).map((piece) => piece.token.span);
    const written = pieces.filter((piece) => piece.token.written).map((piece) => piece.token.span);
    const [invocation] = invocations;
    if (!invocation) return union(written) ?? this.whole;
    const inside = (span: Stretch): boolean => span.file === invocation.file && span.start >= invocation.start && span.end <= invocation.end;
    if (written.length > 0 && invocations.every(inside) && written.every(inside)) return union(written) ?? invocation;
    return union([...written, ...invocations]) ?? this.whole;
  }

  /** The whole stretch, macro calls included: where a debugger would say that the code stands. */
  site(start: number, end: number): Span {
    return union(this.between(start, end).map((piece) => piece.token.span)) ?? this.whole;
  }

  /** The source of a stretch, where it could be replaced in place; null where a macro's expansion or a file begins or ends within. */
  verbatim(start: number, end: number): Span | null {
    const { first, behind } = this.indexes(start, end);
    const spans = this.pieces.slice(first, behind).map((piece) => piece.token.span);
    const span = union(spans);
    if (!span || spans.some(({ file }) => file !== span.file)) return null;
    const overlaps = (other: Span | undefined): boolean => other?.file === span.file && other.start < span.end && other.end > span.start;
    return overlaps(this.pieces[first - 1]?.token.span) || overlaps(this.pieces[behind]?.token.span) ? null : span;
  }

  /** The first token of a stretch, as it is written in the source. */
  firstToken(start: number): PlacedToken | undefined {
    return this.between(start, start + 1)[0]?.token;
  }

  private between(start: number, end: number): readonly Piece[] {
    const { first, behind } = this.indexes(start, end);
    return this.pieces.slice(first, behind);
  }

  /** Of the first piece in a stretch, and of the first one behind it. */
  private indexes(start: number, end: number): { first: number; behind: number } {
    let low = 0;
    let high = this.pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const piece = this.pieces[middle];
      if (piece && piece.at + piece.length <= start) low = middle + 1;
      else high = middle;
    }
    let behind = low;
    while ((this.pieces[behind]?.at ?? Infinity) < end) behind++;
    return { first: low, behind };
  }
}

function union(spans: readonly Stretch[]): Stretch | null {
  const [first, ...others] = spans;
  if (!first) return null;
  return others.reduce((covered, span) => (span.file === first.file ? covered.with(span) : covered), first);
}

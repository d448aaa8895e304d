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

/** Finds the source of a stretch of preprocessed text. There is one for each declaration of each open file, so it is kept small. */
export class PlaceMap {
  /** For each piece where it begins and where it ends in the text. */
  private readonly bounds: Int32Array;
  private readonly spans: readonly Stretch[];
  private readonly written: Uint8Array;

  constructor(
    pieces: readonly Piece[],
    private readonly whole: Span,
  ) {
    this.bounds = Int32Array.from(pieces.flatMap(({ at, length }) => [at, at + length]));
    this.spans = pieces.map(({ token }) => token.span);
    this.written = Uint8Array.from(pieces, ({ token }) => Number(token.written));
  }

  /** What a person reads as this expression: an argument of a macro call rather than the whole call. */
  span(start: number, end: number): Span {
    const { first, behind } = this.indexes(start, end);
    const spans = this.spans.slice(first, behind);
    const isWritten = (_: Stretch, at: number): boolean => this.written[first + at] === 1;
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
    return union(this.spans.slice(first, behind)) ?? this.whole;
  }

  /** The source of a stretch, where it could be replaced in place; null where a macro's expansion or a file begins or ends within. */
  verbatim(start: number, end: number): Span | null {
    const { first, behind } = this.indexes(start, end);
    const spans = this.spans.slice(first, behind);
    const span = union(spans);
    if (!span || spans.some(({ file }) => file !== span.file)) return null;
    const overlaps = (other: Span | undefined): boolean => other?.file === span.file && other.start < span.end && other.end > span.start;
    return overlaps(this.spans[first - 1]) || overlaps(this.spans[behind]) ? null : span;
  }

  /** Of the first piece in a stretch, and of the first one behind it. */
  private indexes(start: number, end: number): { first: number; behind: number } {
    let low = 0;
    let high = this.spans.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.bounds[2 * middle + 1] ?? 0) <= start) low = middle + 1;
      else high = middle;
    }
    let behind = low;
    while ((this.bounds[2 * behind] ?? Infinity) < end) behind++;
    return { first: low, behind };
  }
}

function union(spans: readonly Stretch[]): Stretch | null {
  const [first, ...others] = spans;
  if (!first) return null;
  return others.reduce((covered, span) => (span.file === first.file ? covered.with(span) : covered), first);
}

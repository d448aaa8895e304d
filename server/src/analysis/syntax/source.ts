// SPDX-License-Identifier: MIT
import type { Position, Range, SourceFile } from '../../../../core/model/analysis';

/** A stretch of one source file, in UTF-16 offsets. */
export interface Span {
  readonly file: SourceText;
  readonly start: number;
  readonly end: number;
}

/** One source file with its lines. */
export class SourceText {
  readonly path: string;
  readonly text: string;
  private readonly lineStarts: readonly number[];

  constructor(source: SourceFile) {
    this.path = source.path;
    this.text = source.text;
    const starts = [0];
    for (const match of source.text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
    this.lineStarts = starts;
  }

  /** Zero-based line and UTF-16 character, as LSP counts them (`\n`, `\r\n` and `\r` end a line). */
  position(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.lineStarts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: at - (this.lineStarts[low] ?? 0) };
  }
}

export function rangeOf(span: Span): Range {
  return { start: span.file.position(span.start), end: span.file.position(span.end) };
}

/** The line of the span's start, from 1. */
export function lineOf(span: Span): number {
  return span.file.position(span.start).line + 1;
}

export function textOf(span: Span): string {
  return span.file.text.slice(span.start, span.end);
}

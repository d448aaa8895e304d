// SPDX-License-Identifier: MIT
import type { Position, Range, SourceFile } from '../../../../core/model/analysis';
import { Lexer, type Token } from './lexer';

/** A stretch of one source file, in UTF-16 offsets. */
export interface Span {
  readonly file: SourceText;
  readonly start: number;
  readonly end: number;
}

/** A line with what continues it: comments over several lines, `\` at its end. The same object as long as its text stays. */
export class SourceLine {
  /** Offset of the line in the file, as of the file's last change. */
  at = 0;
  /** Its brackets and what else ends a declaration, in order. */
  readonly marks: string;
  /** The word behind `#`; null for a line of code. */
  readonly directive: string | null;
  readonly isBlank: boolean;

  constructor(
    readonly file: SourceText,
    readonly length: number,
    /** With its newline; offsets are from the line's start. */
    readonly tokens: readonly Token[],
  ) {
    let marks = '';
    for (const { text, kind } of tokens) if (kind === 'punctuator' && MARKS.includes(text)) marks += text;
    this.marks = marks;
    this.directive = tokens[0]?.text === '#' ? (tokens[1]?.text ?? '') : null;
    this.isBlank = tokens[0] === undefined || tokens[0].kind === 'newline';
  }

  get isWhole(): boolean {
    return this.tokens.at(-1)?.kind === 'newline';
  }
}

const MARKS = '{}()[]=;';

/** A stretch that moves along with the lines that it lies in. */
export class Stretch implements Span {
  constructor(
    private readonly first: SourceLine,
    private readonly from: number,
    private readonly last: SourceLine,
    private readonly to: number,
  ) {}

  get file(): SourceText {
    return this.first.file;
  }

  get start(): number {
    return this.first.at + this.from;
  }

  get end(): number {
    return this.last.at + this.to;
  }

  equals({ first, from, last, to }: Stretch): boolean {
    return first === this.first && from === this.from && last === this.last && to === this.to;
  }

  /** The least stretch that covers both, which lie in one file. */
  with(other: Stretch): Stretch {
    const [early, late] = [other.start < this.start ? other : this, other.end > this.end ? other : this];
    return early === late ? early : new Stretch(early.first, early.from, late.last, late.to);
  }
}

/** One source file with its lines. Its text can change; lines that an edit left alone stay the same objects. */
export class SourceText {
  readonly path: string;
  private content = '';
  private currentLines: readonly SourceLine[] = [];
  private lineStarts: readonly number[] | null = null;

  constructor(source: SourceFile) {
    this.path = source.path;
    this.update(source.text);
  }

  get text(): string {
    return this.content;
  }

  get lines(): readonly SourceLine[] {
    return this.currentLines;
  }

  /** Takes a new text over. Only lines that changed are cut anew. */
  update(text: string): void {
    const before = this.content;
    if (text === before) return;
    const lines = this.currentLines;
    this.content = text;
    this.lineStarts = null;
    const least = Math.min(before.length, text.length);
    const prefix = commonPrefix(before, text, least);
    const suffix = commonSuffix(before, text, least - prefix);
    let kept = countWhere(lines, (line) => line.at + line.length <= prefix);
    if (kept > 0 && lines[kept - 1]?.isWhole === false) kept--;
    const start = lines[kept]?.at ?? lengthOf(lines.slice(0, kept));
    const moved = text.length - before.length;
    const cut: number[] = [];
    const lexer = new Lexer(text, start);
    let rest = kept;
    for (;;) {
      const isSame = lexer.at >= text.length - suffix;
      if (isSame) while (rest < lines.length && (lines[rest]?.at ?? 0) + moved < lexer.at) rest++;
      if (lexer.atEnd || (isSame && lines[rest] !== undefined && (lines[rest]?.at ?? 0) + moved === lexer.at)) break;
      lexer.line(0);
      cut.push(lexer.at);
    }
    if (lexer.atEnd) rest = lines.length;
    this.currentLines = [...lines.slice(0, kept), ...this.cutAnew(start, cut), ...lines.slice(rest)];
    let at = 0;
    for (const line of this.currentLines) {
      line.at = at;
      at += line.length;
    }
  }

  /** Cuts lines out of a copy of their text, so that they do not keep the whole file's in memory. */
  private cutAnew(start: number, ends: readonly number[]): SourceLine[] {
    const end = ends.at(-1) ?? start;
    const text = Buffer.from(this.content.slice(start, end), 'utf16le').toString('utf16le');
    const lexer = new Lexer(text);
    return ends.map(() => {
      const from = lexer.at;
      const tokens = lexer.line(from);
      return new SourceLine(this, lexer.at - from, tokens);
    });
  }

  /** Zero-based line and UTF-16 character, as LSP counts them (`\n`, `\r\n` and `\r` end a line). */
  position(offset: number): Position {
    const starts = (this.lineStarts ??= startsOfLines(this.content));
    const at = Math.max(0, Math.min(offset, this.content.length));
    const line = countWhere(starts, (start) => start <= at) - 1;
    return { line, character: at - (starts[line] ?? 0) };
  }
}

function startsOfLines(text: string): number[] {
  const starts = [0];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10)) starts.push(at + 1);
  }
  return starts;
}

function lengthOf(lines: readonly SourceLine[]): number {
  return lines.reduce((length, line) => length + line.length, 0);
}

function commonPrefix(a: string, b: string, most: number): number {
  let length = 0;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

function commonSuffix(a: string, b: string, most: number): number {
  let length = 0;
  while (length < most && a.charCodeAt(a.length - 1 - length) === b.charCodeAt(b.length - 1 - length)) length++;
  return length;
}

/** How many items of a list, whose first ones hold, do. */
function countWhere<T>(list: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = list[middle];
    if (item !== undefined && holds(item)) low = middle + 1;
    else high = middle;
  }
  return low;
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

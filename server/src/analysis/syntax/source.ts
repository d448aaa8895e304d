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
    /** With its newline; offsets are from the line's start. */
    readonly tokens: readonly Token[],
    readonly length: number,
  ) {
    let marks = '';
    for (const { text, kind } of tokens) if (kind === 'punctuator' && MARKS.includes(text)) marks += text;
    this.marks = marks;
    this.directive = tokens[0]?.text === '#' ? (tokens[1]?.text ?? '') : null;
    this.isBlank = tokens[0] === undefined || tokens[0].kind === 'newline';
  }

  /** What it costs to look at: something for the line, and for each token. */
  get work(): number {
    return 10 + this.tokens.length * 1.5;
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

/** A file of more work is not looked at; about 30,000 lines of ordinary code. */
const MAX_WORK = 700_000;
/** More text than this is not copied for the lines that are cut out of it. */
const MAX_COPIED = 64 * 1024;

/** One source file with its lines. Its text can change; lines that an edit left alone stay the same objects. */
export class SourceText {
  readonly path: string;
  private content = '';
  private work = 0;
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
    const cut: SourceLine[] = [];
    const lexer = new Lexer(text, start);
    let rest = kept;
    let work = 0;
    for (;;) {
      const isSame = lexer.at >= text.length - suffix;
      if (isSame) while (rest < lines.length && (lines[rest]?.at ?? 0) + moved < lexer.at) rest++;
      if (lexer.atEnd || (isSame && lines[rest] !== undefined && (lines[rest]?.at ?? 0) + moved === lexer.at)) break;
      const from = lexer.at;
      const line = new SourceLine(this, lexer.line(from), lexer.at - from);
      cut.push(line);
      work += line.work;
      if (work > MAX_WORK) break;
    }
    if (lexer.atEnd) rest = lines.length;
    const end = lexer.at;
    const own = end - start > MAX_COPIED ? cut : this.cutAnew(text.slice(start, end));
    this.currentLines = [...lines.slice(0, kept), ...own, ...lines.slice(rest)];
    let at = 0;
    this.work = 0;
    for (const line of this.currentLines) {
      line.at = at;
      at += line.length;
      this.work += line.work;
    }
    if (this.isTooLarge) this.currentLines = [];
  }

  /** It is more work than is done for a file: then it has no lines. */
  get isTooLarge(): boolean {
    return this.work > MAX_WORK;
  }

  /** Cuts lines out of a copy of their text, so that a few changed ones do not keep the whole file's text in memory. */
  private cutAnew(text: string): SourceLine[] {
    const lexer = new Lexer(Buffer.from(text, 'utf16le').toString('utf16le'));
    const lines: SourceLine[] = [];
    while (!lexer.atEnd) {
      const from = lexer.at;
      lines.push(new SourceLine(this, lexer.line(from), lexer.at - from));
    }
    return lines;
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

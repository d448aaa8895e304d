// SPDX-License-Identifier: MIT
import type { Position, Range, SourceFile } from '../../../../core/model/analysis';
import { Lexer, type Token } from './lexer';

/** A stretch of one source file, in UTF-16 offsets. */
export interface Span {
  readonly file: SourceText;
  readonly start: number;
  readonly end: number;
}

/** What a line begins with, in its first column. */
type Opening = 'brace' | 'declaration' | 'function' | 'other' | null;

/** Words that a declaration at the start of a line begins with. */
const BEGINS_DECLARATION = /^(?:static|asmlinkage|extern|typedef|MODULE_\w+|module_\w+|EXPORT_SYMBOL\w*)$/;
const MAY_BEGIN_FUNCTION = /^(?:int|void|long|unsigned|bool|char|const|struct|enum|union|u8|u16|u32|u64|size_t|ssize_t|loff_t|irqreturn_t|inline)$/;
const DIRECTIVES: ReadonlyMap<string, string> = new Map(['if', 'ifdef', 'ifndef', 'elif', 'else', 'endif', 'define', 'undef', 'include', 'pragma'].map((word) => [word, word]));
const MARKS: ReadonlyMap<string, string> = new Map(['{', '}', '(', ')', '[', ']', '=', ';'].map((mark) => [mark, mark]));

/**
 * A line with what continues it: comments over several lines, `\` at its end. The same object as long as its text stays.
 * There are as many as lines in all open files, so it keeps no tokens, but what tells where declarations begin and end.
 */
export class SourceLine {
  /** Offset of the line in the file, as of the file's last change. */
  at = 0;
  /** Its first line (from 0) as an editor counts them, as of then. */
  row = 0;
  /** Its brackets and what else ends a declaration, in order. */
  readonly marks: string;
  /** The word behind `#`, empty for one that means nothing here; null for a line of code. */
  readonly directive: string | null;
  readonly opening: Opening;
  /** `}` or `;` where it ends with that. */
  readonly ending: string | null;
  readonly isBlank: boolean;
  readonly isWhole: boolean;
  /** What it costs to look at: something for the line, and for each token. */
  readonly work: number;
  /** No other line of the file has it, or had it. */
  readonly number: number;

  constructor(
    readonly file: SourceText,
    tokens: readonly Token[],
    readonly length: number,
    /** How many line ends it has: more than one where it goes on, none at the end of the file. */
    readonly rows: number,
  ) {
    this.number = file.nextNumber++;
    const marks: string[] = [];
    for (const { text, kind } of tokens) {
      const mark = kind === 'punctuator' ? MARKS.get(text) : undefined;
      if (mark !== undefined) marks.push(mark);
    }
    this.marks = marks.join('');
    const [first, second] = tokens;
    this.directive = first?.text === '#' ? (DIRECTIVES.get(second?.text ?? '') ?? '') : null;
    this.opening = first?.start === 0 ? openingOf(first.text) : null;
    this.ending = MARKS.get(tokens.findLast((token) => token.kind !== 'newline')?.text ?? '') ?? null;
    this.isBlank = first === undefined || first.kind === 'newline';
    this.isWhole = tokens.at(-1)?.kind === 'newline';
    this.work = 10 + tokens.length * 1.5;
  }

  /** With its newline; offsets are from the line's start. Cut anew each time, out of a copy, so that no token keeps the file's text in memory. */
  get tokens(): Token[] {
    return new Lexer(Buffer.from(this.file.text.slice(this.at, this.at + this.length), 'utf16le').toString('utf16le')).line(0);
  }

  /** Where an offset in it is for LSP. */
  position(offset: number): Position {
    if (this.rows <= 1 && offset < this.length) return { line: this.row, character: offset };
    let line = this.row;
    let start = 0;
    for (let at = 0; at < offset; at++) {
      if (!endsLine(this.file.text, this.at + at)) continue;
      line++;
      start = at + 1;
    }
    return { line, character: offset - start };
  }
}

/** Whether a line ends behind a character, as LSP counts them: `\n`, `\r\n` and `\r`. */
function endsLine(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 10 || (code === 13 && text.charCodeAt(at + 1) !== 10);
}

function countLineEnds(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (endsLine(text, at)) count++;
  return count;
}

function openingOf(word: string): Opening {
  if (word === '}') return 'brace';
  if (BEGINS_DECLARATION.test(word)) return 'declaration';
  return MAY_BEGIN_FUNCTION.test(word) ? 'function' : 'other';
}

/** A stretch that moves along with the lines that it lies in. */
export class Stretch implements Span {
  constructor(
    readonly first: SourceLine,
    /** Offset in the first line. */
    readonly from: number,
    readonly last: SourceLine,
    readonly to: number,
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

  get range(): Range {
    return { start: this.first.position(this.from), end: this.last.position(this.to) };
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
/** One source file with its lines. Its text can change; lines that an edit left alone stay the same objects. */
export class SourceText {
  readonly path: string;
  /** Of the line that is cut next. */
  nextNumber = 0;
  private content = '';
  private work = 0;
  private currentLines: SourceLine[] = [];
  /** Only of a file that has no lines. */
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

  /** Takes a new text over. Only lines that changed are cut anew. @returns whether others than those moved up or down */
  update(text: string): boolean {
    const before = this.content;
    if (text === before) return false;
    const lines = this.currentLines;
    this.content = text;
    this.lineStarts = null;
    const least = Math.min(before.length, text.length);
    const prefix = commonPrefix(before, text, least);
    const suffix = commonSuffix(before, text, least - prefix);
    let kept = countWhere(lines, (line) => line.at + line.length <= prefix);
    if (kept > 0 && lines[kept - 1]?.isWhole === false) kept--;
    const last = lines[kept - 1];
    const start = last ? last.at + last.length : 0;
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
      const tokens = lexer.line(from);
      const line = new SourceLine(this, tokens, lexer.at - from, countLineEnds(text, from, lexer.at));
      cut.push(line);
      work += line.work;
      if (work > MAX_WORK) break;
    }
    if (lexer.atEnd) rest = lines.length;
    this.work = (this.isTooLarge ? 0 : this.work) + work - workOf(lines, kept, rest);
    this.currentLines = this.isTooLarge ? [] : withLines(lines, kept, rest, cut);
    return this.place(kept, kept + cut.length);
  }

  /** Says of the lines from one on where they are. @returns whether those behind the new ones moved up or down */
  private place(from: number, behind: number): boolean {
    const { currentLines } = this;
    const before = currentLines[from - 1];
    let at = before ? before.at + before.length : 0;
    let row = before ? before.row + before.rows : 0;
    let moved = false;
    for (let index = from; index < currentLines.length; index++) {
      const line = currentLines[index];
      if (!line) break;
      line.at = at;
      moved ||= index >= behind && line.row !== row;
      line.row = row;
      at += line.length;
      row += line.rows;
    }
    return moved;
  }

  /** It is more work than is done for a file: then it has no lines. */
  get isTooLarge(): boolean {
    return this.work > MAX_WORK;
  }

  /** Zero-based line and UTF-16 character, as LSP counts them (`\n`, `\r\n` and `\r` end a line). */
  position(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.content.length));
    const known = this.currentLines[countWhere(this.currentLines, (line) => line.at <= at) - 1];
    if (known) return known.position(at - known.at);
    const starts = (this.lineStarts ??= startsOfLines(this.content));
    const line = countWhere(starts, (start) => start <= at) - 1;
    return { line, character: at - (starts[line] ?? 0) };
  }
}

function startsOfLines(text: string): number[] {
  const starts = [0];
  for (let at = 0; at < text.length; at++) if (endsLine(text, at)) starts.push(at + 1);
  return starts;
}

function workOf(lines: readonly SourceLine[], from: number, to: number): number {
  let work = 0;
  for (let index = from; index < to; index++) work += lines[index]?.work ?? 0;
  return work;
}

/** A list with the lines from one on, up to another, replaced: the same list where there are as many. */
function withLines(lines: SourceLine[], from: number, to: number, others: readonly SourceLine[]): SourceLine[] {
  if (others.length !== to - from) return lines.slice(0, from).concat(others, lines.slice(to));
  for (const [index, line] of others.entries()) lines[from + index] = line;
  return lines;
}

/** Texts are compared in pieces of this length first, which is quick. */
const PIECE = 1024;

function commonPrefix(a: string, b: string, most: number): number {
  let length = 0;
  while (length + PIECE <= most && a.slice(length, length + PIECE) === b.slice(length, length + PIECE)) length += PIECE;
  while (length < most && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}

function commonSuffix(a: string, b: string, most: number): number {
  const piece = (text: string, length: number): string => text.slice(text.length - length - PIECE, text.length - length);
  let length = 0;
  while (length + PIECE <= most && piece(a, length) === piece(b, length)) length += PIECE;
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
  return span instanceof Stretch ? span.range : { start: span.file.position(span.start), end: span.file.position(span.end) };
}

/** The line of the span's start, from 1. */
export function lineOf(span: Span): number {
  return span.file.position(span.start).line + 1;
}

export function sameSpan(a: Span, b: Span): boolean {
  return a.file === b.file && a.start === b.start && a.end === b.end;
}

export function textOf(span: Span): string {
  return span.file.text.slice(span.start, span.end);
}

/** Source text as it is quoted in a message: in one line, without parentheses around all of it, at most so long. */
export function quoteOf(span: Span, most: number): string {
  let text = textOf(span).replace(/\s+/g, ' ');
  while (isInParentheses(text)) text = text.slice(1, -1).trim();
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function isInParentheses(text: string): boolean {
  if (!text.startsWith('(') || !text.endsWith(')')) return false;
  let open = 0;
  for (let at = 0; at < text.length - 1; at++) {
    if (text[at] === '(') open++;
    else if (text[at] === ')' && --open === 0) return false;
  }
  return true;
}

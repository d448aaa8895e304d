// SPDX-License-Identifier: MIT
import type { FunctionDefinition, Located } from '../syntax/ast';
import { textOf, type SourceText, type Span } from '../syntax/source';
import type { FunctionPlace, Unit } from '../flow/unit';
import { needed, NotFixable, type TextEdit } from './text-edit';
import { indentAt, lineEnd, lineStart, missingIncludes, nextLine, placeBefore, styled } from './layout';

interface Change {
  readonly span: Span;
  readonly text: string;
}

/** The source of something that may be replaced as a whole. @throws NotFixable when a macro or an `#if` has a part in it */
export function editable(unit: Unit, located: Located): Span {
  const span = needed(unit.verbatimOf(located));
  if (/^[ \t]*#/m.test(textOf(span).replace(/^.*/, ''))) throw new NotFixable();
  return span;
}

/** The source text of something that may be moved. */
export function sourceOf(unit: Unit, located: Located): string {
  return textOf(editable(unit, located));
}

/** Collects the changes of one fix. */
export class Edits {
  private readonly changes: Change[] = [];
  private readonly headers = new Map<SourceText, Set<string>>();

  replace(span: Span, text: string): void {
    this.changes.push({ span, text: styled(text, span.file.text) });
  }

  insert(file: SourceText, offset: number, text: string): void {
    this.replace({ file, start: offset, end: offset }, text);
  }

  /** Takes a statement away, with its line (and that line's comment) where it stands alone on it. */
  removeStatement(unit: Unit, statement: Located): void {
    const { file, start, end } = editable(unit, statement);
    const { text } = file;
    const before = text.slice(lineStart(text, start), start);
    const after = text.slice(end, lineEnd(text, end));
    if (/\S/.test(before) || !/^\s*(?:\/\/.*|\/\*[^*]*(?:\*(?!\/)[^*]*)*\*\/\s*)?$/.test(after)) this.replace({ file, start, end }, '');
    else this.replace({ file, start: lineStart(text, start), end: nextLine(text, end) }, '');
  }

  /** Puts lines before that of a place, indented as it is. */
  insertLineBefore(place: Span, code: string): void {
    const { file, start } = place;
    const at = lineStart(file.text, start);
    if (/\S/.test(file.text.slice(at, start))) throw new NotFixable();
    this.insert(file, at, `${indentAt(file.text, start)}${code}\n`);
  }

  /** A header that the file of a place must include. */
  include(file: SourceText, ...headers: readonly string[]): void {
    const known = this.headers.get(file) ?? new Set();
    for (const header of headers) known.add(header);
    this.headers.set(file, known);
  }

  /**
   * Defines a function (or more) before another one, once: when the file has the very same already, that one is used.
   * @param code gives the definition for the name that is free
   * @returns the name
   */
  helper(before: FunctionPlace, wanted: string, code: (name: string) => string): string {
    const at = editable(before.unit, headOf(before.definition));
    const { file } = at;
    const isHeader = /\.h$/i.test(file.path);
    for (let count = 1; count < 10; count++) {
      const name = count === 1 ? wanted : `${wanted}_${count}`;
      const definition = styled(isHeader ? code(name).replace(/^static (?!inline)/gm, 'static inline ') : code(name), file.text);
      const known = file.text.indexOf(definition);
      if (known >= 0 && known < at.start) return name;
      if (new RegExp(`\\b${name}\\b`).test(file.text)) continue;
      const offset = placeBefore(file.text, at.start);
      const isSpaced = /^[ \t]*\r?\n/.test(file.text.slice(offset));
      this.insert(file, offset, isSpaced ? `\n${definition}` : `\n${definition}\n`);
      return name;
    }
    throw new NotFixable();
  }

  /** All changes in the order of the text. @throws NotFixable when two of them meet, or there is none */
  finish(): TextEdit[] {
    const includes = [...this.headers].flatMap(([file, headers]) =>
      missingIncludes(file.text, [...headers]).map(({ offset, line }): Change => ({ span: { file, start: offset, end: offset }, text: styled(line, file.text) })),
    );
    const sorted = [...includes, ...this.changes].map((change, order) => ({ ...change, order }));
    sorted.sort((a, b) => (a.span.file.path < b.span.file.path ? -1 : a.span.file.path > b.span.file.path ? 1 : a.span.start - b.span.start || a.span.end - b.span.end || a.order - b.order));
    for (const [index, { span }] of sorted.entries()) {
      const before = sorted[index - 1]?.span;
      if (before?.file === span.file && before.end > span.start) throw new NotFixable();
    }
    if (sorted.length === 0) throw new NotFixable();
    return withoutDoubleBlanks(sorted).map(({ span, text }) => ({ file: span.file.path, range: { start: span.file.position(span.start), end: span.file.position(span.end) }, newText: text }));
  }
}

/** Lines that were taken out between two blank lines, or behind a `{`, take the blank line after them along. */
function withoutDoubleBlanks(changes: readonly Change[]): Change[] {
  const merged: Change[] = [];
  for (const change of changes) {
    const last = merged.at(-1);
    if (last?.text === '' && change.text === '' && last.span.file === change.span.file && last.span.end === change.span.start) {
      merged[merged.length - 1] = { text: '', span: { file: last.span.file, start: last.span.start, end: change.span.end } };
    } else merged.push(change);
  }
  return merged.map((change, index) => {
    const { file, start, end } = change.span;
    const { text } = file;
    const isLines = change.text === '' && start < end && start === lineStart(text, start) && end === lineStart(text, end);
    const isBehindGap = /(?:^|\n[ \t]*\r?\n|\{[ \t]*\r?\n)$/.test(text.slice(0, start));
    const blank = /^[ \t]*\r?\n/.exec(text.slice(end))?.[0];
    if (!isLines || !isBehindGap || blank === undefined || merged[index + 1]?.span.start === end) return change;
    return { text: '', span: { file, start, end: end + blank.length } };
  });
}

/** A function's specifiers and name: its start in the source. */
function headOf(definition: FunctionDefinition): Located {
  return { start: definition.start, end: definition.nameAt.end };
}

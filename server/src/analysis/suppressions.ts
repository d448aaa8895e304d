// SPDX-License-Identifier: MIT
import type { Finding, Position, Range, SourceFile } from '../../../core/model/analysis';
import { SourceText } from './syntax/source';

/** A rule that a suppression comment names. */
interface NamedRule {
  /** As written: it need not exist. */
  readonly name: string;
  readonly range: Range;
}

/** A comment `kmodlab: ignore[rule, rule] reason`. */
export interface Suppression {
  /** The whole comment. */
  readonly range: Range;
  readonly rules: readonly NamedRule[];
  /** Why, as the comment says; empty when it does not. */
  readonly reason: string;
  /** The line (from 0) that it speaks of. */
  readonly line: number;
  /** It stands between `#if` and `#endif`, include guards aside: for another target it may be needed. */
  readonly conditional: boolean;
  /** Where another rule would be added. */
  readonly end: Position;
}

/** A literal or a comment, so that what looks like a comment inside a string is none. */
const LITERAL_OR_COMMENT = /"(?:[^"\\\n]|\\[^])*"?|'(?:[^'\\\n]|\\[^])*'?|\/\/(?:\\\r?\n|[^\n\r])*|\/\*[^]*?(?:\*\/|$)/g;
const DIRECTIVE = /^(\/[/*]+\s*kmodlab:\s*ignore\b\s*)(?:\[([^\]\n\r]*)(\]))?/;

/** The suppression comments of a file, in order. A comment on a line of its own speaks of the next line of code, else of its own line. */
export function findSuppressions(file: SourceFile): Suppression[] {
  if (!file.text.includes('kmodlab:')) return [];
  const source = new SourceText(file);
  const found: Suppression[] = [];
  const code = codeLines(file.text, source);
  const conditional = conditionalLines(file.text);
  for (const { 0: comment, index } of file.text.matchAll(LITERAL_OR_COMMENT)) {
    const match = DIRECTIVE.exec(comment);
    if (!match) continue;
    const [whole, head = '', list] = match;
    const range = rangeIn(source, index, index + comment.length);
    found.push({
      range,
      rules: list === undefined ? [] : namesIn(list, index + head.length + 1, source),
      reason: comment.slice(whole.length).replace(/\*\/$/, '').trim(),
      line: firstFrom(code, range.start.line) === range.start.line ? range.start.line : firstFrom(code, range.end.line + 1),
      conditional: conditional.has(range.start.line),
      end: source.position(index + whole.length - (match[3]?.length ?? 0)),
    });
  }
  return found;
}

/** Whether a suppression is for this finding. */
export function suppresses(suppression: Suppression, { rule, range }: Finding): boolean {
  return suppression.rules.some(({ name }) => name === rule) && range.start.line <= suppression.line && suppression.line <= Math.max(range.start.line, range.end.line);
}

/** What is to be inserted, and where, so that a finding of this file is suppressed with that reason. */
export function suppressionEdit(file: SourceFile, { rule, range }: Pick<Finding, 'rule' | 'range'>, reason: string): { position: Position; newText: string } {
  const known = findSuppressions(file).find((suppression) => suppression.line === range.start.line && suppression.rules.length > 0);
  if (known) return { position: known.end, newText: `, ${rule}` };
  const lines = file.text.split(/\r\n|\r|\n/);
  const line = lines[range.start.line] ?? '';
  // a line of its own would end, or join, a macro that goes on from the line above
  if (/\\\s*$/.test(lines[range.start.line - 1] ?? '')) return { position: range.end, newText: ` /* kmodlab: ignore[${rule}] ${reason} */` };
  const [indent = ''] = /^[ \t]*/.exec(line) ?? [];
  const newline = file.text.includes('\r\n') ? '\r\n' : '\n';
  return { position: { line: range.start.line, character: 0 }, newText: `${indent}// kmodlab: ignore[${rule}] ${reason}${newline}` };
}


function namesIn(list: string, start: number, source: SourceText): NamedRule[] {
  return [...list.matchAll(/[^\s,](?:[^,]*[^\s,])?/g)].map(({ 0: name, index }) => ({ name, range: rangeIn(source, start + index, start + index + name.length) }));
}

function rangeIn(source: SourceText, start: number, end: number): Range {
  return { start: source.position(start), end: source.position(end) };
}

/** Lines that hold anything but blanks and comments, in order. */
function codeLines(text: string, source: SourceText): readonly number[] {
  const blanked = text.replace(LITERAL_OR_COMMENT, (item) => (item.startsWith('/') ? item.replace(/[^\n\r]/g, ' ') : item));
  return [...new Set([...blanked.matchAll(/\S+/g)].map(({ index }) => source.position(index).line))];
}

/** The first of the lines at or after one; Infinity when there is none. */
function firstFrom(lines: readonly number[], from: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle] ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return lines[low] ?? Infinity;
}

/** Lines inside `#if … #endif`, but for the guard around a header. */
function conditionalLines(text: string): ReadonlySet<number> {
  const inside = new Set<number>();
  const guards: boolean[] = [];
  const lines = text.split(/\r\n|\r|\n/);
  for (const [at, line] of lines.entries()) {
    const [, directive, name] = /^\s*#\s*(ifndef|ifdef|if|endif)\b\s*(\w*)/.exec(line) ?? [];
    if (directive === 'endif') guards.pop();
    else if (directive !== undefined) guards.push(directive === 'ifndef' && guards.length === 0 && new RegExp(`^\\s*#\\s*define\\s+${name ?? ''}\\b`).test(lines[at + 1] ?? ''));
    if (guards.includes(false)) inside.add(at);
  }
  return inside;
}

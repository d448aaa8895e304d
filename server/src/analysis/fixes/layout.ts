// SPDX-License-Identifier: MIT
import { tokenize } from '../syntax/lexer';

/** Where the line of an offset begins. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Where the line of an offset ends, before its line break. */
export function lineEnd(text: string, offset: number): number {
  const at = text.indexOf('\n', offset);
  if (at < 0) return text.length;
  return text[at - 1] === '\r' && at > offset ? at - 1 : at;
}

/** Where the line after that of an offset begins. */
export function nextLine(text: string, offset: number): number {
  const at = text.indexOf('\n', offset);
  return at < 0 ? text.length : at + 1;
}

/** The white space before the first word of an offset's line. */
export function indentAt(text: string, offset: number): string {
  return /[ \t]*/y.exec(text.slice(lineStart(text, offset)))?.[0] ?? '';
}

/** One step of indentation, as most lines of the text have it. */
function indentStep(text: string): string {
  let tabs = 0;
  const widths = new Map<number, number>();
  for (const [, space = ''] of text.matchAll(/^([ \t]+)\S/gm)) {
    if (space.startsWith('\t')) tabs++;
    else if (space.length > 1) widths.set(space.length, (widths.get(space.length) ?? 0) + 1);
  }
  const spaced = [...widths.values()].reduce((sum, count) => sum + count, 0);
  return spaced > tabs ? ' '.repeat(Math.min(8, ...widths.keys())) : '\t';
}

/** Code with tabs and `\n` in the style of a file. */
export function styled(code: string, text: string): string {
  const step = indentStep(text);
  const indented = step === '\t' ? code : code.replace(/^\t+/gm, (tabs) => step.repeat(tabs.length));
  return text.includes('\r\n') ? indented.replace(/\r?\n/g, '\r\n') : indented;
}

/** White space and comments from `start` on: the end of the line on which they begin, or of a comment that goes on behind it. */
function endOfGapLine(text: string, start: number): number {
  const gap = /(?:[ \t\r]|\\\r?\n|\/\/[^\n]*|\/\*[^]*?\*\/)*\n?/y;
  gap.lastIndex = start;
  return start + (gap.exec(text)?.[0].length ?? 0);
}

/** Where something can be put before the declaration at an offset: right behind what comes before it, comments left with it. */
export function placeBefore(text: string, declaration: number): number {
  let end = 0;
  let word = '';
  for (const token of tokenize(text.slice(0, declaration))) {
    if (token.kind === 'newline') {
      if (word === 'directive') word = '';
      continue;
    }
    if (token.text === '#' && word !== 'directive' && !/\S/.test(text.slice(lineStart(text, token.start), token.start))) word = 'directive';
    if (word === 'directive' || token.text === ';' || token.text === '}') end = token.end;
  }
  return end === 0 ? 0 : endOfGapLine(text, end);
}

interface Include {
  readonly name: string;
  readonly line: number;
}

/** The `#include <…>` lines that no `#if` decides on. */
function systemIncludes(text: string): Include[] {
  const found: Include[] = [];
  let depth = 0;
  for (const match of text.replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).matchAll(/^[ \t]*#[ \t]*(if|ifdef|ifndef|endif|include)\b[ \t]*(?:<([^>\n]+)>)?/gm)) {
    const [, directive = '', name] = match;
    if (directive.startsWith('if')) depth++;
    else if (directive === 'endif') depth--;
    else if (name !== undefined && depth <= guardDepth(text)) found.push({ name, line: match.index });
  }
  return found;
}

/** A header's include guard is no condition. */
function guardDepth(text: string): number {
  return /^\s*(?:(?:\/\*[^]*?\*\/|\/\/[^\n]*)\s*)*#[ \t]*ifndef[ \t]+(\w+)\s*\n[ \t]*#[ \t]*define[ \t]+\1\b/.test(text) ? 1 : 0;
}

/** Where to put which `#include` lines so that a text has all of some headers: in their order where the others are in order. */
export function missingIncludes(text: string, headers: readonly string[]): { offset: number; line: string }[] {
  const present = systemIncludes(text);
  const wanted = [...new Set(headers)].filter((header) => !present.some(({ name }) => name === header)).sort();
  const block = present.filter(({ name }) => name.startsWith('linux/'));
  const isSorted = block.every(({ name }, index) => index === 0 || (block[index - 1]?.name ?? '') <= name);
  return wanted.map((header) => {
    const line = `#include <${header}>\n`;
    const following = isSorted ? block.find(({ name }) => name > header) : undefined;
    if (following) return { offset: following.line, line };
    const last = (block.length > 0 ? block : present).at(-1);
    return { offset: last ? nextLine(text, last.line) : endOfLeadingComment(text), line };
  });
}

function endOfLeadingComment(text: string): number {
  return /^\uFEFF?(?:[ \t]*(?:\/\/[^\n]*|\/\*[^]*?\*\/)[ \t]*\r?\n)*/.exec(text)?.[0].length ?? 0;
}

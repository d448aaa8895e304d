// SPDX-License-Identifier: MIT
import { eastAsianWidth } from 'get-east-asian-width';
import type { BuildDiagnostic, SourceFile } from '../../model';

/** How a compiler counts columns: by bytes, or as on a screen, where a tab goes on to the next multiple of eight, some characters take two columns and some none. */
export type ColumnUnit = 'bytes' | 'screen';

const TAB = 8;
/** What takes no room on a screen: what combines with the character before, and format characters but the soft hyphen. */
const NO_ROOM = /^(?!\u00ad)[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u;
/** What a decoder puts in place of a byte that is none of UTF-8. */
const NOT_DECODED = '\ufffd';
/** The last line that clang writes of a file that it complains of. */
const CLANG_COUNT = /^\d+ (?:error|warning)s?(?: and \d+ errors?)? generated\.$/;

/** GCC counts as on a screen since version 11 (-fdiagnostics-column-unit), clang by bytes. `compiler`: its name and version. */
export function columnUnit(compiler: string): ColumnUnit {
  const major = Number(/\b(\d+)\.\d+\.\d+\b/.exec(compiler)?.[1] ?? Number.POSITIVE_INFINITY);
  return compiler.includes('clang') || major < 11 ? 'bytes' : 'screen';
}

export function isClangsCount(line: string): boolean {
  return CLANG_COUNT.test(line);
}

/** The UTF-16 column (from 1) of what a compiler calls `column`, the line's end for what lies beyond. */
export function characterAt(line: string, column: number, unit: ColumnUnit): number {
  let at = 1;
  let index = 0;
  for (const character of line) {
    if (at >= column) return index + 1;
    if (unit === 'bytes') at += character === NOT_DECODED ? 1 : Buffer.byteLength(character);
    else if (character === '\t') at = Math.floor((at - 1) / TAB) * TAB + TAB + 1;
    else at += screenWidth(character);
    index += character.length;
  }
  return index + 1;
}

function screenWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return 1;
  return NO_ROOM.test(character) ? 0 : eastAsianWidth(code);
}

/** A compiler's message with its columns as editors count them, where the line is known. */
export function withCharacters(diagnostic: BuildDiagnostic, lineOf: (file: string, line: number) => string | undefined, unit: ColumnUnit): BuildDiagnostic {
  const character = <Place extends { readonly file: string | null; readonly line: number | null; readonly column: number | null }>(place: Place): Place => {
    const text = place.file === null || place.line === null ? undefined : lineOf(place.file, place.line);
    return text === undefined || place.column === null ? place : { ...place, column: characterAt(text, place.column, unit) };
  };
  if (diagnostic.tool !== 'gcc') return diagnostic;
  const placed = character(diagnostic);
  return placed.related ? { ...placed, related: placed.related.map(character) } : placed;
}

/** Finds the lines of sources; a byte order mark counts nowhere. */
export function linesOf(sources: readonly SourceFile[]): (file: string, line: number) => string | undefined {
  const known = new Map<string, readonly string[]>();
  return (file, line) => {
    let lines = known.get(file);
    if (!lines) known.set(file, (lines = (sources.find(({ path }) => path === file)?.text ?? '').replace(/^\ufeff/, '').split(/\r?\n/)));
    return lines[line - 1];
  };
}

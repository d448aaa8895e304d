// SPDX-License-Identifier: MIT
import type { SourceFile } from '../../model';

/** Comments, strings and character constants replaced by blanks of the same length; line ends stay. */
export function maskC(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?/g, (part) => part.replaceAll(/[^\n]/g, ' '));
}

/** Where a word of C stands; `line` and `column` from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The first use of an identifier in the sources, outside comments and strings, a declaration (`extern …`) only when
 * nothing else names it; null when they do not name it.
 */
export function findSymbol(sources: readonly SourceFile[], symbol: string): Place | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,255}$/.test(symbol)) return null;
  const word = new RegExp(`\\b${symbol}\\b`);
  let declaration: Place | null = null;
  for (const { path, text } of sources) {
    if (!text.includes(symbol)) continue;
    for (const [index, line] of maskC(text).split('\n').entries()) {
      const at = line.search(word);
      if (at < 0) continue;
      const place = { file: path, line: index + 1, column: at + 1 };
      if (!/^\s*extern\b/.test(line)) return place;
      declaration ??= place;
    }
  }
  return declaration;
}

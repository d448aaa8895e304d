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

const MAX_PROTOTYPE = 512;

/** Whether what stands at `at` of masked C, within so many braces, only declares it: `extern …`, or a function's prototype. */
function isDeclared(masked: string, at: number, symbol: string, depth: number): boolean {
  const before = masked.slice(Math.max(0, at - MAX_PROTOTYPE), at);
  if (/\bextern\b[^;{}]*$/.test(before)) return true;
  const after = masked.slice(at + symbol.length, at + MAX_PROTOTYPE);
  return depth === 0 && /[\w*]\s*$/.test(before) && !/=[^\n]*$/.test(before) && /^\s*\([^;{}]*\)[^;{}=]*;/.test(after);
}

/**
 * The first use of an identifier in the sources, outside comments and strings, a declaration only when
 * nothing else names it; null when they do not name it.
 */
export function findSymbol(sources: readonly SourceFile[], symbol: string): Place | null {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,255}$/.test(symbol)) return null;
  const word = new RegExp(`[{}]|\\b${symbol}\\b`, 'g');
  let declaration: Place | null = null;
  for (const { path, text } of sources) {
    if (!text.includes(symbol)) continue;
    const masked = maskC(text);
    let depth = 0;
    for (const { 0: found, index } of masked.matchAll(word)) {
      if (found === '{') depth += 1;
      else if (found === '}') depth = Math.max(0, depth - 1);
      else if (!isDeclared(masked, index, symbol, depth)) return placeAt(path, masked, index);
      else declaration ??= placeAt(path, masked, index);
    }
  }
  return declaration;
}

function placeAt(file: string, text: string, index: number): Place {
  const lines = text.slice(0, index).split('\n');
  return { file, line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

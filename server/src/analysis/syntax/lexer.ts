// SPDX-License-Identifier: MIT

export type TokenKind = 'identifier' | 'number' | 'string' | 'char' | 'punctuator' | 'newline' | 'other';

/** A preprocessing token of one file; `start` and `end` are UTF-16 offsets into its text. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** White space or a comment stands before it. */
  readonly spaced: boolean;
}

const PUNCTUATORS = new Set([
  '...', '<<=', '>>=', '->', '++', '--', '<<', '>>', '<=', '>=', '==', '!=', '&&', '||', '*=', '/=', '%=', '+=', '-=', '&=', '^=', '|=', '##',
]);

/** What web pages make of `&para…`: code that was pasted from one is read as it was meant. */
const PILCROW = '\u00b6';

const TOKEN =
  /((?:[ \t\v\f\r\0\uFEFF]|\\\r?\n|\/\/(?:\\\r?\n|[^\n])*|\/\*[^]*?(?:\*\/|$))+)|(\n)|([A-Za-z_$\u0080-\uFFFE][\w$\u0080-\uFFFE]*)|(\.?[0-9](?:[eEpP][+-]|[\w.])*)|((?:[LuU]|u8)?"(?:[^"\\\n]|\\(?:\r?\n|[^]))*"?)|('(?:[^'\\\n]|\\(?:\r?\n|[^]))*'?)|([^])/gy;

/** Cuts C text into preprocessing tokens. Any text is accepted: what is not C becomes tokens of kind `other`. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const scanner = new RegExp(TOKEN.source, TOKEN.flags);
  let spaced = false;
  for (let match = scanner.exec(text); match; match = scanner.exec(text)) {
    const start = match.index;
    if (match[1] !== undefined) {
      spaced = true;
      continue;
    }
    let [lexeme] = match;
    let kind: TokenKind;
    if (match[2] !== undefined) kind = 'newline';
    else if (match[3] !== undefined) kind = 'identifier';
    else if (match[4] !== undefined) kind = 'number';
    else if (match[5] !== undefined) kind = 'string';
    else if (match[6] !== undefined) kind = 'char';
    else {
      kind = lexeme.charCodeAt(0) < 0x80 ? 'punctuator' : 'other';
      for (const length of [3, 2]) {
        const longer = text.slice(start, start + length);
        if (longer.length === length && PUNCTUATORS.has(longer)) {
          lexeme = longer;
          break;
        }
      }
      scanner.lastIndex = start + lexeme.length;
    }
    const end = start + lexeme.length;
    if (lexeme.startsWith(PILCROW)) {
      tokens.push({ kind: 'punctuator', text: '&', start, end, spaced }, { kind: 'identifier', text: `para${lexeme.slice(1)}`, start, end, spaced: false });
    } else tokens.push({ kind, text: lexeme, start, end, spaced });
    spaced = kind === 'newline';
  }
  return tokens;
}

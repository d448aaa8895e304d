// SPDX-License-Identifier: MIT

export type TokenKind = 'identifier' | 'number' | 'string' | 'char' | 'punctuator' | 'newline' | 'other';

/** A preprocessing token; `start` and `end` are UTF-16 offsets into what was cut. */
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
  const lexer = new Lexer(text);
  while (!lexer.atEnd) for (const token of lexer.line(0)) tokens.push(token);
  return tokens;
}

/** Cuts a text line by line; each line is cut as if nothing stood before it. */
export class Lexer {
  private readonly scanner = new RegExp(TOKEN.source, TOKEN.flags);

  constructor(
    private readonly text: string,
    /** Where the next line starts. */
    public at = 0,
  ) {}

  get atEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** The next line, up to and with its newline; comments and continued lines may make it longer than one line of the file. Offsets count from `origin`. */
  line(origin: number): Token[] {
    const { scanner, text } = this;
    const tokens: Token[] = [];
    let spaced = false;
    scanner.lastIndex = this.at;
    for (let match = scanner.exec(text); match; match = scanner.exec(text)) {
      const start = match.index;
      this.at = scanner.lastIndex;
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
        this.at = scanner.lastIndex = start + lexeme.length;
      }
      const [from, to] = [start - origin, start + lexeme.length - origin];
      if (lexeme.startsWith(PILCROW)) {
        tokens.push({ kind: 'punctuator', text: '&', start: from, end: to, spaced }, { kind: 'identifier', text: `para${lexeme.slice(1)}`, start: from, end: to, spaced: false });
      } else tokens.push({ kind, text: lexeme, start: from, end: to, spaced });
      if (kind === 'newline') return tokens;
      spaced = false;
    }
    return tokens;
  }
}

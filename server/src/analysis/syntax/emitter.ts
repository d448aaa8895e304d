// SPDX-License-Identifier: MIT
import type { PlacedToken } from './macros';
import type { Piece } from './place-map';
import { BLANK_CALLS, BLANK_WORDS, EACH, RENAMED_WORDS, TAKES_TYPES } from './prelude';

/** Writes expanded tokens as the text that the grammar takes. */
export class Emitter {
  readonly pieces: Piece[] = [];
  /** Braces that were opened and not closed. */
  openBraces = 0;
  private readonly chunks: string[] = [];
  private length = 0;

  /** `mayWrite`: how long the text may become; what comes later is left out. */
  constructor(private readonly mayWrite: number) {}

  get text(): string {
    return this.chunks.join('');
  }

  emit(tokens: readonly PlacedToken[]): void {
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at];
      if (!token) break;
      if (token.kind === 'identifier') {
        if (BLANK_WORDS.has(token.text)) continue;
        if (BLANK_CALLS.has(token.text)) {
          at = Math.max(at, groupEnd(tokens, at + 1));
          continue;
        }
        if (token.text.includes('for_each') && isLoopHead(tokens, at)) {
          at = this.emitLoopHead(token, tokens, at);
          continue;
        }
        if (TAKES_TYPES.test(token.text) && nextText(tokens, at) === '(') {
          at = this.emitWithTypes(tokens, at);
          continue;
        }
        this.push(token, RENAMED_WORDS.get(token.text) ?? token.text);
      } else this.push(token, token.text);
    }
  }

  /** Writes `for_each…(a, b)` as `while (EACH, a, b)`, up to the parenthesis. */
  private emitLoopHead(token: PlacedToken, tokens: readonly PlacedToken[], at: number): number {
    const open = tokens.findIndex(({ text }, index) => index > at && text === '(');
    for (const text of ['while', '(', EACH, ',']) this.push(token, text);
    return open;
  }

  /** Writes a macro call whose arguments may be types: such an argument becomes one identifier. */
  private emitWithTypes(tokens: readonly PlacedToken[], at: number): number {
    const end = groupEnd(tokens, at + 1);
    let open = 0;
    let skipping = false;
    for (let index = at; index <= Math.max(at, end); index++) {
      const token = tokens[index];
      if (!token) break;
      if (token.text === '(') open++;
      else if (token.text === ')') open--;
      const isBorder = (open === 1 && (token.text === ',' || token.text === '(')) || open === 0;
      if (isBorder) skipping = false;
      if (!skipping) {
        const starts = open === 1 && ['(', ','].includes(previousText(tokens, index)) && /^(?:struct|union|enum|const|unsigned|signed|int|long|char|short|void)$/.test(token.text);
        this.push(token, starts ? 'kmodlab_type' : (RENAMED_WORDS.get(token.text) ?? token.text));
        skipping = starts;
      }
    }
    return Math.max(at, end);
  }

  private push(token: PlacedToken, text: string): void {
    if (this.length >= this.mayWrite) return;
    if (text === '{') this.openBraces++;
    else if (text === '}') this.openBraces--;
    const separator = token.kind === 'newline' ? '' : ' ';
    if (separator !== '') this.chunks.push(separator);
    this.length += separator.length;
    this.chunks.push(text);
    if (token.kind !== 'newline') this.pieces.push({ at: this.length, length: text.length, token });
    this.length += text.length;
  }
}

function nextText(tokens: readonly PlacedToken[], at: number): string {
  let index = at + 1;
  while (tokens[index]?.kind === 'newline') index++;
  return tokens[index]?.text ?? '';
}

function previousText(tokens: readonly PlacedToken[], at: number): string {
  let index = at - 1;
  while (tokens[index]?.kind === 'newline') index--;
  return tokens[index]?.text ?? '';
}

/** Index of the `)` that closes the group which starts at or after `at`; -1 when there is none. */
function groupEnd(tokens: readonly PlacedToken[], at: number): number {
  let index = at;
  while (tokens[index]?.kind === 'newline') index++;
  if (tokens[index]?.text !== '(') return -1;
  let open = 0;
  for (; index < tokens.length; index++) {
    const text = tokens[index]?.text;
    if (text === '(') open++;
    else if (text === ')' && --open === 0) return index;
  }
  return -1;
}

/** A `…for_each…(…)` is a loop when a statement follows, a call when the expression or declaration goes on. */
function isLoopHead(tokens: readonly PlacedToken[], at: number): boolean {
  const end = groupEnd(tokens, at + 1);
  if (end < 0) return false;
  const previous = previousText(tokens, at);
  return !/^[;,)=?:]|^[-+*/&|<>]/.test(nextText(tokens, end)) && /^(?:[;{})]|else|do|)$/.test(previous);
}

// SPDX-License-Identifier: MIT
import { evaluateCondition, type ConditionValue } from './condition';
import { tokenize, type Token } from './lexer';
import { MacroTable, parseDefinition, type Macro, type PlacedToken } from './macros';
import { BLANK_CALLS, BLANK_WORDS, PRELUDE, RENAMED_WORDS, TAKES_TYPES } from './prelude';
import { SourceText, type Span } from './source';
import type { TargetFacts } from './target';

/** The text that is parsed for one translation unit, and the way back to the files it came from. */
export interface PreprocessedUnit {
  readonly text: string;
  readonly map: PlaceMap;
}

interface Piece {
  /** Offset in the preprocessed text. */
  readonly at: number;
  readonly length: number;
  readonly token: PlacedToken;
}

/** Finds the source of a stretch of preprocessed text. */
export class PlaceMap {
  constructor(
    private readonly pieces: readonly Piece[],
    private readonly whole: Span,
  ) {}

  /** What a person reads as this expression: an argument of a macro call rather than the whole call. */
  span(start: number, end: number): Span {
    const pieces = this.between(start, end);
    const invocations = pieces.filter((piece) => !piece.token.written).map((piece) => piece.token.span);
    const written = pieces.filter((piece) => piece.token.written).map((piece) => piece.token.span);
    const [invocation] = invocations;
    if (!invocation) return union(written) ?? this.whole;
    const inside = (span: Span): boolean => span.file === invocation.file && span.start >= invocation.start && span.end <= invocation.end;
    if (written.length > 0 && invocations.every(inside) && written.every(inside)) return union(written) ?? invocation;
    return union([...written, ...invocations]) ?? this.whole;
  }

  /** The whole stretch, macro calls included: where a debugger would say that the code stands. */
  site(start: number, end: number): Span {
    return union(this.between(start, end).map((piece) => piece.token.span)) ?? this.whole;
  }

  /** The first token of a stretch, as it is written in the source. */
  firstToken(start: number): PlacedToken | undefined {
    return this.between(start, start + 1)[0]?.token;
  }

  private between(start: number, end: number): readonly Piece[] {
    let low = 0;
    let high = this.pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const piece = this.pieces[middle];
      if (piece && piece.at + piece.length <= start) low = middle + 1;
      else high = middle;
    }
    let last = low;
    while ((this.pieces[last]?.at ?? Infinity) < end) last++;
    return this.pieces.slice(low, last);
  }
}

function union(spans: readonly Span[]): Span | null {
  const [first] = spans;
  if (!first) return null;
  let { start, end } = first;
  for (const span of spans) {
    if (span.file !== first.file) continue;
    start = Math.min(start, span.start);
    end = Math.max(end, span.end);
  }
  return { file: first.file, start, end };
}

export interface Sources {
  /** Resolves `#include "name"` of a file; undefined when it is not one of the module's files. */
  include(name: string, from: SourceText): SourceText | undefined;
  tokens(file: SourceText): readonly Token[];
}

const MAX_INCLUDE_DEPTH = 30;
const MAX_TEXT = 8 * 1024 * 1024;

/**
 * Preprocesses a file with its local headers for a target, keeping the place of every token.
 * `moduleName`: what KBUILD_MODNAME stands for, null when it is not known.
 */
export function preprocess(file: SourceText, sources: Sources, target: TargetFacts, moduleName: string | null): PreprocessedUnit {
  const run = new PreprocessorRun(sources, target);
  run.prelude(moduleName);
  run.file(file, 0);
  return run.result({ file, start: 0, end: 0 });
}

interface Conditional {
  active: boolean;
  taken: boolean;
  readonly outer: boolean;
}

class PreprocessorRun {
  private readonly macros = new MacroTable();
  private readonly pieces: Piece[] = [];
  private readonly chunks: string[] = [];
  private readonly includedOnce = new Set<SourceText>();
  private length = 0;
  private including = 0;

  constructor(
    private readonly sources: Sources,
    private readonly target: TargetFacts,
  ) {}

  prelude(moduleName: string | null): void {
    for (const macro of PRELUDE_MACROS) this.macros.define(macro);
    if (moduleName !== null) this.macros.define({ name: 'KBUILD_MODNAME', parameters: null, variadic: false, body: tokenize(JSON.stringify(moduleName)) });
  }

  result(whole: Span): PreprocessedUnit {
    return { text: this.chunks.join(''), map: new PlaceMap(this.pieces, whole) };
  }

  file(file: SourceText, depth: number): void {
    if (depth > MAX_INCLUDE_DEPTH || ++this.including > 400 || this.includedOnce.has(file)) return;
    const conditionals: Conditional[] = [];
    let run: PlacedToken[] = [];
    const flush = (): void => {
      this.emit(this.macros.expand(run));
      run = [];
    };
    for (const line of linesOf(this.sources.tokens(file))) {
      const active = conditionals.at(-1)?.active ?? true;
      if (line[0]?.text !== '#') {
        if (active) for (const token of line) run.push(placed(token, file));
        continue;
      }
      const directive = line[1]?.text ?? '';
      if (this.conditional(directive, line, conditionals, active) || !active) continue;
      flush();
      this.directive(directive, line, file, depth);
    }
    flush();
  }

  private conditional(directive: string, line: readonly Token[], stack: Conditional[], active: boolean): boolean {
    const top = stack.at(-1);
    const rest = line.slice(2).filter((token) => token.kind !== 'newline');
    switch (directive) {
      case 'if':
      case 'ifdef':
      case 'ifndef': {
        const yes = active && (directive === 'if' ? this.truth(rest) : this.isDefined(rest[0]?.text ?? '') === (directive === 'ifdef'));
        stack.push({ active: yes, taken: yes, outer: active });
        return true;
      }
      case 'elif':
        if (top) {
          top.active = top.outer && !top.taken && this.truth(rest);
          top.taken ||= top.active;
        }
        return true;
      case 'else':
        if (top) {
          top.active = top.outer && !top.taken;
          top.taken = true;
        }
        return true;
      case 'endif':
        stack.pop();
        return true;
      default:
        return false;
    }
  }

  private directive(directive: string, line: readonly Token[], file: SourceText, depth: number): void {
    const rest = line.slice(2).filter((token) => token.kind !== 'newline');
    if (directive === 'define') {
      const macro = parseDefinition(rest);
      if (macro) this.macros.define(macro);
    } else if (directive === 'undef') this.macros.undefine(rest[0]?.text ?? '');
    else if (directive === 'include' && rest[0]?.kind === 'string') {
      const included = this.sources.include(rest[0].text.slice(1, -1), file);
      if (included) this.file(included, depth + 1);
    } else if (directive === 'pragma' && rest[0]?.text === 'once') this.includedOnce.add(file);
  }

  private isDefined(name: string): boolean {
    return this.macros.has(name) || this.target.defines(name);
  }

  /** `#if`: what is not known counts as true, so that the main code is seen. */
  private truth(tokens: readonly Token[]): boolean {
    return this.condition(tokens) !== 0n;
  }

  private condition(tokens: readonly Token[]): ConditionValue {
    const replaced: Token[] = [];
    const number = (token: Token, value: number): Token => ({ ...token, kind: 'number', text: String(value) });
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at];
      if (!token) break;
      const open = tokens[at + 1]?.text === '(';
      const name = tokens[at + (open ? 2 : 1)]?.text ?? '';
      if (token.text === 'defined') {
        replaced.push(number(token, Number(this.isDefined(name))));
        at += open ? 3 : 1;
      } else if (/^IS_(?:ENABLED|BUILTIN|MODULE|REACHABLE)$/.test(token.text) && open && !this.macros.has(token.text)) {
        const set = token.text !== 'IS_MODULE' && (this.target.config(name.replace(/^CONFIG_/, '')) || this.macros.has(name));
        replaced.push(number(token, Number(set)));
        at += 3;
      } else replaced.push(token);
    }
    const expanded = this.macros.expand(replaced.map((token) => ({ ...token, span: NOWHERE, written: true, hidden: null })));
    return evaluateCondition(this.versions(expanded.map((token, at) => ({ ...token, start: at, end: at }))), (name) => this.conditionName(name));
  }

  /** Replaces `KERNEL_VERSION(a, b, c)` by its number. */
  private versions(tokens: readonly Token[]): Token[] {
    const result: Token[] = [];
    for (let at = 0; at < tokens.length; at++) {
      const token = tokens[at];
      if (!token) break;
      const group = tokens.slice(at + 1, at + 8).map((item) => item.text).join(' ');
      const match = token.text === 'KERNEL_VERSION' ? /^\( (\d+) , (\d+) , (\d+) \)$/.exec(group) : null;
      if (match) {
        const code = Number(match[1]) * 0x10000 + Number(match[2]) * 0x100 + Math.min(Number(match[3]), 255);
        result.push({ ...token, kind: 'number', text: String(code) });
        at += 7;
      } else result.push(token);
    }
    return result;
  }

  private conditionName(name: string): ConditionValue {
    if (name === 'LINUX_VERSION_CODE') return BigInt(this.target.version);
    if (name === 'BITS_PER_LONG' || name === '__BITS_PER_LONG') return this.target.arch === 'i386' ? 32n : 64n;
    if (name === 'RHEL_RELEASE_VERSION') return 1n;
    if (name === '__GNUC__') return 12n;
    return this.target.defines(name) ? 1n : 0n;
  }

  private emit(tokens: readonly PlacedToken[]): void {
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
          this.push(token, 'while');
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
    if (this.length > MAX_TEXT) return;
    const separator = token.kind === 'newline' ? '' : ' ';
    if (separator !== '') this.chunks.push(separator);
    this.length += separator.length;
    this.chunks.push(text);
    if (token.kind !== 'newline') this.pieces.push({ at: this.length, length: text.length, token });
    this.length += text.length;
  }
}

const NOWHERE: Span = { file: new SourceText({ path: '', text: '' }), start: 0, end: 0 };
const PRELUDE_MACROS: readonly Macro[] = [...linesOf(tokenize(PRELUDE))].flatMap((line) => parseDefinition(line.slice(2).filter((token) => token.kind !== 'newline')) ?? []);

function placed(token: Token, file: SourceText): PlacedToken {
  return { kind: token.kind, text: token.text, spaced: token.spaced, span: { file, start: token.start, end: token.end }, written: true, hidden: null };
}

/** The lines of a file, each with its newline token. */
function* linesOf(tokens: readonly Token[]): Generator<readonly Token[]> {
  let start = 0;
  for (let at = 0; at < tokens.length; at++) {
    if (tokens[at]?.kind !== 'newline') continue;
    yield tokens.slice(start, at + 1);
    start = at + 1;
  }
  if (start < tokens.length) yield tokens.slice(start);
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

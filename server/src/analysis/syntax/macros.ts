// SPDX-License-Identifier: MIT
import { append } from './append';
import { tokenize, type Token } from './lexer';
import type { Stretch } from './source';

/** A token on its way to the parser, with the place in the sources that it stands for. */
export interface PlacedToken {
  readonly kind: Token['kind'];
  readonly text: string;
  readonly spaced: boolean;
  /** Where it is written, or the macro call that it came out of. */
  readonly span: Stretch;
  /** Its text stands at `span`; false for what a macro's body brought in. */
  readonly written: boolean;
  /** Macros it must not be expanded by again. */
  readonly hidden: ReadonlySet<string> | null;
}

export interface Macro {
  readonly name: string;
  /** Null for an object-like macro. */
  readonly parameters: readonly string[] | null;
  readonly variadic: boolean;
  readonly body: readonly Token[];
}

const MAX_DEPTH = 40;

/** Which definitions were met in which order: the same object for the same ones, also in another run. */
export class MacroHistory {
  private readonly next = new WeakMap<object, MacroHistory>();

  after(definition: object): MacroHistory {
    const known = this.next.get(definition) ?? new MacroHistory();
    this.next.set(definition, known);
    return known;
  }
}

/** Reads what follows `#define`; null when it is not a definition. */
export function parseDefinition(tokens: readonly Token[]): Macro | null {
  const [name, open] = tokens;
  if (name?.kind !== 'identifier') return null;
  if (open?.text !== '(' || open.spaced) return { name: name.text, parameters: null, variadic: false, body: tokens.slice(1) };
  const close = tokens.findIndex((token) => token.text === ')');
  if (close < 0) return null;
  const parameters: string[] = [];
  let variadic = false;
  for (const token of tokens.slice(2, close)) {
    if (token.kind === 'identifier') parameters.push(token.text);
    else if (token.text === '...') {
      variadic = true;
      const previous = tokens[tokens.indexOf(token) - 1];
      if (previous?.kind !== 'identifier') parameters.push('__VA_ARGS__');
    }
  }
  return { name: name.text, parameters, variadic, body: tokens.slice(close + 1) };
}

/** What macros were asked for, and what they were; undefined for names that are no macros. */
export type MacroUses = Map<string, Macro | undefined>;

/** The macros of one translation unit at one point. */
export class MacroTable {
  constructor(
    public history: MacroHistory,
    private readonly macros = new Map<string, Macro>(),
  ) {}

  copy(): MacroTable {
    return new MacroTable(this.history, new Map(this.macros));
  }

  /** `definition` stands for the macro in the history; the macro itself if none is given. */
  define(macro: Macro, definition: object = macro): void {
    this.macros.set(macro.name, macro);
    this.history = this.history.after(definition);
  }

  undefine(name: string, definition: object): void {
    this.macros.delete(name);
    this.history = this.history.after(definition);
  }

  get(name: string): Macro | undefined {
    return this.macros.get(name);
  }

  has(name: string): boolean {
    return this.macros.has(name);
  }

  /** Whether everything that was asked is as it was. */
  agrees(uses: MacroUses): boolean {
    for (const [name, macro] of uses) if (this.macros.get(name) !== macro) return false;
    return true;
  }
}

/** Expands macros, notes which it asked for, and stops when the tokens have grown by as many as they may. */
export class Expansion {
  readonly uses: MacroUses = new Map();

  constructor(
    private readonly macros: MacroTable,
    private readonly mayGrow: number,
    /** Tokens that macros brought in. */
    public grown = 0,
  ) {}

  private find(name: string): Macro | undefined {
    const macro = this.macros.get(name);
    if (!this.uses.has(name)) this.uses.set(name, macro);
    return macro;
  }

  /** Expands a run of tokens that no directive interrupts. */
  expand(tokens: readonly PlacedToken[], depth = 0): PlacedToken[] {
    const result: PlacedToken[] = [];
    const pending = [...tokens].reverse();
    for (let token = pending.pop(); token; token = pending.pop()) {
      const macro = token.kind === 'identifier' && !token.hidden?.has(token.text) ? this.find(token.text) : undefined;
      if (!macro || this.grown >= this.mayGrow || depth > MAX_DEPTH) {
        result.push(token);
        continue;
      }
      let span = token.span;
      let list: PlacedToken[][] = [];
      if (macro.parameters) {
        const call = takeArguments(pending);
        if (!call) {
          result.push(token);
          continue;
        }
        list = fitArguments(macro, call.arguments);
        if (token.written && call.close.written && call.close.span.file === span.file) span = span.with(call.close.span);
      }
      const hidden = new Set(token.hidden).add(macro.name);
      const expansion = this.substitute(macro, list, span, hidden, depth);
      this.grown += expansion.length + 1;
      for (let at = expansion.length - 1; at >= 0; at--) {
        const item = expansion[at];
        if (item) pending.push(at === 0 ? { ...item, spaced: true } : item);
      }
    }
    return result;
  }

  private substitute(macro: Macro, list: readonly PlacedToken[][], span: Stretch, hidden: ReadonlySet<string>, depth: number): PlacedToken[] {
    const result: PlacedToken[] = [];
    const parameters = macro.parameters ?? [];
    const place = (token: Token): PlacedToken => ({ kind: token.kind, text: token.text, spaced: token.spaced, span, written: false, hidden });
    const hide = (token: PlacedToken): PlacedToken => ({ ...token, hidden: token.hidden ? new Set([...token.hidden, ...hidden]) : hidden });
    const argument = (token: Token | undefined): PlacedToken[] | null => {
      const index = token?.kind === 'identifier' ? parameters.indexOf(token.text) : -1;
      return index < 0 ? null : (list[index] ?? []);
    };
    for (let at = 0; at < macro.body.length; at++) {
      const token = macro.body[at];
      if (!token) break;
      const next = macro.body[at + 1];
      if (token.text === '#' && macro.parameters && argument(next)) {
        result.push({ ...place(token), kind: 'string', text: stringify(argument(next) ?? []) });
        at++;
      } else if (token.text === '##' && next) {
        const right = argument(next) ?? [place(next)];
        paste(result, right.map(hide), token, next, macro);
        at++;
      } else {
        const raw = argument(token);
        if (!raw) result.push(place(token));
        else append(result, (next?.text === '##' ? raw : this.expand(raw, depth + 1)).map(hide));
      }
    }
    return result;
  }
}

/** Joins the last token with the first of `right`; `, ## __VA_ARGS__` drops the comma when there is nothing. */
function paste(result: PlacedToken[], right: PlacedToken[], operator: Token, name: Token, macro: Macro): void {
  const left = result.at(-1);
  const isRest = macro.variadic && name.text === macro.parameters?.at(-1);
  if (left?.text === ',' && isRest) {
    if (right.length === 0) result.pop();
    else append(result, right);
    return;
  }
  const [first, ...others] = right;
  if (!left || !first) {
    append(result, right);
    return;
  }
  result.pop();
  const [merged, rest] = tokenize(left.text + first.text);
  if (merged && !rest) result.push({ ...left, kind: merged.kind, text: merged.text, written: false });
  else result.push(left, first);
  append(result, others);
}

function stringify(tokens: readonly PlacedToken[]): string {
  const text = tokens.filter((token) => token.kind !== 'newline').map((token, at) => (token.spaced && at > 0 ? ' ' : '') + token.text).join('');
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

interface MacroCall {
  readonly arguments: PlacedToken[][];
  readonly close: PlacedToken;
}

/** Takes `( … )` from the end of `pending` (a reversed list); leaves it untouched when there is none. */
function takeArguments(pending: PlacedToken[]): MacroCall | null {
  let at = pending.length - 1;
  while (at >= 0 && pending[at]?.kind === 'newline') at--;
  if (pending[at]?.text !== '(') return null;
  const list: PlacedToken[][] = [[]];
  let open = 1;
  for (at--; at >= 0; at--) {
    const token = pending[at];
    if (!token) break;
    if (token.text === '(') open++;
    else if (token.text === ')' && --open === 0) {
      pending.length = at;
      return { arguments: list, close: token };
    }
    if (open === 1 && token.text === ',') list.push([]);
    else list.at(-1)?.push(token);
  }
  return null;
}

function fitArguments(macro: Macro, given: PlacedToken[][]): PlacedToken[][] {
  const parameters = macro.parameters ?? [];
  const list = given.map((tokens) => tokens.filter((token) => token.kind !== 'newline'));
  if (parameters.length === 0) return [];
  if (!macro.variadic || list.length <= parameters.length) return list;
  const fixed = list.slice(0, parameters.length - 1);
  const rest = list.slice(parameters.length - 1).flatMap((tokens, index) => {
    const [first] = tokens;
    const anchor = first ?? list.flat()[0];
    return index === 0 || !anchor ? tokens : [{ ...anchor, kind: 'punctuator' as const, text: ',', spaced: false, written: false }, ...tokens];
  });
  return [...fixed, rest];
}

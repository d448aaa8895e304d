// SPDX-License-Identifier: MIT
import { holds, type Cost } from './allowance';
import { evaluateCondition, type ConditionValue } from './condition';
import type { Token } from './lexer';
import { Expansion, MacroHistory, MacroTable, parseDefinition, type Macro } from './macros';
import { PRELUDE } from './prelude';
import { SourceLine, SourceText, Stretch } from './source';
import type { TargetFacts } from './target';

/** Tokens that the conditions of one unit may grow by. */
const MAX_GROWTH = 120_000;

interface Truth {
  readonly history: MacroHistory;
  readonly value: boolean;
  readonly cost: Cost;
}

/** What one unit's directives mean, remembered from one reading of the unit to the next. */
export class DirectiveMemory {
  private readonly start = new MacroHistory();
  private readonly definitions = new WeakMap<SourceLine, { readonly macro: Macro | null }>();
  private readonly truths = new WeakMap<SourceLine, Truth>();

  /** The macros that every unit starts with. */
  firstMacros(): MacroTable {
    const table = new MacroTable(this.start);
    for (const macro of PRELUDE_MACROS) table.define(macro);
    return table;
  }

  /** The macro that a `#define` line defines. */
  definition(line: SourceLine): Macro | null {
    const known = this.definitions.get(line) ?? { macro: parseDefinition(argumentsOf(line)) };
    this.definitions.set(line, known);
    return known.macro;
  }

  truth(line: SourceLine, macros: MacroTable, mayGrow: number, evaluate: () => Omit<Truth, 'history'>): Truth {
    const known = this.truths.get(line);
    if (known?.history === macros.history && holds(known.cost, mayGrow)) return known;
    const truth = { history: macros.history, ...evaluate() };
    this.truths.set(line, truth);
    return truth;
  }
}

/** The tokens behind the word of a directive. */
export function argumentsOf(line: SourceLine): readonly Token[] {
  return line.tokens.slice(2).filter((token) => token.kind !== 'newline');
}

/** Decides `#if` and its like for a target. */
export class Conditions {
  private mayGrow = MAX_GROWTH;

  constructor(
    private readonly macros: MacroTable,
    private readonly target: TargetFacts,
    private readonly memory: DirectiveMemory,
  ) {}

  /** Of a line `#if`, `#ifdef`, `#ifndef` or `#elif`. What is not known counts as true, so that the main code is seen. */
  holds(line: SourceLine): boolean {
    const truth = this.memory.truth(line, this.macros, this.mayGrow, () => {
      const rest = argumentsOf(line);
      const { directive } = line;
      const allowed = this.mayGrow;
      if (directive === 'ifdef' || directive === 'ifndef') return { value: this.isDefined(rest[0]?.text ?? '') === (directive === 'ifdef'), cost: { used: 0, allowed } };
      const expansion = new Expansion(this.macros, allowed);
      return { value: this.condition(rest, expansion) !== 0n, cost: { used: expansion.grown, allowed } };
    });
    this.mayGrow = Math.max(0, this.mayGrow - truth.cost.used);
    return truth.value;
  }

  private isDefined(name: string): boolean {
    return this.macros.has(name) || this.target.defines(name);
  }

  private condition(tokens: readonly Token[], expansion: Expansion): ConditionValue {
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
        replaced.push(number(token, Number(this.isConfigured(token.text, name))));
        at += 3;
      } else replaced.push(token);
    }
    const expanded = expansion.expand(replaced.map((token) => ({ ...token, span: NOWHERE, written: true, hidden: null })));
    return evaluateCondition(this.versions(expanded.map((token, at) => ({ ...token, start: at, end: at }))), (name) => this.conditionName(name));
  }

  /** `IS_ENABLED(name)` and its like. */
  private isConfigured(question: string, name: string): boolean {
    const value = this.macros.has(name) ? 'y' : this.target.config(name.replace(/^CONFIG_/, ''));
    if (question === 'IS_BUILTIN') return value !== null && value !== 'm';
    return question === 'IS_MODULE' ? value === 'm' : value !== null;
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
    if (!this.target.defines(name)) return 0n;
    return name.startsWith('CONFIG_') ? this.target.configNumber(name) : 1n;
  }
}

const NOWHERE_LINE = new SourceLine(new SourceText({ path: '', text: '' }), [], 0, 0);
const NOWHERE = new Stretch(NOWHERE_LINE, 0, NOWHERE_LINE, 0);
const PRELUDE_MACROS: readonly Macro[] = new SourceText({ path: '', text: PRELUDE }).lines.flatMap((line) => (line.directive === 'define' ? (parseDefinition(argumentsOf(line)) ?? []) : []));

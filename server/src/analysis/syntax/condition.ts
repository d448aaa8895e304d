// SPDX-License-Identifier: MIT
import type { Token } from './lexer';

/** The value of an `#if` expression; null when it depends on something that is not known. */
export type ConditionValue = bigint | null;

interface Reader {
  readonly tokens: readonly Token[];
  at: number;
  depth: number;
}

const MAX_DEPTH = 200;
const PRECEDENCE: Readonly<Record<string, number>> = {
  '||': 1, '&&': 2, '|': 3, '^': 4, '&': 5, '==': 6, '!=': 6, '<': 7, '>': 7, '<=': 7, '>=': 7, '<<': 8, '>>': 8, '+': 9, '-': 9, '*': 10, '/': 10, '%': 10,
};

/**
 * Evaluates the expression of `#if` in which macros are expanded and `defined` is replaced already.
 * `identifier` gives the value of a name that is left (C says 0).
 */
export function evaluateCondition(tokens: readonly Token[], identifier: (name: string) => ConditionValue): ConditionValue {
  const reader: Reader = { tokens, at: 0, depth: 0 };
  return ternary(reader, identifier);
}

type Names = (name: string) => ConditionValue;

function ternary(reader: Reader, names: Names): ConditionValue {
  const condition = binary(reader, names, 1);
  if (reader.tokens[reader.at]?.text !== '?') return condition;
  reader.at++;
  const yes = ternary(reader, names);
  if (reader.tokens[reader.at]?.text === ':') reader.at++;
  const no = ternary(reader, names);
  if (condition === null) return yes === no ? yes : null;
  return condition === 0n ? no : yes;
}

function binary(reader: Reader, names: Names, least: number): ConditionValue {
  let left = unary(reader, names);
  for (;;) {
    const operator = reader.tokens[reader.at]?.text ?? '';
    const precedence = PRECEDENCE[operator];
    if (precedence === undefined || precedence < least) return left;
    reader.at++;
    left = apply(operator, left, binary(reader, names, precedence + 1));
  }
}

function unary(reader: Reader, names: Names): ConditionValue {
  const token = reader.tokens[reader.at];
  if (!token || ++reader.depth > MAX_DEPTH) return null;
  reader.at++;
  try {
    if (token.kind === 'number') return parseInteger(token.text);
    if (token.kind === 'char') return charValue(token.text);
    if (token.kind === 'identifier') {
      if (reader.tokens[reader.at]?.text === '(') skipGroup(reader);
      return names(token.text);
    }
    switch (token.text) {
      case '(': {
        const value = ternary(reader, names);
        if (reader.tokens[reader.at]?.text === ')') reader.at++;
        return value;
      }
      case '!': {
        const value = unary(reader, names);
        return value === null ? null : BigInt(value === 0n);
      }
      case '-': {
        const value = unary(reader, names);
        return value === null ? null : -value;
      }
      case '~': {
        const value = unary(reader, names);
        return value === null ? null : ~value;
      }
      case '+':
        return unary(reader, names);
      default:
        return null;
    }
  } finally {
    reader.depth--;
  }
}

function skipGroup(reader: Reader): void {
  let open = 0;
  while (reader.at < reader.tokens.length) {
    const text = reader.tokens[reader.at++]?.text;
    if (text === '(') open++;
    else if (text === ')' && --open === 0) return;
  }
}

/** Applies a binary operator of C to two integers; null where the result is not known or not defined. */
export function apply(operator: string, left: ConditionValue, right: ConditionValue): ConditionValue {
  if (operator === '&&') return left === 0n || right === 0n ? 0n : left === null || right === null ? null : 1n;
  if (operator === '||') return (left !== null && left !== 0n) || (right !== null && right !== 0n) ? 1n : left === null || right === null ? null : 0n;
  if (left === null || right === null) return null;
  switch (operator) {
    case '|': return left | right;
    case '^': return left ^ right;
    case '&': return left & right;
    case '==': return BigInt(left === right);
    case '!=': return BigInt(left !== right);
    case '<': return BigInt(left < right);
    case '>': return BigInt(left > right);
    case '<=': return BigInt(left <= right);
    case '>=': return BigInt(left >= right);
    case '<<': return right >= 0n && right < 64n ? left << right : null;
    case '>>': return right >= 0n && right < 64n ? left >> right : null;
    case '+': return left + right;
    case '-': return left - right;
    case '*': return left * right;
    case '/': return right === 0n ? null : left / right;
    case '%': return right === 0n ? null : left % right;
    default: return null;
  }
}

/** The value of a C integer constant with its suffixes, null for anything else (floating constants). */
export function parseInteger(text: string): ConditionValue {
  const match = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)[uUlL]*$/.exec(text);
  const digits = match?.[1];
  if (digits === undefined || digits.length > 70) return null;
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`);
  return BigInt(digits);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', e: '\x1b' };

/** The characters that a string or character literal stands for. */
export function unescape(body: string): string {
  return body.replace(/\\(?:\r?\n|x([0-9a-fA-F]{1,2})|([0-7]{1,3})|([^]))/g, (_all, hex?: string, octal?: string, other?: string) => {
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8) & 0xff);
    return other === undefined ? '' : (ESCAPES[other] ?? other);
  });
}

/** The value of a character constant such as `'a'`. */
export function charValue(text: string): ConditionValue {
  const body = unescape(text.replace(/^'/, '').replace(/'$/, ''));
  return body.length === 1 ? BigInt(body.charCodeAt(0)) : null;
}

// SPDX-License-Identifier: MIT

/** What one conversion of a format may print. */
interface Conversion {
  readonly kind: 'conversion';
  /** Matches the whole printed value; null for text of any kind. */
  readonly accepts: RegExp | null;
  readonly read: (text: string) => bigint | null;
}

interface Literal {
  readonly kind: 'literal';
  readonly text: string;
}

type Part = Conversion | Literal;

const CONVERSION = /%[-+ #0']*(?:\*|\d{1,4})?(?:\.(?:\*|\d{1,4})?)?(hh|h|ll|l|L|z|t|j|q)?(?:(p[A-Za-z0-9]*)|([diuxXocs%]))/y;
const MAX_FORMAT = 4_096;
const MAX_TEXT = 8_192;
const MAX_NUMBER = 64;

function bitsOf(length: string | undefined): number {
  switch (length) {
    case 'hh':
      return 8;
    case 'h':
      return 16;
    case undefined:
      return 32;
    default:
      return 64;
  }
}

/** The value as the signed number that the bits mean: `4294967282` printed by `%u` is -14. */
function signed(digits: string, bits: number): bigint | null {
  try {
    return BigInt.asIntN(bits, BigInt(digits));
  } catch {
    return null;
  }
}

function numberReader(radix: '' | '0x' | '0o', bits: number): Conversion['read'] {
  return (text) => {
    const digits = text.trim().replace(/^\+/, '');
    const bare = radix === '0x' ? digits.replace(/^0x/i, '') : digits;
    return bare.startsWith('-') ? signed(bare, bits) : signed(`${radix}${bare}`, bits);
  };
}

function conversion(length: string | undefined, pointer: string | undefined, letter: string | undefined): Part {
  const bits = bitsOf(length);
  const text: Conversion = { kind: 'conversion', accepts: null, read: () => null };
  if (pointer !== undefined) {
    if (pointer !== 'p' && pointer !== 'px' && pointer !== 'pK') return text;
    return { kind: 'conversion', accepts: /^ *(?:0x)?[0-9a-f]+ *$|^ *\([^()]*\) *$/i, read: numberReader('0x', 64) };
  }
  switch (letter) {
    case '%':
      return { kind: 'literal', text: '%' };
    case 'd':
    case 'i':
      return { kind: 'conversion', accepts: /^ *[-+]?\d+ *$/, read: numberReader('', bits) };
    case 'u':
      return { kind: 'conversion', accepts: /^ *\d+ *$/, read: numberReader('', bits) };
    case 'x':
    case 'X':
      return { kind: 'conversion', accepts: /^ *(?:0x)?[0-9a-f]+ *$/i, read: numberReader('0x', bits) };
    case 'o':
      return { kind: 'conversion', accepts: /^ *[0-7]+ *$/, read: numberReader('0o', bits) };
    default:
      return text;
  }
}

function parse(format: string): Part[] | null {
  if (format.length > MAX_FORMAT) return null;
  const parts: Part[] = [];
  let at = 0;
  while (at < format.length) {
    const percent = format.indexOf('%', at);
    const literal = format.slice(at, percent < 0 ? undefined : percent);
    if (literal !== '') parts.push({ kind: 'literal', text: literal });
    if (percent < 0) break;
    CONVERSION.lastIndex = percent;
    const found = CONVERSION.exec(format);
    if (!found) return null;
    parts.push(conversion(found[1], found[2], found[3]));
    at = CONVERSION.lastIndex;
  }
  return parts;
}

/**
 * Matches texts that a printk format printed (Documentation/core-api/printk-formats.rst). Every conversion takes the
 * shortest text that lets the rest match; each pair of part and position is tried once, so hostile texts cost little.
 */
export class PrintkFormat {
  private constructor(private readonly parts: readonly Part[]) {}

  /** Null when the format has a conversion that is not known. A line end at its end is optional in the text. */
  static compile(format: string): PrintkFormat | null {
    const parts = parse(format.replace(/\n+$/, ''));
    return parts && new PrintkFormat(parts);
  }

  /** The texts of the conversions, in order; null when the text was not printed by this format. */
  match(text: string): string[] | null {
    const line = text.replace(/\n+$/, '');
    if (line.length > MAX_TEXT) return null;
    const failed = new Set<number>();
    const values: string[] = [];
    return this.matchFrom(line, 0, 0, values, failed) ? values : null;
  }

  /** The number that a conversion (from 0) printed; null when it is no number. */
  value(values: readonly string[], index: number): bigint | null {
    const conversions = this.parts.filter((part) => part.kind === 'conversion');
    const text = values[index];
    return text === undefined ? null : (conversions[index]?.read(text) ?? null);
  }

  private matchFrom(text: string, part: number, at: number, values: string[], failed: Set<number>): boolean {
    const current = this.parts[part];
    if (!current) return at === text.length;
    const state = part * (MAX_TEXT + 1) + at;
    if (failed.has(state)) return false;
    if (current.kind === 'literal') {
      if (text.startsWith(current.text, at) && this.matchFrom(text, part + 1, at + current.text.length, values, failed)) return true;
    } else if (this.matchConversion(current, text, part, at, values, failed)) {
      return true;
    }
    failed.add(state);
    return false;
  }

  private matchConversion(current: Conversion, text: string, part: number, at: number, values: string[], failed: Set<number>): boolean {
    const next = this.parts[part + 1];
    const mark = values.length;
    const longest = current.accepts ? Math.min(text.length, at + MAX_NUMBER) : text.length;
    for (let end = nextEnd(text, at, next); end >= 0 && end <= longest; end = nextEnd(text, end + 1, next)) {
      const value = text.slice(at, end);
      if (current.accepts && !current.accepts.test(value)) continue;
      values.length = mark;
      values.push(value);
      if (this.matchFrom(text, part + 1, end, values, failed)) return true;
    }
    values.length = mark;
    return false;
  }
}

/** Where, from `at` on, a value may end so that the next part can begin; -1 for nowhere. */
function nextEnd(text: string, at: number, next: Part | undefined): number {
  if (at > text.length) return -1;
  if (!next) return text.length;
  return next.kind === 'literal' ? text.indexOf(next.text, at) : at;
}

// SPDX-License-Identifier: MIT
import { syscallAbi } from '../../../core/abi';
import { ONLY_BAD, ROWS, type Token } from './rows';

/** A row of the test module: `argument` numbers in `tried` can be given a kernel address. */
export interface OracleRow {
  readonly key: string;
  readonly syscall: string;
  readonly number: number;
  readonly tried: readonly number[];
  readonly tokens: readonly Token[];
  /** What else is given makes no sense: the kernel address alone must decide. */
  readonly onlyBad: boolean;
}

/** The rows in the order in which the module has them. */
export function oracleRows(): OracleRow[] {
  const abi = syscallAbi('x86_64');
  return Object.entries(ROWS).flatMap(([key, tokens]) => {
    const [syscall = ''] = key.split('/');
    const found = abi.byName(syscall);
    if (!found?.arguments) throw new Error(`${syscall} is no syscall with arguments`);
    const count = found.arguments.length;
    const tried = tokens.flatMap((token, index) => (index < count && typeof token === 'string' && /^(?:u$|[a-z]:)/.test(token) ? [index] : []));
    const row = { key, syscall, number: found.number, tried, tokens, onlyBad: ONLY_BAD.has(key) };
    const first = tried.filter((index) => found.arguments?.[index]?.first === true);
    return first.length === 0 ? [row] : [row, { ...row, key: `${key} and nothing else valid`, tried: first, tokens: tokens.map(spoiled), onlyBad: true }];
  });
}

/** An argument that fails the call where it is looked at. */
function spoiled(token: Token): Token {
  if (typeof token === 'number') return -1;
  return token.startsWith('s:') ? 's:/nonexistent/file' : token;
}

/** oracle_rows.h: the rows as C. */
export function oracleHeader(rows: readonly OracleRow[]): string {
  const lines = rows.map(({ number, tokens, key }) => `\t{ ${number}, { ${tokens.map(inC).join(', ')} } }, /* ${key} */`);
  return `/* SPDX-License-Identifier: GPL-2.0-only */\nstatic const struct row rows[] = {\n${lines.join('\n')}\n};\n`;
}

const number = (text: string): bigint => (text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text));

function inC(token: Token): string {
  if (typeof token === 'number') return `{ A_NUMBER, ${token}LL }`;
  if (token.startsWith('a:')) return inC(/^a:[-\d]/.test(token) ? Number(token.slice(2)) : token.slice(2));
  if (/^[A-Z_]+$/.test(token)) return `{ A_RESOURCE, R_${token} }`;
  const text = token.slice(2);
  switch (token[0]) {
    case 'u':
      return '{ A_MEMORY }';
    case 's':
      return memory([...Buffer.from(`${text}\0`)], []);
    case 'h':
      return memory([...Buffer.from(text, 'hex')], []);
    default:
      return words(text.split(','), token.startsWith('w') ? 8 : 4);
  }
}

function words(list: readonly string[], size: 4 | 8): string {
  const patches: string[] = [];
  const bytes = list.flatMap((word, index) => {
    const at = Buffer.alloc(8);
    if (/^p\d+$/.test(word)) patches.push(`{ ${index * size}, ${size}, true, ${word.slice(1)} }`);
    else if (/^[A-Z]/.test(word)) patches.push(`{ ${index * size}, ${size}, false, R_${word} }`);
    else at.writeBigUInt64LE(BigInt.asUintN(64, number(word)));
    return [...at.subarray(0, size)];
  });
  return memory(bytes, patches);
}

function memory(bytes: readonly number[], patches: readonly string[]): string {
  const escaped = bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  const list = patches.length > 0 ? `, ${patches.length}, (const struct patch[]){ ${patches.join(', ')} }` : '';
  return `{ A_MEMORY, 0, "${escaped}", ${bytes.length}${list} }`;
}

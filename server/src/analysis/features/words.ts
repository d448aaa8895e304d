// SPDX-License-Identifier: MIT
import { errnoEntry, errnoNumber } from '../../../../core/abi/errno';

/** A stretch of one line, in UTF-16 characters. */
export interface Word {
  readonly start: number;
  readonly end: number;
}

/** The match of a global pattern in a line that covers a character. */
function matchAt(line: string, character: number, pattern: RegExp): RegExpExecArray | null {
  for (const match of line.matchAll(pattern)) if (match.index <= character && character <= match.index + match[0].length) return match;
  return null;
}

/** An errno under the cursor: its name, or a number where a result is returned or compared. Markdown. */
export function errnoAt(line: string, character: number): (Word & { readonly text: string }) | null {
  const name = matchAt(line, character, /\bE[A-Z0-9_]+\b/g);
  const byName = name && errnoNumber(name[0]);
  if (name && byName !== null) return { start: name.index, end: name.index + name[0].length, text: describe(byName) };
  const value = matchAt(line, character, /(?<=(?:\breturn|[=!]=|\bcase|\bERR_PTR\()\s*)-\d{1,4}\b/g);
  const number = value ? -Number(value[0]) : 0;
  return value && errnoEntry(number) ? { start: value.index, end: value.index + value[0].length, text: describe(number) } : null;
}

function describe(number: number): string {
  const entry = errnoEntry(number);
  return `**${entry?.name ?? ''}** (${number}): ${entry?.text ?? ''}. A syscall returns it as ${-number}.`;
}

/** A field of something under the cursor: `regs.si`, `regs->regs[1]`, `.si =`. `base` is empty in an initialiser. */
export function fieldAt(line: string, character: number): (Word & { readonly base: string; readonly field: string }) | null {
  const match = matchAt(line, character, /(?<base>\b\w+\s*)?(?:\.|->)\s*(?<field>regs\s*\[\s*\d+\s*\]|[a-z]\w*)/g);
  const { base = '', field = '' } = match?.groups ?? {};
  if (!match) return null;
  const start = match.index + match[0].length - field.length;
  return character < start ? null : { start, end: start + field.length, base: base.trim(), field };
}

/** The name of a syscall number under the cursor: `__NR_write`, `SYS_write`. */
export function syscallNumberAt(line: string, character: number): (Word & { readonly name: string }) | null {
  const match = matchAt(line, character, /\b(?:__NR_|SYS_)([a-z_]\w*)\b/g);
  return match?.[1] === undefined ? null : { start: match.index, end: match.index + match[0].length, name: match[1] };
}

/** Where one begins to write what we know names of: before a character of a line. */
export type Wanted =
  | { readonly kind: 'syscall'; readonly prefix: '__NR_' | 'SYS_'; readonly start: number }
  | { readonly kind: 'register'; readonly start: number };

/**
 * What may be completed there; null where it is not ours to say.
 * @param before the text up to the cursor, as far back as the statement or initialiser begins
 * @param registers names of variables that are `struct pt_regs`, or point to one
 */
export function wantedAt(before: string, registers: ReadonlySet<string>): Wanted | null {
  const number = /(?<![\w])(__NR_|SYS_)(\w*)$/.exec(before);
  if (number) return { kind: 'syscall', prefix: number[1] === 'SYS_' ? 'SYS_' : '__NR_', start: number[0].length };
  const member = /\b(\w+)\s*(?:\.|->)\s*(\w*)$/.exec(before);
  if (member) return registers.has(member[1] ?? '') ? { kind: 'register', start: member[2]?.length ?? 0 } : null;
  const designator = /[{,]\s*\.\s*(\w*)$/.exec(before);
  if (!designator) return null;
  const opened = openInitialiser(before.slice(0, designator.index + 1));
  return opened !== null && /\bstruct\s+pt_regs\b[^;{}]*$/.test(opened) ? { kind: 'register', start: designator[1]?.length ?? 0 } : null;
}

/** The text before the innermost `{` that is still open; null when none is. */
function openInitialiser(text: string): string | null {
  let depth = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    if (text[at] === '}') depth++;
    else if (text[at] === '{' && depth-- === 0) return text.slice(0, at);
  }
  return null;
}

/** Names that a text declares as `struct pt_regs`, or as pointers to one. */
export function registerVariables(text: string): Set<string> {
  const names = new Set<string>();
  for (const [, list = ''] of text.matchAll(/\bstruct\s+pt_regs\b([^;(){}]{0,500})/g)) {
    for (const declarator of list.split(',')) {
      const name = /^[\s*]*(?:(?:const|__user)\s+)*(\w+)/.exec(declarator)?.[1];
      if (name !== undefined) names.add(name);
    }
  }
  return names;
}

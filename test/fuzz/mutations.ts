// SPDX-License-Identifier: MIT
import { randomFrom } from '../support/generated-module';

/** Decides at random, and can be told to decide the same again. */
export class Chance {
  private readonly next: () => number;

  constructor(readonly seed: number) {
    this.next = randomFrom(seed);
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  one<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
}

const PIECES = [
  '{', '}', '(', ')', ';', '[', ']', ',', '=', '&', '*', '->', '.', '#', '##', '...', '"', "'", '/*', '*/', '//', '\\\n', '\n', '\r\n', '\r', '\t', ' ', '\0', '\uD800', '\uFEFF', '\u00b6', '0', 'x', 'é', '文',
  '#if 0\n', '#else\n', '#endif\n', '#ifdef CONFIG_X86\n', '#define A A B\n', '#define B(x) { x\n', '#undef A\n', '#include "gen.h"\n', '\n#define NULL 1\n', '\nstatic ', '\nstruct pt_regs regs;\n', 'typedef int t;\n',
  'do {', '} while (0);', 'switch (rc) {', 'case 1:', 'goto out;', 'out:', 'for (;;)', 'if (x)', 'else', 'return 0;', 'list_for_each_entry(a, b, c)', 'regs.si = (unsigned long)buf;', 'table[__NR_write](&regs);',
  'syscall_table[__NR_close](&regs);', 'static char *p = "text";\n', '__user ', 'kfree(x);', 'memset(&regs, 0, sizeof(regs));', '= { .di = 1 }', '(unsigned long)', 'set_fs(KERNEL_DS);', 'kallsyms_lookup_name("sys_call_table")',
];
const WORD = /[A-Za-z_]\w*|\d+/g;

/** One edit as a person or a tool makes it: typing, deleting, pasting, moving lines, renaming. */
export function edited(text: string, chance: Chance): string {
  const at = chance.below(text.length + 1);
  const lineStart = text.lastIndexOf('\n', at - 1) + 1;
  const lineEnd = text.includes('\n', at) ? text.indexOf('\n', at) + 1 : text.length;
  switch (chance.below(12)) {
    case 0:
    case 1:
    case 2:
      return text.slice(0, at) + chance.one(PIECES) + text.slice(at);
    case 3:
      return text.slice(0, at) + text.slice(at + 1);
    case 4:
      return text.slice(0, at) + text.slice(at + chance.below(40));
    case 5:
      return text.slice(0, lineStart) + text.slice(lineEnd);
    case 6:
      return text.slice(0, lineEnd) + text.slice(lineStart, lineEnd) + text.slice(lineEnd);
    case 7: {
      const from = chance.below(text.length + 1);
      return text.slice(0, lineStart) + text.slice(from, from + chance.below(400)) + text.slice(lineStart);
    }
    case 8: {
      const words = [...text.slice(lineStart, lineEnd).matchAll(WORD)];
      if (words.length === 0) return text;
      const word = chance.one(words);
      const all = [...text.slice(0, 20_000).matchAll(WORD)];
      const other = all.length > 0 ? chance.one(all)[0] : 'x';
      return text.slice(0, lineStart + word.index) + other + text.slice(lineStart + word.index + word[0].length);
    }
    case 9:
      return `${text.slice(0, lineStart)}\n${text.slice(lineStart)}`;
    case 10:
      return text.slice(0, at) + String.fromCharCode(chance.below(0x10000)) + text.slice(at);
    default:
      return chance.below(20) === 0 ? text.slice(0, at) : `${text.slice(0, at)} ${text.slice(at)}`;
  }
}

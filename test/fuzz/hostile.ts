// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { SourceFile } from '../../core/model/analysis';
import type { Analyzer } from '../../server/src/analysis';
import { TARGETS } from './incremental';
import { edited, type Chance } from './mutations';

const MEGABYTE = 1024 * 1024;
/** Texts that are nasty by their shape, with a module's text before or around. */
const SHAPES: readonly ((text: string, chance: Chance) => string)[] = [
  (text, chance) => Array.from({ length: 1 + chance.below(40) }).reduce<string>((so_far) => edited(so_far, chance), text),
  (text, chance) => text.slice(0, chance.below(text.length)),
  (text, chance) => text + nested(chance.one(['(', '{', '[', 'f(', 'if (x) ', '*', '!', '-', '(int)', 'struct { ', '({ ', 'a ? ', 'while (x) ', 'do ', '#if 1\n', 'switch (x) { case 1: ', 'for (;;) ', '&x[', 'x = ', '"" ', 'L: ', 'sizeof ']), 1 + chance.below(10_000), chance),
  (text, chance) => bytes(text, chance),
  (text) => text.replaceAll('\n', '\r\n'),
  (text) => `\uFEFF${text}`,
  (text) => text.replaceAll('\n', '\r'),
  (text, chance) => text.replaceAll(chance.one([';', '{', '}', '(', ')', ',', '\n', ' ', '"', '*', '#']), chance.one(['', '{', '(', '\0', '\\\n', '/*', '"', ';;'])),
  (text, chance) => tokens(text, chance),
  (text, chance) => text.repeat(1 + chance.below(20)),
  (text, chance) => `#define A0(x) x x\n${Array.from({ length: chance.below(60) }, (_, at) => `#define A${at + 1}(x) A${at}(x) A${at}(x)\n`).join('')}int deep = A${chance.below(60)}(1);\n${text}`,
  (text, chance) => `${text}\nint table[] = { ${'1,'.repeat(chance.below(200_000))} };\n`,
  (text, chance) => text + `\n${chance.one(['#include "gen.c"', 'int x;', 'module_init(f);', '/**/', '#define X Y', 'static struct a b = { .c = &b };', 'goto x;', '\\'])}`.repeat(chance.below(20_000)),
  (text, chance) => text.replace(/\{\n/g, (brace) => (chance.below(10) === 0 ? `${brace}${'if (a) b(); else c();'.repeat(chance.below(300))}\n` : brace)),
  (text, chance) => text.replace(/\{\n/, `{\n${'for (i = 0; i < n; i++) { '.repeat(chance.below(40))}x();${' }'.repeat(chance.below(40))}\n`),
];

function nested(piece: string, depth: number, chance: Chance): string {
  return `\nint f(int x) { ${piece.repeat(depth)}${chance.below(2) === 0 ? '1' : ''}${chance.one([')', '}', ']', ';', ''])} }\n`;
}

/** The bytes of a text with some of them replaced, decoded as a file is. */
function bytes(text: string, chance: Chance): string {
  const buffer = Buffer.from(text);
  for (let times = chance.below(50); times > 0; times--) buffer[chance.below(buffer.length)] = chance.below(256);
  return buffer.toString('utf8');
}

function tokens(text: string, chance: Chance): string {
  const list = text.split(/\b/);
  for (let times = chance.below(60); times > 0; times--) list[chance.below(list.length)] = chance.one(list);
  return list.join('');
}

/** Texts that are tried once in each run, whatever the seed. */
export function* onceEach(text: string): Generator<string> {
  for (const piece of ['(', '{', '[', '*', 'f(', 'if (x) ', '#if 1\n', 'struct { ', '({', 'a ? ', 'case 1: ', '-']) yield `${text}\nint f(void) { ${piece.repeat(10_000)}`;
  yield `${text}${'x'.repeat(50 * MEGABYTE)}`;
  yield text + '\0'.repeat(MEGABYTE);
  yield text + '/*'.repeat(MEGABYTE);
  yield text + '"\n'.repeat(MEGABYTE);
  yield text + '\\\n'.repeat(MEGABYTE);
  yield text + '(\n'.repeat(MEGABYTE);
  yield text + 'a;\n'.repeat(MEGABYTE);
  yield text + '{}'.repeat(MEGABYTE);
  yield text + '#if 1\n'.repeat(500_000);
  yield text + Array.from({ length: 20_000 }, (_, at) => `static int f${at}(struct file *file, char *data)\n{\n\tif (file)\n\t\treturn do_it(data, ${at}, file->f_pos);\n\treturn table[__NR_write](&regs);\n}\n`).join('').slice(0, 4 * MEGABYTE - text.length - 1);
}

/** Analyses a text as the product does; fails for a crash, a place outside of the text, or more than `maxCpu` ms of CPU time. */
export function analyseHostile(analyzer: Analyzer, path: string, text: string, chance: Chance, maxCpu: number): number {
  const sources: SourceFile[] = [{ path, text }];
  const target = chance.one(TARGETS);
  const before = process.cpuUsage();
  const { findings } = analyzer.inspect(sources, target);
  const cpu = process.cpuUsage(before).user / 1000;
  const lines = findings.length > 0 ? text.split(/\r\n|\n|\r/) : [];
  for (const { rule, range, related } of findings) {
    for (const { start, end } of [range, ...related.map((place) => place.range)]) {
      assert.ok(start.line < end.line || (start.line === end.line && start.character <= end.character), `${rule}: ends before it starts`);
      for (const { line, character } of [start, end]) assert.ok(character <= (lines[line]?.length ?? -1), `${rule}: ${line}:${character} is outside of the file`);
    }
  }
  assert.ok(cpu <= maxCpu, `${Math.round(cpu)} ms of CPU time for ${text.length} characters`);
  return cpu;
}

export function hostileText(text: string, chance: Chance): string {
  const made = chance.one(SHAPES)(text, chance);
  return chance.below(4) === 0 ? chance.one(SHAPES)(made.slice(0, 2 * MEGABYTE), chance) : made;
}

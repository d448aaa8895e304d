// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { brief, fixture, loadAnalyzer, MODERN, results } from './helper';

const HEAD = `#include <linux/module.h>
typedef long (*entry_t)(const struct pt_regs *);
static entry_t *table;
unsigned long lookup(const char *name);
static char text[9];
static int __init start(void)
{
	struct pt_regs regs = { .di = 1, .si = (unsigned long)text };
	table = (entry_t *)lookup("sys_call_table");
	return table[__NR_write](&regs);
}
module_init(start);
`;
const DEEP = 10_000;

/** A generator of pseudo-random numbers, so that a failure can be repeated. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const PIECES = ['{', '}', '(', ')', ';', 'goto x;', 'x:', 'while (1)', '#if 0\n', '#endif\n', '#define A A B\n', 'switch (rc) {', 'case 1:', '&', '->', '\0', '\uD800', '\uFEFF', '"', "'", '/*', '//', '\\\n', 'do {', '= {', '##', '...'];

function mutate(sources: readonly SourceFile[], random: () => number): SourceFile[] {
  return sources.map((source) => {
    let { text } = source;
    for (let times = Math.floor(random() * 5); times > 0; times--) {
      const at = Math.floor(random() * text.length);
      const length = Math.floor(random() * 120);
      const choice = Math.floor(random() * 5);
      if (choice === 0) text = text.slice(0, at) + text.slice(at + length);
      else if (choice === 1) text = text.slice(0, at) + (PIECES[Math.floor(random() * PIECES.length)] ?? '') + text.slice(at);
      else if (choice === 2) text = text.slice(0, at);
      else if (choice === 3) text = text.slice(0, at) + text.slice(at - length, at) + text.slice(at);
      else text = text.slice(0, at) + String.fromCharCode(Math.floor(random() * 65536)) + text.slice(at + 1);
    }
    return { path: source.path, text };
  });
}

describe('robustness of the analysis', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  it('keeps every range inside its file, whatever the text is', () => {
    const random = randomFrom(20_261_122);
    const modules = ['refused-write', 'descriptor-numbers', 'echo-device'].map(fixture);
    for (let round = 0; round < 300; round++) {
      const sources = mutate(modules[round % modules.length] ?? [], random);
      const { findings } = analyzer.analyze(sources, MODERN);
      for (const finding of findings) {
        const lines = sources.find((source) => source.path === finding.file)?.text.split(/\r\n|\n|\r/) ?? [];
        for (const { line, character } of [finding.range.start, finding.range.end]) assert.ok(character <= (lines[line]?.length ?? -1), `round ${round}: ${line}:${character}`);
      }
    }
  });

  const hostile: Readonly<Record<string, string>> = {
    'nested parentheses': `int x = ${'('.repeat(DEEP)}1${')'.repeat(DEEP)};`,
    'nested blocks': `void f(void)${'{'.repeat(DEEP)}${'}'.repeat(DEEP)}`,
    'nested ifs': `void f(void){${'if(x)'.repeat(DEEP)};}`,
    'a long sum': `int x = 1${'+1'.repeat(DEEP)};`,
    'nested calls': `void f(void){${'f('.repeat(DEEP)}${')'.repeat(DEEP)};}`,
    'pointers to pointers': `int ${'*'.repeat(DEEP)}p;`,
    'nested conditions of the preprocessor': '#if 1\n'.repeat(DEEP),
    'a large table': `static int x[] = {${'1,'.repeat(150_000)}};`,
    'macros that double': `#define A0 x x\n${Array.from({ length: 40 }, (_, i) => `#define A${i + 1} A${i} A${i}\n`).join('')}int y = A40;`,
    'a file that includes itself': '#include "hostile.c"\n',
    'what is never closed': `${'/*'.repeat(DEEP)}"`,
    'NULs': '\0'.repeat(50_000),
  };
  for (const [title, text] of Object.entries(hostile)) {
    it(`still sees the module beside ${title}`, () => {
      const sources = [{ path: 'hostile.c', text: `${HEAD}${text}` }];
      const analysis = analyzer.analyze(sources, MODERN);
      assert.deepEqual(brief(analysis.findings, sources), ['kernel-buffer (unsigned long)text']);
      assert.deepEqual(results(analysis), ['write = -14']);
    });
  }

  it('predicts nothing of a program that is too large to be followed', () => {
    const loops = 'for (i = 0; i < 60; i++) for (j = 0; j < 60; j++) for (k = 0; k < 60; k++) { regs.di = k; table[__NR_dup](&regs); }';
    const analysis = analyzer.analyze([{ path: 'a.c', text: HEAD.replace('return table', `int i, j, k; ${loops}\n	return table`) }], MODERN);
    assert.ok(analysis.predictions.length > 0);
    assert.ok(analysis.predictions.every((prediction) => prediction.expect.kind === 'unknown'));
  });

  it('takes CRLF, a BOM and code in other scripts', () => {
    const sources = [{ path: 'a.c', text: `\uFEFF${HEAD.replace('static char', '/* текст 文字 😀 */ static char').replaceAll('\n', '\r\n')}` }];
    assert.deepEqual(brief(analyzer.analyze(sources, MODERN).findings, sources), ['kernel-buffer (unsigned long)text']);
  });

  it('does not look into files over 4 MB', () => {
    assert.deepEqual(analyzer.analyze([{ path: 'a.c', text: HEAD + ' '.repeat(5 * 1024 * 1024) }], MODERN), { findings: [], predictions: [] });
  });

  it('says of a file that is too long only that it is not analysed', () => {
    const { findings, predictions } = analyzer.analyze([{ path: 'a.c', text: HEAD + 'int x;\n'.repeat(100_000) }], MODERN);
    assert.deepEqual(findings.map(({ rule, severity }) => [rule, severity]), [['not-analysed', 'information']]);
    assert.deepEqual(predictions, []);
  });

  it('gives the same answer every time', () => {
    const sources = fixture('descriptor-numbers');
    const first = JSON.stringify(analyzer.analyze(sources, MODERN));
    analyzer.analyze(fixture('echo-device'), MODERN);
    assert.equal(JSON.stringify(analyzer.analyze(sources, MODERN)), first);
  });
});

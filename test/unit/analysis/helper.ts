// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Analysis, AnalysisTarget, Finding, Prediction, Range, SourceFile } from '../../../core/model/analysis';
import { createAnalyzer, type Analyzer } from '../../../server/src/analysis';

export const MODERN: AnalysisTarget = { arch: 'x86_64', kernel: '6.1.0-56-cloud-amd64' };

/** The analysis on the parser files of the packages. */
export function loadAnalyzer(): Promise<Analyzer> {
  const require = createRequire(import.meta.url);
  const grammar = path.join(path.dirname(require.resolve('tree-sitter-c/package.json')), 'tree-sitter-c.wasm');
  return createAnalyzer({ runtimeWasm: fs.readFileSync(require.resolve('web-tree-sitter/web-tree-sitter.wasm')), grammarWasm: fs.readFileSync(grammar) });
}

/** The sources of a folder under test/fixtures/analysis. */
export function fixture(name: string): SourceFile[] {
  const folder = path.join(import.meta.dirname, '../../fixtures/analysis', name);
  return fs.readdirSync(folder).filter((file) => /\.[ch]$/.test(file)).map((file) => ({ path: file, text: fs.readFileSync(path.join(folder, file), 'utf8') }));
}

/** The text that a range covers. */
export function covered(source: SourceFile | undefined, range: Range): string {
  const lines = (source?.text ?? '').split(/\r\n|\n|\r/);
  if (range.start.line === range.end.line) return (lines[range.start.line] ?? '').slice(range.start.character, range.end.character);
  return [(lines[range.start.line] ?? '').slice(range.start.character), ...lines.slice(range.start.line + 1, range.end.line), (lines[range.end.line] ?? '').slice(0, range.end.character)].join('\n');
}

/** `rule text` of each finding. */
export function brief(findings: readonly Finding[], sources: readonly SourceFile[]): string[] {
  return findings.map((finding) => `${finding.rule} ${covered(sources.find((source) => source.path === finding.file), finding.range)}`);
}

/** `syscall = result` of a prediction: a number, `argument 2` or `unknown`. */
export function result(prediction: Prediction): string {
  const { expect } = prediction;
  const text = expect.kind === 'unknown' ? 'unknown' : expect.kind === 'argument' ? `argument ${expect.index} ${expect.value.replace(/ \(.*/, '')}` : String(expect.value);
  return `${prediction.syscall} = ${text}`;
}

export function results(analysis: Analysis): string[] {
  return analysis.predictions.map(result);
}

/** A module around functions: the headers, the table and what finds it, as modules have them. */
export function moduleOf(body: string, init = 'start'): SourceFile[] {
  return [
    {
      path: 'sample.c',
      text: `// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/kallsyms.h>
#include <asm/ptrace.h>

typedef long (*entry_t)(const struct pt_regs *);
static entry_t *table;
unsigned long lookup(const char *name);

${body}

module_init(${init});
MODULE_LICENSE("GPL");
`,
    },
  ];
}

/** A module whose init finds the table and then runs statements. */
export function initOf(statements: string, before = ''): SourceFile[] {
  return moduleOf(`${before}
static int __init start(void)
{
	struct pt_regs regs = { };
	long rc;

	table = (entry_t *)lookup("sys_call_table");
${statements}
	return 0;
}`);
}

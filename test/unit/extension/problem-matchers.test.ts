// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { TextReport, type LocatedFinding } from '../../../cli/check/report';
import { diagnosticLine } from '../../../cli/commands/build';
import type { BuildDiagnostic } from '../../../core/model';

interface Pattern {
  name: string;
  kind?: 'file';
  regexp: string;
  file: number;
  line?: number;
  column?: number;
  severity: number;
  message: number;
}

const ROOT = path.resolve(import.meta.dirname, '../../..');
const OUTPUTS = path.join(ROOT, 'test/fixtures/build-output');
const { problemPatterns, problemMatchers } = (JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { contributes: { problemPatterns: Pattern[]; problemMatchers: { name: string; owner: string }[] } }).contributes;

type Found = Record<'file' | 'line' | 'column' | 'severity' | 'message', string | undefined>;

function match(name: string, line: string): Found | null {
  const pattern = problemPatterns.find((candidate) => candidate.name === name);
  assert.ok(pattern);
  const found = new RegExp(pattern.regexp).exec(line);
  const group = (index: number | undefined): string | undefined => (index === undefined ? undefined : found?.[index]);
  return found && { file: group(pattern.file), line: group(pattern.line), column: group(pattern.column), severity: group(pattern.severity), message: group(pattern.message) };
}

/** What a matcher finds in the whole output of a build, without notes. */
function matches(name: string, file: string): string[] {
  const found = fs.readFileSync(path.join(OUTPUTS, file), 'utf8').split('\n').flatMap((line) => match(name, line) ?? []);
  return found.filter(({ severity }) => severity !== 'note').map((each) => `${each.file ?? '-'}${each.line === undefined ? '' : `:${each.line}`} ${each.severity ?? '-'} ${each.message ?? '-'}`);
}

const gcc: BuildDiagnostic = { file: 'hello.c', line: 12, column: 5, severity: 'error', message: "'foo' undeclared", tool: 'gcc' };
const modpost: BuildDiagnostic = { file: 'hello.c', line: 30, column: null, severity: 'error', message: '"some_symbol" [hello.ko] undefined!', tool: 'modpost' };

/** What `check` prints of a finding, without the line end. */
function checkLine(severity: LocatedFinding['severity']): string {
  let text = '';
  const finding = { folder: '/w/hello', file: 'sub/hello.c', range: { start: { line: 11, character: 4 } }, severity, message: 'It [sic] fails.', rule: 'kernel-buffer', suppressed: null } as unknown as LocatedFinding;
  new TextReport({ out: (line) => (text += line), err: () => undefined }, '/w').finding(finding);
  return text.trimEnd();
}

describe('the problem matchers', () => {
  it('read what the CLI prints of the compiler, with its notes', () => {
    assert.deepEqual(match('kmodlab-gcc', diagnosticLine(gcc, '/w/hello')), { file: '/w/hello/hello.c', line: '12', column: '5', severity: 'error', message: "'foo' undeclared" });
    const [, note] = diagnosticLine({ ...gcc, related: [{ file: '../other.h', line: 3, column: null, message: 'declared here' }] }, '/w/hello').split('\n');
    assert.deepEqual(match('kmodlab-gcc', note ?? ''), { file: '/w/other.h', line: '3', column: undefined, severity: 'note', message: 'declared here' });
  });

  it('read what the CLI prints of modpost, each line by one matcher only', () => {
    const line = diagnosticLine(modpost, '/w/hello');
    assert.deepEqual(match('kmodlab-gcc', line), { file: '/w/hello/hello.c', line: '30', column: undefined, severity: 'error', message: 'modpost: "some_symbol" [hello.ko] undefined!' });
    assert.equal(match('kmodlab-modpost', line), null);
  });

  it('read what the CLI prints of the analysis, with severities that VS Code knows', () => {
    const place = { file: 'hello/sub/hello.c', line: '12', column: '5', message: 'It [sic] fails.' };
    const severities = { error: 'error', warning: 'warning', information: 'info', hint: 'hint' } as const;
    for (const [severity, shown] of Object.entries(severities)) assert.deepEqual(match('kmodlab-check', checkLine(severity as keyof typeof severities)), { ...place, severity: shown });
    assert.equal(match('kmodlab-check', diagnosticLine(gcc, '/w/hello')), null);
  });

  it("read the compiler's own lines of every kernel, for tasks of people's own", () => {
    for (const kernel of ['5.10', '6.1', '6.12', '7.3']) {
      const folder = kernel === '7.3' ? '' : '/build/';
      const found = matches('kmodlab-gcc', `${kernel}-compile.txt`);
      assert.ok(found.some((each) => each.startsWith(`${folder}main.c:10 error 'missing_name' undeclared`)), found.join('\n'));
      assert.ok(found.some((each) => each.startsWith(`${folder}own.h:4 error implicit declaration`)), found.join('\n'));
      assert.equal(matches('kmodlab-modpost', `${kernel}-compile.txt`).length, 0);
      assert.equal(matches('kmodlab-gcc', `${kernel}-modpost.txt`).length, 0);
    }
    assert.equal(match('kmodlab-gcc', '  CC [M]  hello.o'), null);
    assert.equal(match('kmodlab-gcc', 'make[1]: *** [scripts/Makefile.build:255: hello.o] Error 1'), null);
  });

  it("read modpost's own lines of every kernel, which name no source: they are shown at the module", () => {
    const shown = (kernel: string, module: string): string[] => matches('kmodlab-modpost', `${kernel}-${module}.txt`).map((line) => line.split(' ').slice(0, 2).join(' '));
    assert.deepEqual(shown('5.10', 'modpost'), ['/build/symbols.ko ERROR', '/build/symbols.ko ERROR', 'symbols.ko FATAL']);
    for (const kernel of ['6.1', '6.12']) assert.deepEqual(shown(kernel, 'modpost'), ['symbols.ko ERROR', '/build/symbols.ko ERROR', '/build/symbols.ko ERROR']);
    assert.deepEqual(shown('7.3', 'modpost'), ['symbols.ko WARNING', 'symbols.ko ERROR', 'symbols.ko ERROR', 'symbols.ko ERROR']);
    assert.deepEqual(shown('5.10', 'sections'), ['/build/sections.o WARNING', '/build/sections.ko ERROR']);
    assert.deepEqual(shown('6.1', 'sections'), ['/build/sections.o WARNING', 'sections ERROR']);
    assert.deepEqual(shown('6.12', 'sections'), ['/build/sections WARNING', 'sections ERROR']);
    assert.deepEqual(shown('7.3', 'sections'), ['sections.ko WARNING', 'sections.ko ERROR']);
  });

  it('own their problems together with the build command, so that each build clears those of the one before', () => {
    assert.deepEqual(problemMatchers.filter(({ owner }) => owner === 'kmodlab-build').map(({ name }) => name), ['kmodlab-gcc', 'kmodlab-modpost']);
    const collection = fs.readFileSync(path.join(ROOT, 'extension/src/loads/build-diagnostics.ts'), 'utf8');
    assert.ok(collection.includes("createDiagnosticCollection('kmodlab-build')"));
  });
});

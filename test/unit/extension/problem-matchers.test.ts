// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { TextReport, type LocatedFinding } from '../../../cli/check/report';
import { diagnosticLine } from '../../../cli/commands/build';
import type { BuildDiagnostic } from '../../../core/model';

interface Pattern {
  name: string;
  regexp: string;
  file: number;
  line: number;
  column: number;
  severity: number;
  message: number;
}

const ROOT = path.resolve(import.meta.dirname, '../../..');
const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { contributes: { problemPatterns: Pattern[] } };

function match(name: string, line: string): Record<'file' | 'line' | 'column' | 'severity' | 'message', string | undefined> | null {
  const pattern = manifest.contributes.problemPatterns.find((candidate) => candidate.name === name);
  assert.ok(pattern);
  const found = new RegExp(pattern.regexp).exec(line);
  return found && { file: found[pattern.file], line: found[pattern.line], column: found[pattern.column], severity: found[pattern.severity], message: found[pattern.message] };
}

const gcc: BuildDiagnostic = { file: 'hello.c', line: 12, column: 5, severity: 'error', message: "'foo' undeclared", tool: 'gcc' };
const modpost: BuildDiagnostic = { file: 'hello.c', line: 30, column: null, severity: 'error', message: '"some_symbol" is not exported', tool: 'modpost' };

/** What `check` prints of a finding, without the line end. */
function checkLine(severity: LocatedFinding['severity']): string {
  let text = '';
  const finding = { folder: '/w/hello', file: 'sub/hello.c', range: { start: { line: 11, character: 4 } }, severity, message: 'It [sic] fails.', rule: 'kernel-buffer', suppressed: null } as unknown as LocatedFinding;
  new TextReport({ out: (line) => (text += line), err: () => undefined }, '/w').finding(finding);
  return text.trimEnd();
}

describe('the problem matchers', () => {
  it('read what the CLI prints of the compiler', () => {
    assert.deepEqual(match('kmodlab-gcc', diagnosticLine(gcc, '/w/hello')), { file: '/w/hello/hello.c', line: '12', column: '5', severity: 'error', message: "'foo' undeclared" });
  });

  it('read what the CLI prints of modpost, each line by one matcher only', () => {
    const line = diagnosticLine(modpost, '/w/hello');
    assert.deepEqual(match('kmodlab-modpost', line), { file: '/w/hello/hello.c', line: '30', column: undefined, severity: 'error', message: '"some_symbol" is not exported' });
    assert.equal(match('kmodlab-gcc', line), null);
    assert.equal(match('kmodlab-modpost', diagnosticLine(gcc, '/w/hello')), null);
  });

  it('read what the CLI prints of the analysis, with severities that VS Code knows', () => {
    const place = { file: 'hello/sub/hello.c', line: '12', column: '5', message: 'It [sic] fails.' };
    const severities = { error: 'error', warning: 'warning', information: 'info', hint: 'hint' } as const;
    for (const [severity, shown] of Object.entries(severities)) assert.deepEqual(match('kmodlab-check', checkLine(severity as keyof typeof severities)), { ...place, severity: shown });
    assert.equal(match('kmodlab-check', diagnosticLine(gcc, '/w/hello')), null);
    assert.equal(match('kmodlab-gcc', checkLine('error')), null);
  });

  it("read gcc's own lines, for tasks of people's own", () => {
    const found = match('kmodlab-gcc', '/w/hello/hello.c:3:10: fatal error: linux/nothing.h: No such file or directory');
    assert.equal(found?.message, 'linux/nothing.h: No such file or directory');
    assert.equal(match('kmodlab-gcc', '  CC [M]  hello.o'), null);
  });
});

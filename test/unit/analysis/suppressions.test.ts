// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Finding, RuleLevels } from '../../../core/model';
import type { Analyzer } from '../../../server/src/analysis';
import { review, type Reviewed } from '../../../server/src/analysis/review';
import { findSuppressions, suppressionEdit } from '../../../server/src/analysis/suppressions';
import { initOf, loadAnalyzer, MODERN, moduleOf } from './helper';

const finding = (rule: string, line: number, last = line): Finding => ({ rule, severity: 'error', file: 'a.c', range: { start: { line, character: 1 }, end: { line: last, character: 2 } }, message: 'm', related: [] });
const reviewed = (text: string, findings: readonly Finding[] = [], levels: RuleLevels = {}, elsewhere: readonly Finding[] = []): Reviewed =>
  review({ path: 'a.c', text }, findings, { levels, analysed: true, elsewhere: () => elsewhere });
const rules = ({ findings }: Reviewed): string[] => findings.map(({ rule, severity, range }) => `${rule} ${severity} ${range.start.line}:${range.start.character}`);

describe('suppression comments', () => {
  it('count for their own line, or the next line of code when they stand alone', () => {
    for (const text of [
      'f(x); // kmodlab: ignore[kernel-buffer] on purpose',
      'f(x); /* kmodlab: ignore[kernel-buffer] on purpose */',
      '//kmodlab:ignore[ unset-register , kernel-buffer ]on purpose\nf(x);',
      '\t/* kmodlab: ignore[kernel-buffer] on\n\t * purpose */\n\n\t/* more */\n\tf(x);',
      '// kmodlab: ignore[kernel-buffer] on purpose\r\n// kmodlab: ignore[unset-register] also\r\nf(x);',
    ]) {
      const line = text.split('\n').findIndex((each) => each.includes('f(x)'));
      const { findings, suppressed } = reviewed(text, [finding('kernel-buffer', line), finding('unset-register', line + 7)], { 'unused-suppression': 'off' });
      assert.deepEqual(findings.map(({ rule }) => rule), ['unset-register'], text);
      assert.equal(suppressed[0]?.reason.startsWith('on'), true, text);
    }
  });

  it('count on each line of a finding that takes several, and not on others', () => {
    const text = 'f(a,\n  b, // kmodlab: ignore[kernel-buffer] on purpose\n  c);';
    assert.equal(reviewed(text, [finding('kernel-buffer', 0, 2)]).findings.length, 0);
    assert.deepEqual(rules(reviewed(text, [finding('kernel-buffer', 2)])), ['unused-suppression information 1:24', 'kernel-buffer error 2:1']);
  });

  it('are no comments inside a string, and are left alone when they say something else', () => {
    assert.deepEqual(findSuppressions({ path: 'a.c', text: 'char *s = "// kmodlab: ignore[kernel-buffer] x"; char c = \'"\'; // kmodlab: see ignore[x]\n// kmodlab: ignored' }), []);
  });

  it('are reported when the rule finds nothing, unless another target may need them', () => {
    const text = 'f(x); // kmodlab: ignore[kernel-buffer] on purpose';
    assert.deepEqual(rules(reviewed(text)), ['unused-suppression information 0:25']);
    assert.deepEqual(rules(reviewed(text, [], {}, [finding('kernel-buffer', 0)])), []);
    assert.deepEqual(rules(reviewed(text, [], { 'kernel-buffer': 'off' })), []);
    assert.deepEqual(rules(reviewed(text, [], { 'unused-suppression': 'hint' })), ['unused-suppression hint 0:25']);
    assert.deepEqual(rules(reviewed(`#if X\n${text}\n#endif`)), []);
    assert.deepEqual(rules(reviewed(`#ifndef A_H\n#define A_H\n${text}\n#endif`)), ['unused-suppression information 2:25']);
    assert.deepEqual(review({ path: 'a.c', text }, [], { levels: {}, analysed: false, elsewhere: () => [] }).findings, []);
  });

  it('must name rules that exist, and say why', () => {
    assert.deepEqual(rules(reviewed('f(); // kmodlab: ignore it')), ['invalid-suppression warning 0:5']);
    assert.deepEqual(rules(reviewed('f(); // kmodlab: ignore[] x')), ['invalid-suppression warning 0:5']);
    const { findings } = reviewed('f(); // kmodlab: ignore[kernel-bufer, kernel-buffer] x', [finding('kernel-buffer', 0)]);
    assert.deepEqual(findings.map(({ message, range }) => [message.slice(0, 32), range.start.character]), [["There is no rule 'kernel-bufer'.", 24]]);
    const silent = reviewed('f(); /* kmodlab: ignore[kernel-buffer] */', [finding('kernel-buffer', 0)]);
    assert.deepEqual(rules(silent), ['invalid-suppression information 0:5']);
    assert.equal(silent.suppressed.length, 1);
  });

  it('stand beside levels: off drops a finding, anything else is what it counts as', () => {
    assert.deepEqual(rules(reviewed('', [finding('kernel-buffer', 0), finding('unset-register', 1)], { 'kernel-buffer': 'off', 'unset-register': 'hint' })), ['unset-register hint 1:1']);
  });

  it('can be written for a finding so that it is suppressed', () => {
    const cases = ['f(x);\n', '\tint a;\r\n\tf(x);\r\n', '\tf(x); // kmodlab: ignore[unset-register] other\n', '// kmodlab: ignore[unset-register] other\nf(x);\n', '#define M(a) \\\n  g(a); \\\n  f(x); \\\n  h(a)\n'];
    for (const text of cases) {
      const line = text.split('\n').findIndex((each) => each.includes('f(x)'));
      const start = text.split('\n')[line]!.indexOf('f(x)');
      const found = { ...finding('kernel-buffer', line), range: { start: { line, character: start }, end: { line, character: start + 4 } } };
      const { position, newText } = suppressionEdit({ path: 'a.c', text }, found, 'on purpose');
      const lines = text.split('\n');
      const offset = lines.slice(0, position.line).join('\n').length + (position.line > 0 ? 1 : 0) + position.character;
      const edited = text.slice(0, offset) + newText + text.slice(offset);
      const at = edited.split('\n').findIndex((each) => each.includes('f(x)'));
      assert.equal(reviewed(edited, [{ ...found, range: { start: { line: at, character: start }, end: { line: at, character: start + 4 } } }, finding('unset-register', at)]).findings.filter(({ rule }) => rule === 'kernel-buffer').length, 0, edited);
      assert.equal(edited.includes('\r\n') && /[^\r]\n/.test(edited), false, 'keeps the line ends');
    }
  });

  it('take no time to look for in a hostile text', () => {
    const text = `kmodlab: ${'/* kmodlab: ignore['.repeat(20_000)}${'"'.repeat(20_001)}${'\n#if\n'.repeat(20_000)}`;
    assert.ok(findSuppressions({ path: 'a.c', text }).length <= 1);
    assert.ok(findSuppressions({ path: 'a.c', text: '// kmodlab: ignore[kernel-buffer] x\nf();\n'.repeat(50_000) }).length === 50_000);
  });
});

describe('suppression comments in a module', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => analyzer.dispose());

  it('stand where a person reads the finding, also with macros', () => {
    const direct = initOf('\tregs.si = (unsigned long)name; // kmodlab: ignore[kernel-buffer] shows -EFAULT\n\trc = table[__NR_write](&regs);', 'static char name[8];');
    const macro = moduleOf(`static char name[8];
#define WRITE(buffer, size) \\
	({ struct pt_regs r = { .di = 1, .si = (unsigned long)(buffer), .dx = (size) }; \\
	   table[__NR_write](&r); })
static int __init start(void)
{
	table = (entry_t *)lookup("sys_call_table");
	/* kmodlab: ignore[kernel-buffer] shows -EFAULT */
	WRITE(name,
	      sizeof(name));
	return 0;
}`);
    for (const sources of [direct, macro]) {
      const [source] = sources;
      const { findings } = analyzer.analyze(sources, MODERN);
      assert.ok(findings.some(({ rule }) => rule === 'kernel-buffer'));
      const after = review(source!, findings, { levels: {}, analysed: true, elsewhere: () => findings });
      assert.deepEqual(after.findings.filter(({ rule }) => rule === 'kernel-buffer' || rule.endsWith('suppression')), []);
      assert.equal(after.suppressed.length, 1);
    }
  });
});

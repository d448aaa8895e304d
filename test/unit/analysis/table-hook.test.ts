// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, Finding, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { covered, loadAnalyzer, moduleOf } from './helper';

const X86: AnalysisTarget = { arch: 'x86_64', kernel: '6.12' };

describe('table-hook', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const sample = (statements: string, before = ''): SourceFile[] =>
    moduleOf(`static entry_t original;
static asmlinkage long hook(const struct pt_regs *regs) { return original(regs); }
${before}
static int __init start(void)
{
	table = (entry_t *)lookup("sys_call_table");
	original = table[__NR_openat];
	${statements}
	return 0;
}`);
  const all = (sources: SourceFile[], target = X86): Finding[] => analyzer.analyze(sources, target).findings.filter(({ rule }) => rule === 'table-hook');
  const found = (statements: string, before = '', target = X86): string[] => {
    const sources = sample(statements, before);
    return all(sources, target).map((finding) => covered(sources[0], finding.range));
  };

  it('says since when, and what to use', () => {
    const [finding, ...others] = all(sample('table[__NR_openat] = hook;'));
    assert.deepEqual(others, []);
    assert.equal(
      finding?.message,
      'Storing to the entry of openat() in the system call table hooks nothing here: since Linux 6.9 (6.8.5, 6.6.26, 6.1.85, 5.15.154 of the stable series) x86 dispatches system calls by a switch and does not read the table. To see these calls, put a kprobe or an ftrace handler on __x64_sys_openat().',
    );
    assert.equal(finding.severity, 'information');
    const [unsure] = all(sample('table[__NR_openat] = hook;'), { arch: 'x86_64', kernel: null });
    assert.match(unsure?.message ?? '', /hooks nothing on kernels that dispatch system calls by a switch, as x86 does since Linux 6\.9 \(6\.8\.5/);
    assert.match(all(sample('table[__NR_openat] = hook;'), { arch: 'i386', kernel: '6.12' })[0]?.message ?? '', /__ia32_sys_openat\(\)/);
  });

  const bad: readonly (readonly [title: string, statements: string, expected: string, before?: string])[] = [
    ['an element', 'table[__NR_openat] = hook;', 'table[__NR_openat]'],
    ['an element by number', 'table[257] = hook;', 'table[257]'],
    ['an element that is not known', 'table[jiffies] = hook;', 'table[jiffies]'],
    ['through a pointer', '*(table + __NR_openat) = hook;', '*(table + __NR_openat)'],
    ['through the address of an element', 'entry_t *e = &table[__NR_openat]; *e = hook;', '*e'],
    ['as a number', '((unsigned long *)table)[__NR_openat] = (unsigned long)hook;', '((unsigned long *)table)[__NR_openat]'],
    ['with WRITE_ONCE', 'WRITE_ONCE(table[__NR_openat], hook);', 'table[__NR_openat]'],
    ['with xchg', 'original = xchg(&table[__NR_openat], hook);', 'xchg(&table[__NR_openat], hook)'],
    ['with memcpy', 'entry_t f = hook; memcpy(&table[__NR_openat], &f, sizeof(f));', 'memcpy(&table[__NR_openat], &f, sizeof(f))'],
    ['in a helper', 'install(__NR_openat, hook);', 'table[nr]', 'static void install(int nr, entry_t f) { table[nr] = f; }'],
    ['a table that a scan of memory found', '((unsigned long **)scan())[__NR_openat] = (unsigned long *)hook;', '((unsigned long **)scan())[__NR_openat]', 'static unsigned long **scan(void) { unsigned long at; for (at = PAGE_OFFSET; at < ULONG_MAX; at += 8) { unsigned long **t = (unsigned long **)at; if (t[__NR_close] == (unsigned long *)ksys_close) return t; } return NULL; }'],
  ];
  for (const [title, statements, expected, before] of bad) {
    it(`finds: ${title}`, () => {
      assert.deepEqual(found(statements, before), [expected]);
    });
  }

  const good: readonly (readonly [title: string, statements: string, before?: string])[] = [
    ['what stood there is put back', 'table[__NR_openat] = original;'],
    ['the table is only read', 'original = table[__NR_read];'],
    ["the module's own table", 'own[__NR_openat] = hook;', 'static entry_t own[500];'],
    ['an unknown table with the same indices', 'handlers()[__NR_openat] = hook;', 'entry_t *handlers(void);'],
    ['a copy of the table', 'memcpy(own, table, sizeof(own)); own[__NR_openat] = hook;', 'static entry_t own[500];'],
    ['a number', '((unsigned long *)table)[__NR_openat] = 0;'],
  ];
  for (const [title, statements, before] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(found(statements, before), []);
    });
  }

  const kernels: readonly (readonly [target: AnalysisTarget, finds: boolean])[] = [
    [{ arch: 'x86_64', kernel: null }, true],
    [{ arch: 'x86_64', kernel: '6.9' }, true],
    [{ arch: 'x86_64', kernel: '7.3.4+deb13-cloud-amd64' }, true],
    [{ arch: 'x86_64', kernel: '6.8.4' }, false],
    [{ arch: 'x86_64', kernel: '6.8.5' }, true],
    [{ arch: 'x86_64', kernel: '6.7.12' }, false],
    [{ arch: 'x86_64', kernel: '6.6.25' }, false],
    [{ arch: 'x86_64', kernel: '6.6.26' }, true],
    [{ arch: 'x86_64', kernel: '6.1.84' }, false],
    [{ arch: 'x86_64', kernel: '6.1.85' }, true],
    [{ arch: 'x86_64', kernel: '6.1.192' }, true],
    [{ arch: 'x86_64', kernel: '5.15.153' }, false],
    [{ arch: 'x86_64', kernel: '5.15.154' }, true],
    [{ arch: 'x86_64', kernel: '5.10.262' }, false],
    [{ arch: 'x86_64', kernel: '4.19.300' }, false],
    [{ arch: 'arm64', kernel: '6.12' }, false],
    [{ arch: 'arm64', kernel: null }, false],
    [{ arch: 'x86_64', kernel: '6.1.192', dispatch: 'table' }, false],
    [{ arch: 'x86_64', kernel: '6.1.0-9-amd64', dispatch: 'switch' }, true],
    [{ arch: 'x86_64', kernel: '6.1.0-9-amd64', dispatch: 'table' }, false],
  ];
  for (const [target, finds] of kernels) {
    it(`${finds ? 'finds it on' : 'is silent on'} ${target.arch} ${target.kernel ?? 'any kernel'}${target.dispatch ? ` with a ${target.dispatch}` : ''}`, () => {
      assert.equal(all(sample('table[__NR_openat] = hook;'), target).length, finds ? 1 : 0);
    });
  }

  it('does not take a count of the distribution for a patch level', () => {
    for (const kernel of ['6.1.0-56-cloud-amd64', '6.1', '5.15.0-105-generic']) {
      assert.match(all(sample('table[__NR_openat] = hook;'), { arch: 'x86_64', kernel })[0]?.message ?? '', /hooks nothing on kernels that/, kernel);
    }
  });
});

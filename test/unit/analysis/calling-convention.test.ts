// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, Finding, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { covered, initOf, loadAnalyzer, MODERN } from './helper';

const OLD: AnalysisTarget = { arch: 'x86_64', kernel: '4.16' };
const ANY: AnalysisTarget = { arch: 'x86_64', kernel: null };

describe('calling-convention', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const all = (sources: readonly SourceFile[], target = MODERN): Finding[] => analyzer.analyze(sources, target).findings.filter(({ rule }) => rule === 'calling-convention');
  const found = (statements: string, before = '', target = MODERN): string[] => {
    const sources = initOf(statements, `typedef long (*direct_t)(unsigned int, const char *, size_t);\ntypedef long (*one_t)(long);\n${before}`);
    return all(sources, target).map((finding) => covered(sources[0], finding.range));
  };
  const message = (statements: string, target = MODERN): string => all(initOf(statements, 'typedef long (*direct_t)(unsigned int, const char *, size_t);'), target)[0]?.message ?? '';
  const DIRECT = '((direct_t *)table)[__NR_write](1, (const char *)jiffies, 3)';

  it('says what the entry takes, and what comes of it', () => {
    assert.equal(
      message(`${DIRECT};`),
      'write() is called with its arguments, but since Linux 4.17 an entry of the x86_64 system call table takes one struct pt_regs *: it takes the first argument for that address, which normally ends in an oops. Put the arguments into a struct pt_regs and pass its address.',
    );
    assert.match(message('((direct_t)lookup("__x64_sys_write"))(1, (const char *)jiffies, 3);'), /^write\(\) is called with its arguments, but __x64_sys_write\(\) takes one struct pt_regs \*/);
    assert.equal(
      message('((entry_t)lookup("ksys_write"))(&regs);'),
      "write() is called with a struct pt_regs *, but ksys_write() takes the arguments themselves: it takes the address for 'unsigned int fd'. Call it with the arguments.",
    );
    assert.match(message('table[__NR_write](&regs);', OLD), /^write\(\) is called with a struct pt_regs \*, but before Linux 4\.17 an entry of the x86_64 system call table takes the arguments themselves/);
  });

  it('is an error where the target is known, else a warning', () => {
    const severity = (statements: string, target: AnalysisTarget): string | undefined => all(initOf(statements, 'typedef long (*direct_t)(unsigned int, const char *, size_t);'), target)[0]?.severity;
    assert.equal(severity(`${DIRECT};`, MODERN), 'error');
    assert.equal(severity(`${DIRECT};`, ANY), 'warning');
    assert.equal(severity('((entry_t)lookup("ksys_write"))(&regs);', MODERN), 'error');
    assert.equal(severity('((entry_t)lookup("ksys_write"))(&regs);', ANY), 'warning');
    assert.equal(severity('table[__NR_write](&regs);', OLD), 'error');
  });

  const bad: readonly (readonly [title: string, statements: string, expected: string, before?: string])[] = [
    ['arguments for a table entry', `${DIRECT};`, DIRECT],
    ['one number', '((one_t *)table)[__NR_close](3);', '((one_t *)table)[__NR_close](3)'],
    ['one text', '((long (**)(const char *))table)[__NR_unlink]("/tmp/x");', '((long (**)(const char *))table)[__NR_unlink]("/tmp/x")'],
    ['one text that is not known', 'const char *p = path(); ((long (**)(const char *))table)[__NR_unlink](p);', '((long (**)(const char *))table)[__NR_unlink](p)', 'const char *path(void);'],
    ['a saved entry', 'saved = (direct_t)table[__NR_write]; saved(1, (const char *)jiffies, 3);', 'saved(1, (const char *)jiffies, 3)', 'static direct_t saved;'],
    ['the wrapper by its name', 'direct_t f = (direct_t)lookup("__x64_sys_write"); f(1, (const char *)jiffies, 3);', 'f(1, (const char *)jiffies, 3)'],
    ['the wrapper for 32-bit callers', 'direct_t f = (direct_t)lookup("__ia32_sys_write"); f(1, (const char *)jiffies, 3);', 'f(1, (const char *)jiffies, 3)'],
    ['registers for ksys_write', 'entry_t f = (entry_t)lookup("ksys_write"); f(&regs);', 'f(&regs)'],
    ['registers for sys_write', 'entry_t f = (entry_t)lookup("sys_write"); f(&regs);', 'f(&regs)'],
    ['registers for the function of a 32-bit caller', 'entry_t f = (entry_t)lookup("compat_sys_ioctl"); f(&regs);', 'f(&regs)'],
    ['registers for do_sys_open', 'entry_t f = (entry_t)lookup("do_sys_open"); f(&regs);', 'f(&regs)'],
    ["a hook's registers", 'table[__NR_close] = hook;', 'original(regs)', 'static long (*original)(struct pt_regs *);\nstatic long hook(struct pt_regs *regs) { return original(regs); }\nstatic int __init find(void) { original = (void *)lookup("ksys_close"); return 0; }'],
  ];
  for (const [title, statements, expected, before] of bad) {
    it(`finds: ${title}`, () => {
      const text = title === "a hook's registers" ? `find(); ${statements}` : statements;
      assert.deepEqual(found(text, before), [expected]);
    });
  }

  const good: readonly (readonly [title: string, statements: string, before?: string])[] = [
    ['registers for a table entry', 'table[__NR_write](&regs);'],
    ['registers and something else', '((long (**)(struct pt_regs *, int))table)[__NR_write](&regs, 0);'],
    ['registers whose address is not known', 'table[__NR_write](pick());', 'const struct pt_regs *pick(void);'],
    ['no arguments for a call without', '((long (**)(void))table)[__NR_getpid](); table[__NR_getpid](&regs); ((one_t *)table)[__NR_getpid](0);'],
    ['registers for the wrapper', '((entry_t)lookup("__x64_sys_write"))(&regs);'],
    ['arguments for ksys_write', '((direct_t)lookup("ksys_write"))(1, (const char *)jiffies, 3);'],
    ['another number of arguments than the call has', '((long (*)(int, int))lookup("__x64_sys_write"))(1, 2);'],
    ["the module's own function of such a name", 'sys_write(&regs);', 'static long sys_write(struct pt_regs *regs) { return 0; }'],
  ];
  for (const [title, statements, before] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(found(statements, before), []);
    });
  }

  it('knows since when entries take registers', () => {
    const finds = (kernel: string, arch: AnalysisTarget['arch']): boolean => found(`${DIRECT};`, '', { arch, kernel }).length > 0;
    assert.deepEqual([finds('4.16', 'x86_64'), finds('4.17', 'x86_64')], [false, true]);
    assert.deepEqual([finds('4.18', 'arm64'), finds('4.19', 'arm64')], [false, true]);
    assert.deepEqual([finds('5.6', 'i386'), finds('5.7', 'i386')], [false, true]);
    assert.deepEqual(found('((direct_t)lookup("__arm64_sys_write"))(1, (const char *)jiffies, 3);', '', { arch: 'arm64', kernel: '6.1' }).length, 1);
  });
});

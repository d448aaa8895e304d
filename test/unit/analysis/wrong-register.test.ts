// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, Finding, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { covered, fixture, loadAnalyzer, moduleOf, MODERN } from './helper';

const I386: AnalysisTarget = { arch: 'i386', kernel: '6.1' };
const ARM64: AnalysisTarget = { arch: 'arm64', kernel: '6.1' };

describe('wrong-register', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const sample = (statements: string, before = ''): SourceFile[] =>
    moduleOf(`${before}
static int __init start(void)
{
	struct pt_regs r = { };
	long n = jiffies;

	table = (entry_t *)lookup("sys_call_table");
	${statements}
	return 0;
}`);
  const all = (sources: readonly SourceFile[], target: AnalysisTarget): Finding[] => analyzer.analyze(sources, target).findings.filter(({ rule }) => rule === 'wrong-register');
  const found = (statements: string, before = '', target = MODERN): string[] => {
    const sources = sample(statements, before);
    return all(sources, target).map((finding) => `${covered(sources[0], finding.range)} in ${/put into '[^']*\.([^']+)'/.exec(finding.message)?.[1] ?? '?'}`);
  };
  const message = (statements: string, target = MODERN): string => all(sample(statements), target)[0]?.message ?? '';

  it('says where the argument is read instead', () => {
    assert.equal(
      message('r.di = n; r.si = n; r.dx = n; r.cx = n; table[__NR_openat](&r);'),
      "openat() does not read what is put into 'r.cx': its argument 4 (umode_t mode) is read from r10, as the SYSCALL instruction overwrites rcx.",
    );
    assert.equal(message('r.di = n; r.dx = n; table[__NR_close](&r);'), "close() does not read what is put into 'r.dx': it takes 1 argument, in di.");
    assert.equal(message('r.bx = n; table[__NR_close](&r);'), "close() does not read what is put into 'r.bx': system calls of x86_64 take their arguments in di, si, dx, r10, r8, r9.");
    assert.equal(message('r.di = n; table[__NR_close](&r);', ARM64), "close() does not read what is put into 'r.di': system calls of arm64 take their arguments in regs[0], regs[1], regs[2], regs[3], regs[4], regs[5].");
    assert.equal(message('r.di = n; table[__NR_getpid](&r);'), "getpid() does not read what is put into 'r.di': it takes no arguments.");
    const [finding] = all(sample('r.bx = n; table[__NR_close](&r);'), MODERN);
    assert.equal(finding?.severity, 'warning');
    assert.deepEqual(finding.related.map((place) => place.message), ['close() is called here.']);
  });

  const bad: readonly (readonly [title: string, statements: string, expected: readonly string[], before?: string, target?: AnalysisTarget])[] = [
    ['cx for the fourth argument', 'r.di = n; r.si = n; r.dx = n; r.cx = 4; table[__NR_pwrite64](&r);', ['4 in cx']],
    ['an argument too many', 'r.di = 3; r.si = 4; table[__NR_close](&r);', ['4 in si']],
    ['in a designated initializer', 'struct pt_regs q = { .di = 3, .dx = 4 }; table[__NR_close](&q);', ['4 in dx']],
    ['in a compound literal', 'table[__NR_close](&(struct pt_regs){ .di = 3, .dx = 4 });', ['4 in dx']],
    ['through a pointer', 'struct pt_regs *p = &r; p->di = 3; p->dx = 4; table[__NR_close](p);', ['4 in dx']],
    ['after a call that it does not belong to', 'r.di = 3; r.si = n; r.dx = 1; table[__NR_write](&r); r.di = 3; r.si = 5; table[__NR_close](&r);', ['5 in si']],
    ['on all of two paths', 'r.di = 3; r.dx = 4; if (n) pr_info("x"); table[__NR_close](&r);', ['4 in dx']],
    ['on one of two paths', 'r.di = 3; if (n) r.dx = 4; table[__NR_close](&r);', ['4 in dx']],
    ['in a copy that is changed', 'struct pt_regs q = r; q.di = 3; q.dx = 4; table[__NR_close](&q);', ['4 in dx']],
    ["the other architecture's names", 'r.regs[0] = 3; table[__NR_close](&r);', ['3 in regs[0]']],
    ["x86's names on arm64", 'r.di = 3; table[__NR_close](&r);', ['3 in di'], '', ARM64],
    ['an argument too many on arm64', 'r.regs[0] = 3; r.regs[1] = 4; table[__NR_close](&r);', ['4 in regs[1]'], '', ARM64],
    ["x86-64's names on i386", 'r.bx = 3; r.cx = n; r.r10 = 4; table[__NR_write](&r);', ['4 in r10'], '', I386],
    ['an argument too many on i386', 'r.bx = 3; r.si = 4; table[__NR_close](&r);', ['4 in si'], '', I386],
    ["an entry of 32-bit callers with x86-64's registers", 'entry_t f = (entry_t)lookup("__ia32_sys_close"); r.di = 3; f(&r);', ['3 in di']],
  ];
  for (const [title, statements, expected, before, target] of bad) {
    it(`finds: ${title}`, () => {
      assert.deepEqual(found(statements, before, target), expected);
    });
  }

  const good: readonly (readonly [title: string, statements: string, before?: string, target?: AnalysisTarget])[] = [
    ['the right registers', 'r.di = n; r.si = n; r.dx = n; r.r10 = n; table[__NR_pwrite64](&r);'],
    ['all six', 'r.di = n; r.si = n; r.dx = n; r.r10 = n; r.r8 = n; r.r9 = n; table[__NR_mmap](&r);'],
    ['what an earlier call read', 'r.di = 3; r.si = n; r.dx = 1; table[__NR_write](&r); r.di = 3; table[__NR_close](&r);'],
    ['what a later call reads', 'r.di = 3; r.si = n; r.dx = 1; table[__NR_close](&r); table[__NR_write](&r);'],
    ['what the module itself reads', 'r.di = 3; r.si = n; table[__NR_close](&r); pr_info("%lx\\n", r.si);'],
    ['zeros', 'r.di = 3; r.si = 0; r.dx = 0; table[__NR_close](&r);'],
    ['registers that hold no arguments', 'r.di = 3; r.ax = __NR_close; r.orig_ax = 3; r.ip = n; r.sp = n; r.flags = 4; table[__NR_close](&r);'],
    ['a copy of other registers', 'struct pt_regs q = *task_pt_regs(current); q.di = 3; table[__NR_close](&q);'],
    ['a copy of registers that another call read', 'struct pt_regs q; r.di = 3; r.si = n; r.dx = 1; table[__NR_write](&r); q = r; q.di = 4; table[__NR_close](&q);'],
    ['a copy by memcpy', 'struct pt_regs q; r.di = 3; r.si = n; r.dx = 1; table[__NR_write](&r); memcpy(&q, &r, sizeof(q)); q.di = 4; table[__NR_close](&q);'],
    ['a copy by assignment of whole registers', 'struct pt_regs q; q = *pick(); q.di = 4; table[__NR_close](&q);', 'struct pt_regs *pick(void);'],
    ['a helper for all calls', 'call3(__NR_close, 3, 0, 0); call3(__NR_write, 3, n, 4);', 'static long call3(int nr, long a, long b, long c) { struct pt_regs q = { .di = a, .si = b, .dx = c }; return table[nr](&q); }'],
    ['a helper whose other calls are not known', 'call3(__NR_close, 3, 5, 6); call3(jiffies, 3, n, 4);', 'static long call3(int nr, long a, long b, long c) { struct pt_regs q = { .di = a, .si = b, .dx = c }; return table[nr](&q); }'],
    ['an unknown call', 'r.di = 3; r.cx = 4; table[n](&r);'],
    ['registers that an unknown function also gets', 'r.di = 3; r.dx = 4; table[__NR_close](&r); send(&r);', 'void send(struct pt_regs *);'],
    ["a hook that passes its caller's registers on", 'table[__NR_close] = hook;', 'static entry_t original;\nstatic long hook(const struct pt_regs *regs) { struct pt_regs q = *regs; q.di = 3; return original(&q); }\nstatic void find(void) { original = table[__NR_close]; }'],
    ['i386', 'r.bx = n; r.cx = n; r.dx = n; r.si = n; table[__NR_pwrite64](&r);', '', I386],
    ['arm64', 'r.regs[0] = n; r.regs[1] = n; r.regs[2] = n; r.regs[8] = 64; table[__NR_write](&r);', '', ARM64],
    ['arguments one by one', '((long (**)(int))table)[__NR_close](3);', '', { arch: 'x86_64', kernel: '4.16' }],
  ];
  for (const [title, statements, before, target] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(found(statements, before, target), []);
    });
  }

  it('is silent on modules that set what write, dup and close read', () => {
    for (const name of ['refused-write', 'descriptor-numbers', 'echo-device']) assert.deepEqual(all(fixture(name), MODERN), [], name);
  });
});

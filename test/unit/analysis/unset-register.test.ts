// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, Finding } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { fixture, initOf, loadAnalyzer, MODERN } from './helper';

describe('unset-register', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const find = (statements: string, before = '', target: AnalysisTarget = MODERN): Finding[] =>
    analyzer.analyze(initOf(`struct pt_regs r;\n${statements}`, before), target).findings.filter((finding) => finding.rule === 'unset-register');
  const fields = (statements: string, before = '', target = MODERN): string[] => find(statements, before, target).map(({ message }) => (message.match(/from (r\.\w+(?:\[\d\])?)/g) ?? []).map((text) => text.slice(7)).join(' '));

  it('says which argument, why, and what to do', () => {
    const [finding] = find('r.di = 1; r.si = jiffies; table[__NR_write](&r);');
    assert.equal(
      finding?.message,
      "write() reads argument 3 (size_t count) from r.dx, which is never set: 'r' has no initialiser, so the kernel takes what the stack happens to hold. Set it, or start with 'struct pt_regs r = { };'.",
    );
    assert.equal(finding.severity, 'warning');
    assert.deepEqual(finding.related.map((place) => place.message), ["'r' is declared here without an initialiser."]);
  });

  const bad: readonly (readonly [title: string, statements: string, expected: string, before?: string])[] = [
    ['one of three', 'r.di = 1; r.si = jiffies; table[__NR_write](&r);', 'dx'],
    ['all of three, in one finding', 'table[__NR_write](&r);', 'di si dx'],
    ['a register that another call reads', 'r.cx = 1; table[__NR_dup](&r);', 'di'],
    ['the fourth in cx, as functions take it', 'r.di = 0; r.si = 0; r.dx = 0; r.cx = 0; table[__NR_pread64](&r);', 'r10'],
    ['the mode of a file to be created', 'r.di = jiffies; r.si = O_CREAT | O_WRONLY; table[__NR_open](&r);', 'dx'],
    ['the command of a call with commands', 'r.di = 1; table[__NR_ioctl](&r);', 'si'],
    ['through a pointer', 'struct pt_regs *p = &r; p->di = 1; table[__NR_dup2](p);', 'si'],
    ['in a helper', 'call(1);', 'si', 'static long call(int fd) { struct pt_regs r; r.di = fd; return table[__NR_dup2](&r); }'],
    ['helper that sets some', 'first(&r, 3); table[__NR_dup2](&r);', 'si', 'static void first(struct pt_regs *p, int fd) { p->di = fd; }'],
    ['set after the call', 'r.di = 1; table[__NR_dup2](&r); r.si = 2;', 'si'],
  ];
  for (const [title, statements, expected, before] of bad) {
    it(`finds: ${title}`, () => {
      assert.deepEqual(fields(statements, before), [expected]);
    });
  }

  const good: readonly (readonly [title: string, statements: string, before?: string])[] = [
    ['all that write reads', 'r.di = 1; r.si = jiffies; r.dx = 3; table[__NR_write](&r);'],
    ['a call without arguments', 'table[__NR_getpid](&r);'],
    ['registers of zeros', 'table[__NR_write](&regs);'],
    ['an initialiser that names some', 'struct pt_regs q = { .di = 1 }; table[__NR_write](&q);'],
    ['cleared', 'memset(&r, 0, sizeof(r)); table[__NR_write](&r);'],
    ['cleared by another function', 'memzero_explicit(&r, sizeof(r)); table[__NR_write](&r);'],
    ['copied from other registers', 'r = regs; table[__NR_write](&r);'],
    ['copied by memcpy', 'memcpy(&r, &regs, sizeof(r)); table[__NR_write](&r);'],
    ['copied from registers of the kernel', 'r = *task_pt_regs(current); table[__NR_write](&r);'],
    ['copied from unknown memory', 'memcpy(&r, task_pt_regs(current), sizeof(r)); table[__NR_write](&r);'],
    ['filled by an unknown function', 'prepare(&r); table[__NR_write](&r);'],
    ['filled by assembly', 'asm volatile("" : : "r"(&r) : "memory"); table[__NR_write](&r);'],
    ['named as output of assembly', 'asm volatile("" : "=m"(r.si)); table[__NR_write](&r);'],
    ['filled by assembly through a pointer', 'struct pt_regs *p = &r; asm volatile("" : : "r"(p) : "memory"); table[__NR_write](&r);'],
    ['stored by number', '((unsigned long *)&r)[12] = 1; table[__NR_write](&r);'],
    ['stored by a computed number', 'unsigned long *p = (unsigned long *)&r; int i; for (i = 0; i < 21; i++) p[i] = 0; table[__NR_write](&r);'],
    ['stored at an offset in bytes', '*(unsigned long *)((char *)&r + jiffies) = 1; table[__NR_write](&r);'],
    ['set on one path of two', 'r.di = 1; if (jiffies) r.si = 2; table[__NR_dup2](&r);'],
    ['set in a loop', 'int i; for (i = 0; i < jiffies; i++) r.di = i; table[__NR_dup](&r);'],
    ['set by number in a helper', 'set(&r, jiffies, 3); table[__NR_dup](&r);', 'static void set(struct pt_regs *p, int n, long v) { switch (n) { case 0: p->di = v; break; case 1: p->si = v; } }'],
    ['the mode of a file that exists', 'r.di = jiffies; r.si = O_RDONLY; table[__NR_open](&r);'],
    ['the mode under unknown flags', 'r.di = jiffies; r.si = jiffies; table[__NR_open](&r);'],
    ['the argument of a command', 'r.di = 1; r.si = 2; table[__NR_ioctl](&r); table[__NR_fcntl](&r);'],
    ['an unknown call', 'table[jiffies](&r);'],
    ['an address that left the function', 'publish(&r); r.di = 1; table[__NR_dup2](&r);', 'void publish(struct pt_regs *);'],
    ['an address that a global holds', 'shared = &r; fill_shared(); table[__NR_dup](&r);', 'struct pt_regs *shared; void fill_shared(void);'],
    ['static registers', 'static struct pt_regs q; table[__NR_write](&q);'],
  ];
  for (const [title, statements, before] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(fields(statements, before), []);
    });
  }

  it('knows the registers of other architectures', () => {
    assert.deepEqual(fields('r.regs[0] = 1; table[__NR_dup3](&r);', '', { arch: 'arm64', kernel: '6.1' }), ['regs[1] regs[2]']);
    assert.deepEqual(fields('int i; for (i = 0; i < 3; i++) r.regs[i] = 1; table[__NR_dup3](&r);', '', { arch: 'arm64', kernel: '6.1' }), []);
    assert.deepEqual(fields('r.user_regs.regs[0] = 1; table[__NR_dup](&r);', '', { arch: 'arm64', kernel: '6.1' }), []);
    assert.deepEqual(fields('r.bx = 1; table[__NR_dup2](&r);', '', { arch: 'i386', kernel: '6.1' }), ['cx']);
  });

  it('is silent on modules that set what write, dup and close read', () => {
    for (const name of ['refused-write', 'descriptor-numbers', 'echo-device']) assert.deepEqual(analyzer.analyze(fixture(name), MODERN).findings.filter(({ rule }) => rule === 'unset-register'), [], name);
  });
});

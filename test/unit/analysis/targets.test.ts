// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, Finding, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { initOf, loadAnalyzer, moduleOf } from './helper';

const ANY: AnalysisTarget = { arch: 'x86_64', kernel: null };
const ANY_ARM64: AnalysisTarget = { arch: 'arm64', kernel: null };
const RUN = ['5.10', '6.1', '6.12', '7.3'].map((kernel): AnalysisTarget => ({ arch: 'x86_64', kernel }));

describe('findings without a target', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const one = (rule: string, sources: readonly SourceFile[], target: AnalysisTarget): Finding | undefined => analyzer.analyze(sources, target).findings.find((finding) => finding.rule === rule);
  const SET_FS = 'set_fs(KERNEL_DS); regs.si = (unsigned long)text; regs.regs[1] = (unsigned long)text; table[__NR_write](&regs);';
  const TEXT = 'static char text[9];';
  const EXIT = 'static void __exit end(void) { }\nmodule_exit(end);';

  /** What is so on every supported kernel is said in the same way with any target and with none. */
  const always: readonly (readonly [rule: string, severity: Finding['severity'], sources: readonly SourceFile[]])[] = [
    ['kernel-buffer', 'error', initOf('regs.si = (unsigned long)text; table[__NR_write](&regs);', TEXT)],
    ['set-fs-buffer', 'error', initOf(SET_FS, TEXT)],
    ['unexported-symbol', 'error', initOf('return kallsyms_lookup_name("x") != 0;', EXIT)],
    ['unset-register', 'warning', initOf('struct pt_regs r; r.di = 1; table[__NR_write](&r);')],
    ['wrong-register', 'warning', initOf('regs.di = 1; regs.dx = 4; table[__NR_close](&regs);')],
    ['unchecked-lookup', 'warning', initOf('table = (entry_t *)kallsyms_lookup_name("sys_call_table"); table[__NR_dup](&regs);')],
    ['missing-user-annotation', 'hint', moduleOf('static ssize_t put(struct file *f, const char *p, size_t n, loff_t *at) { return n; }\nstatic const struct file_operations ops = { .write = put };\nstatic int __init start(void) { return 0; }')],
  ];
  for (const [rule, severity, sources] of always) {
    it(`${rule} is the same for all supported kernels`, () => {
      for (const target of [ANY, ...RUN]) assert.equal(one(rule, sources, target)?.severity, severity, target.kernel ?? 'no target');
    });
  }

  it('name the release where only some supported kernels are meant, and are no errors', () => {
    for (const [rule, sources] of [['set-fs-buffer', initOf(SET_FS, TEXT)], ['unexported-symbol', initOf('set_fs(USER_DS);', EXIT)]] as const) {
      const finding = one(rule, sources, ANY_ARM64);
      assert.equal(finding?.severity, 'warning', rule);
      assert.match(finding.message, /5\.11/, rule);
      assert.equal(one(rule, sources, { arch: 'arm64', kernel: '5.11' })?.severity, 'error', rule);
      assert.notEqual(one(rule, sources, { arch: 'arm64', kernel: '5.10' })?.severity, 'error', rule);
    }
    const hook = moduleOf('static long hook(const struct pt_regs *regs) { return 0; }\nstatic int __init start(void) { table = (entry_t *)lookup("sys_call_table"); table[__NR_close] = hook; return 0; }');
    assert.equal(one('table-hook', hook, ANY)?.severity, 'information');
    assert.match(one('table-hook', hook, ANY)?.message ?? '', /since Linux 6\.9/);
  });

  it('of calling-convention are warnings that name the release, as the target may be any', () => {
    const sources = initOf('((long (**)(int))table)[__NR_close](3);');
    assert.equal(one('calling-convention', sources, ANY)?.severity, 'warning');
    assert.match(one('calling-convention', sources, ANY)?.message ?? '', /since Linux 4\.17/);
    for (const target of RUN) assert.equal(one('calling-convention', sources, target)?.severity, 'error');
  });

  it('are none in C that is no kernel module', () => {
    const user = '#include <stdio.h>\n#include <sys/syscall.h>\nint main(void) { char b[4]; struct pt_regs regs; set_fs(0); regs.di = 1; return syscall(SYS_write, 1, b, 4) + (int)kallsyms_lookup_name("x"); }\n';
    for (const target of [ANY, ...RUN]) assert.deepEqual(analyzer.analyze([{ path: 'a.c', text: user }], target).findings, []);
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, Finding } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { brief, covered, initOf, loadAnalyzer, MODERN } from './helper';

const TEXT = 'static char text[9];';
const CALL = 'regs.di = 1; regs.si = (unsigned long)text; regs.dx = 9; table[__NR_write](&regs);';

describe('set-fs-buffer', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const all = (statements: string, before = TEXT, target: AnalysisTarget = MODERN): Finding[] =>
    analyzer.analyze(initOf(statements, before), target).findings.filter(({ rule }) => rule === 'set-fs-buffer' || rule === 'kernel-buffer');
  const find = (statements: string, before = TEXT): string[] => all(statements, before).map((finding) => `${finding.rule} ${covered(initOf(statements, before)[0], finding.range)}`);

  it('says what it relies on, since when that is gone, and what to use', () => {
    const [finding] = all(`set_fs(KERNEL_DS); ${CALL}`);
    assert.match(
      finding?.message ?? '',
      /^write\(\): argument 2 \('buf', const char __user \*\) gets a kernel address \(static array 'text', line \d+\)\. Only set_fs\(KERNEL_DS\) let it pass, which is gone since Linux 5\.10 \(x86_64\); without it access_ok\(\) rejects the address and the call will normally return -EFAULT \(-14\)\. Use the kernel's own interface, such as kernel_read\(\) and kernel_write\(\): deleting set_fs\(\) does not port this call\.$/,
    );
    assert.equal(finding?.related.length, 3);
  });

  it('is as severe as the target makes it', () => {
    const on = (kernel: string | null, arch: AnalysisTarget['arch'] = 'x86_64'): string[] => {
      const statements = `set_fs(KERNEL_DS); ${arch === 'arm64' ? CALL.replace('.di', '.regs[0]').replace('.si', '.regs[1]').replace('.dx', '.regs[2]') : CALL}`;
      return all(statements, TEXT, { arch, kernel }).map((finding) => `${finding.rule} ${finding.severity}`);
    };
    assert.deepEqual(on('5.9'), ['set-fs-buffer information']);
    assert.deepEqual(on('5.10'), ['set-fs-buffer error']);
    assert.deepEqual(on(null), ['set-fs-buffer error']);
    assert.deepEqual(on('5.10', 'arm64'), ['set-fs-buffer information']);
    assert.deepEqual(on('5.11', 'arm64'), ['set-fs-buffer error']);
    assert.deepEqual(on(null, 'arm64'), ['set-fs-buffer warning']);
  });

  const bad: readonly (readonly [title: string, statements: string, before?: string])[] = [
    ['in the same function', `mm_segment_t old = get_fs(); set_fs(KERNEL_DS); ${CALL} set_fs(old);`],
    ['by get_ds()', `set_fs(get_ds()); ${CALL}`],
    ['in the caller', 'set_fs(KERNEL_DS); put(&regs);', `${TEXT} static long put(struct pt_regs *r) { r->si = (unsigned long)text; return table[__NR_write](r); }`],
    ['in a helper', `raise(); ${CALL}`, `${TEXT} static void raise(void) { set_fs(KERNEL_DS); }`],
    ['through a macro', `RAISE(); ${CALL}`, `${TEXT}\n#define RAISE() set_fs(KERNEL_DS)`],
  ];
  for (const [title, statements, before] of bad) {
    it(`finds: ${title}`, () => {
      assert.deepEqual(find(statements, before), ['set-fs-buffer (unsigned long)text']);
    });
  }

  const good: readonly (readonly [title: string, statements: string, before?: string])[] = [
    ['a user pointer', 'set_fs(KERNEL_DS); regs.si = vm_mmap(NULL, 0, 4096, 3, 0x22, 0); table[__NR_write](&regs);'],
    ['an unknown pointer', 'set_fs(KERNEL_DS); regs.si = get_random_u64(); table[__NR_write](&regs);'],
    ['an argument that the limit does not concern', 'set_fs(KERNEL_DS); regs.si = (unsigned long)text; table[__NR_shmat](&regs);'],
  ];
  for (const [title, statements, before] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(find(statements, before), []);
    });
  }

  it('leaves the call behind set_fs(old) to kernel-buffer', () => {
    assert.deepEqual(find(`mm_segment_t old = get_fs(); set_fs(KERNEL_DS); set_fs(old); ${CALL}`), ['kernel-buffer (unsigned long)text']);
    assert.deepEqual(find(`set_fs(USER_DS); ${CALL}`), ['kernel-buffer (unsigned long)text']);
  });

  it("leaves the module's own set_fs alone", () => {
    assert.deepEqual(find(`set_fs(KERNEL_DS); ${CALL}`, `${TEXT}\n#define set_fs(x) do { } while (0)`), ['kernel-buffer (unsigned long)text']);
  });

  it('leaves a call that is under it on one path only to kernel-buffer, where the target has no set_fs()', () => {
    const sources = initOf(`if (jiffies) set_fs(KERNEL_DS); ${CALL}`, TEXT);
    const found = (kernel: string): string[] => brief(analyzer.analyze(sources, { arch: 'x86_64', kernel }).findings.filter(({ rule }) => rule.endsWith('buffer')), sources);
    assert.deepEqual(found('6.1'), ['kernel-buffer (unsigned long)text']);
    assert.deepEqual(found('4.19'), []);
  });
});

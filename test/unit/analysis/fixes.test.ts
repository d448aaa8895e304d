// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { pastedText, suppress, type Fix } from '../../../server/src/analysis/fixes';
import { applyEdits } from '../../support/apply-edits';
import { initOf, loadAnalyzer, moduleOf, MODERN } from './helper';

const WRITE = `	regs.di = 1;
	regs.si = (unsigned long)"text";
	regs.dx = 4;
	rc = table[__NR_write](&regs);`;

describe('quick fixes', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const fixes = (sources: readonly SourceFile[], rule: string, target: AnalysisTarget = MODERN): Fix[] =>
    analyzer.follow(target).fixes(sources, (finding) => finding.rule === rule).flatMap((fixed) => fixed.fixes);
  const ids = (sources: readonly SourceFile[], rule: string, target?: AnalysisTarget): string[] => fixes(sources, rule, target).map(({ id }) => id);
  const after1 = (sources: readonly SourceFile[], rule: string, id: string, target?: AnalysisTarget): SourceFile[] => {
    const fix = fixes(sources, rule, target).find((candidate) => candidate.id === id);
    assert.ok(fix, `${id} is offered`);
    return applyEdits(sources, fix.edits);
  };
  const text = (sources: readonly SourceFile[]): string => sources[0]!.text;
  const rules = (sources: readonly SourceFile[]): string[] => analyzer.analyze(sources, MODERN).findings.map(({ rule }) => rule);

  describe('that call the in-kernel API', () => {
    const fix = (sources: readonly SourceFile[]): string => text(after1(sources, 'kernel-buffer', 'in-kernel-api'));

    it('take the stores out that only the call read, and keep those that another call reads', () => {
      const alone = fix(initOf(WRITE));
      assert.match(alone, /\n\trc = write_kernel_buffer\(1, "text", 4\);\n/);
      assert.doesNotMatch(alone, /\bregs\b/);
      const both = fix(initOf(`${WRITE}\n\trc = table[__NR_dup](&regs);`));
      assert.match(both, /regs\.di = 1;/);
      const own = fix(initOf(`${WRITE}\n\tregs.di = 2;\n\trc = table[__NR_dup](&regs);`));
      assert.doesNotMatch(own, /regs\.di = 1;/);
      assert.match(own, /regs\.di = 2;/);
    });

    it('read the registers where the values may have changed since', () => {
      const changed = fix(initOf('\tint n = 4;\n\tregs.di = 1;\n\tregs.si = (unsigned long)"text";\n\tregs.dx = n;\n\tn = 9;\n\trc = table[__NR_write](&regs);'));
      assert.match(changed, /write_kernel_buffer\(1, "text", regs\.dx\)/);
      assert.match(changed, /int n = 4;[^]*regs\.dx = n;/);
    });

    it('define their function once, and reuse it', () => {
      const twice = initOf(`${WRITE}\n${WRITE.replace('"text"', '"more"')}`);
      const once = after1(twice, 'kernel-buffer', 'in-kernel-api');
      const both = after1(once, 'kernel-buffer', 'in-kernel-api');
      assert.equal(text(both).match(/^static ssize_t write_kernel_buffer/gm)?.length, 1);
      assert.equal(text(both).match(/#include <linux\/file\.h>/g)?.length, 1);
      assert.deepEqual(rules(both), []);
    });

    it('choose another name where theirs is taken', () => {
      assert.match(fix(initOf(WRITE, 'static int write_kernel_buffer;')), /rc = write_kernel_buffer_2\(1, "text", 4\);/);
    });

    it('keep spaces and CRLF', () => {
      const spaced = initOf(WRITE).map(({ path, text: tabbed }) => ({ path, text: tabbed.replaceAll('\t', '    ').replaceAll('\n', '\r\n') }));
      const fixed = fix(spaced);
      assert.doesNotMatch(fixed, /\t|[^\r]\n/);
      assert.match(fixed, /\r\n {4}struct file \*file = fget\(fd\);\r\n/);
    });

    it('leave alone what another branch of #if uses', () => {
      const branches = fix(initOf(`#ifdef CONFIG_X86_64\n\tregs.di = 1;\n\tregs.si = (unsigned long)"text";\n\tregs.dx = 4;\n#else\n\tregs.regs[0] = 1;\n#endif\n\trc = table[__NR_write](&regs);`));
      assert.match(branches, /regs\.regs\[0\] = 1;/);
      assert.match(branches, /struct pt_regs regs __maybe_unused = \{ \};/);
    });

    it('put their function before comments and attributes of the one that calls it', () => {
      const commented = fix(moduleOf(`static int number; /* of\nlines; */\n\n/* Starts; it all. */\nstatic int __init\nstart(void)\n{\n\tstruct pt_regs regs = { };\n\n\ttable = (entry_t *)lookup("sys_call_table");\n${WRITE.replace('rc =', 'number =')}\n\treturn 0;\n}`));
      assert.match(commented, /lines; \*\/\n\n\/\* write\(\) with[^]*\n\}\n\n\/\* Starts; it all\. \*\/\nstatic int __init\nstart/);
    });

    const notOffered: readonly (readonly [title: string, sources: SourceFile[]])[] = [
      ['a call that a macro makes', initOf('\tregs.di = 1; regs.si = (unsigned long)"text"; regs.dx = 4;\n\tCALL(rc, &regs);', '#define CALL(result, r) (result = table[__NR_write](r))')],
      ['openat from another folder', initOf('\tregs.di = 5; regs.si = (unsigned long)"text";\n\trc = table[__NR_openat](&regs);')],
      ['a syscall without such an API', initOf('\tregs.di = (unsigned long)"text";\n\trc = table[__NR_chdir](&regs);')],
      ['a helper that also gets user memory', moduleOf(`static long put(const char *p) { struct pt_regs r = { .di = 1, .si = (unsigned long)p, .dx = 4 }; return table[__NR_write](&r); }
static ssize_t handle(struct file *f, const char __user *b, size_t n, loff_t *o) { return put(b); }
static const struct file_operations fops = { .write = handle };
static int start(void) { table = (entry_t *)lookup("sys_call_table"); return put("text"); }`)],
    ];
    for (const [title, sources] of notOffered) {
      it(`are not offered for ${title}`, () => {
        assert.deepEqual(ids(sources, 'kernel-buffer').filter((id) => id === 'in-kernel-api'), []);
      });
    }

    it('are not offered where the target does not export what they need', () => {
      const sources = initOf(WRITE);
      assert.ok(ids(sources, 'kernel-buffer', { arch: 'x86_64', kernel: '4.18' }).includes('in-kernel-api'));
      const license = (name: string): SourceFile[] => moduleOf('static int start(void) { return kallsyms_lookup_name("x") != 0; }').map(({ path, text: gpl }) => ({ path, text: gpl.replace('"GPL"', JSON.stringify(name)) }));
      assert.deepEqual(ids(license('Dual BSD/GPL'), 'unexported-symbol'), ['kprobe-lookup']);
      assert.deepEqual(ids(license('Proprietary'), 'unexported-symbol'), []);
      assert.deepEqual(ids(license('GPL'), 'unexported-symbol', { arch: 'x86_64', kernel: '5.8' }), []);
    });
  });

  describe('that copy to user memory', () => {
    const inHandler = (registration: string, parameters = 'void'): SourceFile[] =>
      moduleOf(`static void send(void) { struct pt_regs r = { .di = 1, .si = (unsigned long)"text", .dx = 4 }; table[__NR_write](&r); }
static int handler(${parameters}) { send(); return 0; }
${registration.includes('=') ? registration : ''}
static int start(void) { table = (entry_t *)lookup("sys_call_table"); ${registration.includes('=') ? '' : registration} return 0; }`);
    const offered = (sources: SourceFile[]): boolean => ids(sources, 'kernel-buffer').includes('user-copy');

    it('are offered where a process runs', () => {
      assert.ok(offered(initOf(WRITE)));
      assert.ok(offered(inHandler('static const struct file_operations fops = { .open = handler };', 'struct inode *i, struct file *f')));
    });

    for (const [what, registration, parameters] of [
      ['a kernel thread', 'kthread_run(handler, NULL, "worker");', 'void *data'],
      ['a work item', 'INIT_WORK(&work, handler);', 'struct work_struct *work'],
      ['a timer', 'timer_setup(&timer, handler, 0);', 'struct timer_list *timer'],
      ['a file being released', 'static const struct file_operations fops = { .release = handler };', 'struct inode *i, struct file *f'],
      ['code that nothing calls', ';', 'void'],
    ] as const) {
      it(`are not offered in ${what}`, () => {
        const sources = inHandler(registration, parameters);
        assert.equal(fixes(sources, 'kernel-buffer').length > 0, true, 'the finding has another fix');
        assert.equal(offered(sources), false);
      });
    }

    it('copy several buffers, in and out, as the syscall reads and writes them', () => {
      const fixed = text(after1(initOf('\tchar out[16];\n\tregs.di = (unsigned long)"/link"; regs.si = (unsigned long)out; regs.dx = 16;\n\trc = table[__NR_readlink](&regs);'), 'kernel-buffer', 'user-copy'));
      assert.match(fixed, /copy_to_user\(\(void __user \*\)user\.di/);
      assert.match(fixed, /copy_from_user\(\(void \*\)regs->si/);
      assert.doesNotMatch(fixed, /copy_from_user\(\(void \*\)regs->di/);
    });
  });

  describe('that convert the calling convention', () => {
    it('cast once, in place of the cast that is there', () => {
      const sources = initOf('\trc = ((long (*)(unsigned int))table[__NR_dup])(1);');
      assert.match(text(after1(sources, 'calling-convention', 'to-registers')), /rc = \(\(long \(\*\)\(const struct pt_regs \*\)\)\(void \*\)table\[__NR_dup\]\)\(&\(struct pt_regs\)\{ \.di = 1 \}\);/);
    });

    it('hand over arguments where the entry takes them', () => {
      const sources = initOf('\tentry_t call = (entry_t)lookup("ksys_write");\n\tregs.di = 1;\n\tregs.si = 0;\n\tregs.dx = 0;\n\trc = call(&regs);');
      const fixed = after1(sources, 'calling-convention', 'to-arguments');
      assert.match(text(fixed), /rc = \(\(long \(\*\)\(unsigned int, const char __user \*, size_t\)\)\(void \*\)call\)\(1, \(const char __user \*\)0, 0\);/);
      assert.deepEqual(rules(fixed), []);
    });

    it('are not offered in a hook, whose own arguments are wrong too', () => {
      const sources = moduleOf(`static long (*orig)(const char __user *name, int flags, int mode);
static long hook(const char __user *name, int flags, int mode) { return orig(name, flags, mode); }
static int start(void) { void **t = (void **)lookup("sys_call_table"); orig = t[__NR_open]; t[__NR_open] = hook; return 0; }`);
      assert.ok(rules(sources).includes('calling-convention'));
      assert.deepEqual(ids(sources, 'calling-convention'), []);
    });
  });

  describe('that check a lookup', () => {
    const lookedUp = (before: string, type = 'static int'): SourceFile[] =>
      moduleOf(`${type} start(void)\n{\n\tint *value;\n\n${before}\tvalue = (int *)kallsyms_lookup_name("x");\n\t*value = 1;\n${type.includes('void') ? '' : '\treturn 0;\n'}}`);

    it('return as the function does', () => {
      assert.match(text(after1(lookedUp(''), 'unchecked-lookup', 'null-check')), /\n\tif \(!value\)\n\t\treturn -ENOENT;\n/);
      assert.match(text(after1(lookedUp('', 'static void'), 'unchecked-lookup', 'null-check')), /\n\tif \(!value\)\n\t\treturn;\n/);
    });

    it('are not offered where an early return would leave something behind', () => {
      assert.deepEqual(ids(lookedUp('\tmisc_register(&device);\n'), 'unchecked-lookup'), []);
    });
  });

  it('replace vfs_write() only where its buffer is the kernel\'s', () => {
    const write = (buffer: string): SourceFile[] => moduleOf(`static ssize_t handle(struct file *f, const char __user *b, size_t n, loff_t *o) { return vfs_write(f, ${buffer}, n, o); }
static const struct file_operations fops = { .write = handle };
static int start(void) { return 0; }`);
    assert.deepEqual(ids(write('b'), 'unexported-symbol'), []);
    assert.deepEqual(ids(write('(const char __user *)"text"'), 'unexported-symbol'), ['kernel-file-io']);
    assert.match(text(after1(write('(const char __user *)"text"'), 'vfs-kernel-buffer', 'kernel-file-io')), /return kernel_write\(f, "text", n, o\);/);
  });

  describe('that take set_fs() away', () => {
    const body = (before: string, between: string, after = 'set_fs(old);'): SourceFile[] =>
      moduleOf(`static struct file *file; static loff_t pos;
static int start(void) { char text[9]; mm_segment_t old; ${before} old = get_fs(); set_fs(KERNEL_DS); ${between} vfs_write(file, text, 9, &pos); ${after} return 0; }`);

    it('mind only what is called while the limit is raised', () => {
      assert.deepEqual(ids(body('prepare(&pos);', ''), 'vfs-kernel-buffer'), ['kernel-file-io']);
      assert.deepEqual(ids(body('', 'prepare(&pos);'), 'vfs-kernel-buffer'), []);
    });

    it('are not offered where the function leaves it raised', () => {
      assert.deepEqual(ids(body('', '', ''), 'vfs-kernel-buffer'), []);
      assert.deepEqual(ids(body('', '', 'set_fs(get_ds());'), 'vfs-kernel-buffer'), []);
    });

    it('name the check of the handler that they leave there', () => {
      const fix = (before: string): string | null | undefined => fixes(body(before, ''), 'vfs-kernel-buffer')[0]?.note;
      assert.match(fix('if (!file->f_op->write) return -EINVAL;') ?? '', /^A file without [^.]* and the check of f_op->read or f_op->write that stays refuses [^.]*\.$/);
      assert.doesNotMatch(fix('') ?? '', /check/);
    });
  });

  it('return where register_kprobe() fails', () => {
    const sources = moduleOf('static struct kprobe kp = { .symbol_name = "kallsyms_lookup_name" };\nstatic unsigned long find(const char *name)\n{\n\tunsigned long (*look)(const char *name);\n\n\tregister_kprobe(&kp);\n\tlook = (void *)kp.addr;\n\tunregister_kprobe(&kp);\n\treturn look(name);\n}\nstatic int start(void) { return find("x") != 0; }');
    const fixed = after1(sources, 'unchecked-lookup', 'null-check');
    assert.match(text(fixed), /\n\tif \(register_kprobe\(&kp\) < 0\)\n\t\treturn 0;\n/);
    assert.doesNotMatch(text(fixed), /errno/);
    assert.deepEqual(rules(fixed), []);
  });

  it('mend pasted text in code alone, and suppress by a comment with the line\'s indentation', () => {
    const source = { path: 'a.c', text: '\tf(\u00b6m, "\u00b6m"); /* \u00b6m */\n' };
    assert.equal(text(applyEdits([source], pastedText(source)!.edits)), '\tf(&param, "\u00b6m"); /* \u00b6m */\n');
    assert.equal(pastedText({ path: 'a.c', text: 'int x; // \u00b6m\n' }), null);
    const sources = initOf(WRITE);
    const [finding] = analyzer.analyze(sources, MODERN).findings;
    const ignored = applyEdits(sources, suppress(sources[0]!, finding!).edits);
    assert.match(text(ignored), /\n\t\/\/ kmodlab: ignore\[kernel-buffer\] on purpose\n\tregs\.si = /);
  });
});

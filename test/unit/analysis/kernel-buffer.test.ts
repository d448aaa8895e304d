// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { brief, covered, fixture, initOf, loadAnalyzer, moduleOf, MODERN, results } from './helper';

describe('kernel-buffer', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const findings = (sources: SourceFile[], target = MODERN): string[] => brief(analyzer.analyze(sources, target).findings.filter(({ rule }) => rule === 'kernel-buffer'), sources);

  describe('modules of the known shapes', () => {
    it('a kernel buffer given to write: exactly one finding of it', () => {
      const sources = fixture('refused-write');
      const analysis = analyzer.analyze(sources, MODERN);
      assert.deepEqual(brief(analysis.findings, sources), ['unexported-symbol kallsyms_lookup_name', 'unchecked-lookup ((entry_point *)entries)', 'kernel-buffer (unsigned long)message']);
      assert.deepEqual(results(analysis), ['write = -14']);
    });

    it('the same with calls on descriptors: exactly one finding of it', () => {
      const sources = fixture('descriptor-numbers');
      const analysis = analyzer.analyze(sources, MODERN);
      assert.deepEqual(brief(analysis.findings, sources), ['unexported-symbol kallsyms_lookup_name', 'unchecked-lookup ((entry_point *)entries)', 'kernel-buffer (unsigned long)message']);
      assert.deepEqual(results(analysis), ['write = -14', 'dup = 4', 'close = 0', 'dup = 0']);
    });

    it("a handler that passes on its caller's buffer: none", () => {
      const sources = fixture('echo-device');
      const analysis = analyzer.analyze(sources, MODERN);
      assert.deepEqual(brief(analysis.findings, sources), ['missing-user-annotation const char *text', 'unexported-symbol kallsyms_lookup_name', 'unchecked-lookup ((entry_point *)entries)']);
      assert.deepEqual(results(analysis), ['write = argument 2 count']);
    });
  });

  it('says what, where from, and what the kernel does', () => {
    const finding = analyzer.analyze(fixture('refused-write'), MODERN).findings.find(({ rule }) => rule === 'kernel-buffer');
    assert.equal(
      finding?.message,
      "write(): argument 2 ('buf', const char __user *) gets a kernel address (static array 'message', line 10). access_ok() rejects it, as it lies above TASK_SIZE_MAX, and the call returns -EFAULT (-14).",
    );
    assert.equal(finding.severity, 'error');
    assert.deepEqual(finding.related.map((place) => place.range.start.line + 1), [10, 24, 26]);
  });

  it('shows the whole way of the address, in order', () => {
    const sources = initOf(
      'char b[8]; const char *p = b; unsigned long n = (unsigned long)p; put(n + 1, 3);',
      `static long go(struct pt_regs *r) { return table[__NR_write](r); }
static long put(unsigned long x, int len) { struct pt_regs r = { .di = 1, .dx = len }; unsigned long y; y = x; r.si = y; return go(&r); }`,
    );
    const finding = analyzer.analyze(sources, MODERN).findings.find(({ rule }) => rule === 'kernel-buffer');
    assert.deepEqual(finding?.related.map(({ range, message }) => `${covered(sources[0], range)} | ${message}`), [
      "b | The address is that of local array 'b'.",
      "b | It is stored to 'p'.",
      "(unsigned long)p | It is stored to 'n'.",
      "n + 1 | It is passed to put() as 'x'.",
      "x | It is stored to 'y'.",
      'y | It is given to const char __user *buf.',
      'table[__NR_write](r) | write() is called here: table[__NR_write](r)',
    ]);
  });

  it('never says -EFAULT of what fails otherwise or does not fail', () => {
    const message = (statements: string): string => analyzer.analyze(initOf(statements, 'static char text[9];'), MODERN).findings.find(({ rule }) => rule === 'kernel-buffer')?.message ?? '';
    assert.match(message('regs.di = (unsigned long)text; table[__NR_munmap](&regs);'), /munmap\(\): argument 1 .* gets a kernel address/);
    for (const name of ['munmap', 'set_tid_address', 'set_robust_list', 'brk', 'madvise']) {
      const text = message(`regs.di = (unsigned long)text; table[__NR_${name}](&regs);`);
      assert.match(text, /gets a kernel address/, name);
      assert.doesNotMatch(text, /return(?:s)? -EFAULT/, name);
    }
  });

  it('names the range check of the target', () => {
    const message = (kernel: string | null, arch: 'x86_64' | 'arm64' = 'x86_64'): string =>
      analyzer.analyze(initOf(`regs.${arch === 'arm64' ? 'regs[1]' : 'si'} = (unsigned long)text; table[__NR_write](&regs);`, 'static char text[9];'), { arch, kernel }).findings.find(({ rule }) => rule === 'kernel-buffer')?.message ?? '';
    assert.match(message('5.10'), /as it lies above TASK_SIZE_MAX,/);
    assert.match(message('6.6'), /as its highest bit is set,/);
    assert.match(message('6.12'), /as it lies above USER_PTR_MAX,/);
    assert.match(message('6.12', 'arm64'), /as it lies above TASK_SIZE_MAX,/);
    assert.match(message(null), /as it lies outside of user space,/);
  });

  it('says when the call fails for another reason first', () => {
    const [finding] = analyzer.analyze(initOf('regs.di = 9; regs.si = (unsigned long)"x"; table[__NR_write](&regs);'), MODERN).findings;
    assert.match(finding?.message ?? '', /would reject it with -EFAULT \(-14\), as it lies above TASK_SIZE_MAX, but the call returns -EBADF \(-9\) before that/);
  });

  it('names strncpy_from_user for paths and copy checks for others', () => {
    const message = (statements: string): string => analyzer.analyze(initOf(statements), MODERN).findings[0]?.message ?? '';
    assert.match(message('regs.di = (unsigned long)"/tmp/x"; table[__NR_mkdir](&regs);'), /mkdir\(\): argument 1 .*strncpy_from_user\(\) rejects it, as it lies above TASK_SIZE_MAX, and the call returns -EFAULT/);
    assert.match(message('regs.si = (unsigned long)&rc; table[__NR_rt_sigaction](&regs);'), /will normally return -EFAULT/);
    assert.match(message('regs.si = (unsigned long)&rc; table[__NR_shmat](&regs);'), /does not accept it there and the call fails/);
  });

  const bad: readonly (readonly [title: string, statements: string, expected: string, before?: string])[] = [
    ['local array', 'char b[8]; regs.si = (unsigned long)b; table[__NR_write](&regs);', '(unsigned long)b'],
    ['address of a local', 'long v; regs.si = (unsigned long)&v; table[__NR_read](&regs);', '(unsigned long)&v'],
    ['string literal', 'regs.di = (uintptr_t)"/etc/motd"; table[__NR_open](&regs);', '(uintptr_t)"/etc/motd"'],
    ['allocated memory', 'char *p = kmalloc(10, GFP_KERNEL); regs.si = (unsigned long)p; table[__NR_write](&regs);', '(unsigned long)p'],
    ['allocated memory behind its check', 'char *p = kzalloc(10, GFP_KERNEL); if (!p) return -ENOMEM; regs.si = (unsigned long)p; table[__NR_write](&regs);', '(unsigned long)p'],
    ['through an unsigned long', 'char b[8]; unsigned long a = (unsigned long)b; regs.si = a; table[__NR_write](&regs);', 'a'],
    ['element and offset', 'regs.si = (unsigned long)(text + 4); table[__NR_write](&regs);', '(unsigned long)(text + 4)', 'static char text[9];'],
    ['offset that is not known', 'char *p = text; regs.si = (unsigned long)(p + find_first_bit(words, 64)); table[__NR_write](&regs);', '(unsigned long)(p + find_first_bit(words, 64))', 'static char text[9]; extern unsigned long words[];'],
    ['address of an element', 'regs.si = (unsigned long)&text[2]; table[__NR_write](&regs);', '(unsigned long)&text[2]', 'static char text[9];'],
    ['helper that only converts', 'char b[8]; regs.si = number(b); table[__NR_write](&regs);', 'number(b)', 'static unsigned long number(const void *p) { return (unsigned long)p; }'],
    ['helper that stores', 'char b[8]; fill(&regs, b); table[__NR_write](&regs);', 'b', 'static void fill(struct pt_regs *r, const char *p) { r->si = (unsigned long)p; }'],
    ['helper that calls', 'char b[8]; put(b);', 'b', 'static long put(const char *p) { struct pt_regs r = { .di = 1, .si = (unsigned long)p, .dx = 3 }; return table[__NR_write](&r); }'],
    ['helper of a helper', 'char b[8]; outer(b);', 'b', 'static long put(const char *p) { struct pt_regs r = { .di = 1, .si = (unsigned long)p }; return table[__NR_write](&r); }\nstatic long outer(const char *q) { return put(q); }'],
    ['designated initializer', 'char b[8]; struct pt_regs r = { .di = 1, .si = (unsigned long)b }; table[__NR_write](&r);', '(unsigned long)b'],
    ['compound literal', 'char b[8]; table[__NR_write](&(struct pt_regs){ .di = 1, .si = (unsigned long)b });', '(unsigned long)b'],
    ['pointer to registers', 'char b[8]; struct pt_regs *r = &regs; r->si = (unsigned long)b; table[__NR_write](r);', '(unsigned long)b'],
    ['registers on the heap', 'char b[8]; struct pt_regs *r = kzalloc(sizeof(*r), GFP_KERNEL); r->di = 1; r->si = (unsigned long)b; table[__NR_write](r);', '(unsigned long)b'],
    ['copy of registers', 'char b[8]; struct pt_regs r; regs.si = (unsigned long)b; r = regs; table[__NR_write](&r);', '(unsigned long)b'],
    ['memcpy of registers', 'char b[8]; struct pt_regs r; regs.si = (unsigned long)b; memcpy(&r, &regs, sizeof(r)); table[__NR_write](&r);', '(unsigned long)b'],
    ['registers cleared before', 'char b[8]; memset(&regs, 0, sizeof(regs)); regs.si = (unsigned long)b; table[__NR_write](&regs);', '(unsigned long)b'],
    ['entry saved in a variable', 'entry_t f = table[__NR_write]; regs.si = (unsigned long)text; (*f)(&regs);', '(unsigned long)text', 'static char text[9];'],
    ['entry saved in a structure', 'saved.write = table[__NR_write]; regs.si = (unsigned long)text; saved.write(&regs);', '(unsigned long)text', 'static char text[9]; static struct { entry_t write; } saved;'],
    ['entry from a helper', 'regs.si = (unsigned long)text; find(__NR_write)(&regs);', '(unsigned long)text', 'static char text[9]; static entry_t find(int nr) { return table[nr]; }'],
    ['entry by a plain number', 'regs.si = (unsigned long)text; table[1](&regs);', '(unsigned long)text', 'static char text[9];'],
    ['entry by the name of its wrapper', 'entry_t f = (entry_t)lookup("__x64_sys_write"); regs.si = (unsigned long)text; f(&regs);', '(unsigned long)text', 'static char text[9];'],
    ['pointer arithmetic on the table', 'regs.si = (unsigned long)text; (*(table + __NR_write))(&regs);', '(unsigned long)text', 'static char text[9];'],
    ['macro around the call', 'CALL(write, 1, text, 3);', 'text', 'static char text[9];\n#define CALL(name, a, b, c) ({ struct pt_regs r = { .di = (a), .si = (unsigned long)(b), .dx = (c) }; table[__NR_##name](&r); })'],
    ['either of two kernel buffers', 'char b[8]; regs.si = (unsigned long)(rc ? b : text); table[__NR_write](&regs);', '(unsigned long)(rc ? b : text)', 'static char text[9];'],
    ['null or a kernel buffer', 'char *p = NULL; if (jiffies) p = text; regs.si = (unsigned long)p; table[__NR_write](&regs);', '(unsigned long)p', 'static char text[9];'],
    ['in a loop', 'int i; for (i = 0; i < jiffies; i++) { regs.si = (unsigned long)text; table[__NR_write](&regs); }', '(unsigned long)text', 'static char text[9];'],
    ['behind a goto', 'regs.si = (unsigned long)text; if (jiffies) goto go; rc = 3; go: table[__NR_write](&regs);', '(unsigned long)text', 'static char text[9];'],
    ['kernel copy of user data', 'char *k = memdup_user((void __user *)jiffies, 4); if (IS_ERR(k)) return PTR_ERR(k); regs.si = (unsigned long)k; table[__NR_write](&regs);', '(unsigned long)k'],
    ['direct call of ksys_write', 'ksys_write(1, text, 4);', 'text', 'static char text[9];'],
    ['second path of two', 'regs.di = jiffies; regs.si = (unsigned long)text; table[__NR_rename](&regs);', '(unsigned long)text', 'static char text[9];'],
    ['array of another part of the kernel', 'regs.si = (unsigned long)linux_banner; table[__NR_write](&regs);', '(unsigned long)linux_banner', 'extern const char linux_banner[];'],
    ['array member of a structure', 'regs.si = (unsigned long)box.text; table[__NR_write](&regs);', '(unsigned long)box.text', 'static struct { int n; char text[9]; } box;'],
  ];
  for (const [title, statements, expected, before] of bad) {
    it(`finds: ${title}`, () => {
      assert.deepEqual(findings(initOf(statements, before)), [`kernel-buffer ${expected}`]);
    });
  }

  const good: readonly (readonly [title: string, statements: string, before?: string])[] = [
    ['unknown value', 'regs.si = get_random_u64(); table[__NR_write](&regs);'],
    ['null', 'regs.si = 0; table[__NR_write](&regs);'],
    ['memory mapped for the user', 'unsigned long m = vm_mmap(NULL, 0, 4096, 3, 0x22, 0); regs.si = m; table[__NR_write](&regs);'],
    ['user or kernel by path', 'unsigned long m = vm_mmap(NULL, 0, 4096, 3, 0x22, 0); if (jiffies) m = (unsigned long)text; regs.si = m; table[__NR_write](&regs);', 'static char text[9];'],
    ['kernel or unknown by path', 'unsigned long m = get_random_u64(); if (jiffies) m = (unsigned long)text; regs.si = m; table[__NR_write](&regs);', 'static char text[9];'],
    ['overwritten before the call', 'regs.si = (unsigned long)text; regs.si = get_random_u64(); table[__NR_write](&regs);', 'static char text[9];'],
    ['in a register that the call does not read', 'regs.di = 1; regs.r10 = (unsigned long)text; table[__NR_dup](&regs);', 'static char text[9];'],
    ['pointer read from copied user data', 'struct request r; if (copy_from_user(&r, (void __user *)jiffies, sizeof(r))) return -EFAULT; regs.si = (unsigned long)r.buffer; table[__NR_write](&regs);', 'struct request { char *buffer; int n; };'],
    ['distance of two pointers', 'char *p = text; regs.si = (unsigned long)(p - other()); table[__NR_write](&regs);', 'static char text[9]; char *other(void);'],
    ['hash of an address', 'regs.si = (unsigned long)text >> 3; table[__NR_write](&regs);', 'static char text[9];'],
    ['truncated address', 'regs.si = (unsigned int)(unsigned long)text; table[__NR_write](&regs);', 'static char text[9];'],
    ['registers that an unknown function fills', 'regs.si = (unsigned long)text; prepare(&regs); table[__NR_write](&regs);', 'static char text[9]; void prepare(struct pt_regs *);'],
    ['registers written through an unknown pointer', 'struct pt_regs *r = pick(&regs); regs.si = (unsigned long)text; r->si = jiffies; table[__NR_write](&regs);', 'static char text[9]; struct pt_regs *pick(struct pt_regs *);'],
    ['own function of a known name', 'sys_write(1, text, 3);', 'static char text[9]; static long sys_write(int fd, const char *p, int n) { return 0; }'],
    ['own table indexed by call numbers', 'names[__NR_write](text);', 'static char text[9]; static void take(const char *p) { } static void (*names[400])(const char *) = { [__NR_write] = take };'],
    ['set_fs in force', 'mm_segment_t old = get_fs(); set_fs(KERNEL_DS); regs.si = (unsigned long)text; table[__NR_write](&regs); set_fs(old);', 'static char text[9];'],
    ['code that #if leaves out', '#if 0\nregs.si = (unsigned long)text; table[__NR_write](&regs);\n#endif', 'static char text[9];'],
    ['variable of another part of the kernel', 'regs.si = (unsigned long)elsewhere; table[__NR_write](&regs);', 'extern char *elsewhere;'],
    ['code in a comment', '/* regs.si = (unsigned long)text; table[__NR_write](&regs); */', 'static char text[9];'],
    ['data below the registers', 'regs.si = *(unsigned long *)text; table[__NR_write](&regs);', 'static char text[9];'],
  ];
  for (const [title, statements, before] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(findings(initOf(statements, before)), []);
    });
  }

  it("takes a parameter's space from its role, not from its annotation", () => {
    const handler = (parameter: string, field: string): string[] =>
      findings(
        moduleOf(`static ssize_t handle(struct file *file, ${parameter}, size_t n, loff_t *at)
{
	struct pt_regs regs = { .di = 2, .si = (unsigned long)p, .dx = n };
	return table[__NR_write](&regs);
}
static const struct file_operations ops = { ${field} = handle };
static int __init start(void) { table = (entry_t *)lookup("sys_call_table"); return 0; }`),
      );
    assert.deepEqual(handler('const char __user *p', '.write'), []);
    assert.deepEqual(handler('const char *p', '.write'), []);
    assert.deepEqual(handler('char *p', '.read'), []);
  });

  it('is silent on a hook that passes its registers on, and finds what it puts into them', () => {
    const hook = (statements: string): string[] =>
      findings(
        moduleOf(`static entry_t original;
static char text[9];
static asmlinkage long hook(const struct pt_regs *regs)
{
	struct pt_regs changed = *regs;
${statements}
}
static int __init start(void)
{
	table = (entry_t *)lookup("sys_call_table");
	original = table[__NR_openat];
	table[__NR_openat] = hook;
	return 0;
}`),
      );
    assert.deepEqual(hook('return original(regs);'), []);
    assert.deepEqual(hook('changed.dx = 0; return original(&changed);'), []);
    assert.deepEqual(hook('if (changed.dx) changed.si = (unsigned long)text; return original(&changed);'), []);
    assert.deepEqual(hook('changed.si = (unsigned long)text; return original(&changed);'), ['kernel-buffer (unsigned long)text']);
  });

  it('reports each use of a shared helper where the address enters it', () => {
    const sources = initOf('char b[8]; put(b); put((const char *)jiffies); put(text);', 'static char text[9]; static long put(const char *p) { struct pt_regs r = { .di = 1, .si = (unsigned long)p }; return table[__NR_write](&r); }');
    assert.deepEqual(findings(sources), ['kernel-buffer b', 'kernel-buffer text']);
  });

  it('follows values across the files of a module', () => {
    const sources: SourceFile[] = [
      { path: 'tool.h', text: '#ifndef TOOL_H\n#define TOOL_H\n#include <linux/module.h>\ntypedef long (*entry_t)(const struct pt_regs *);\nextern entry_t *entries;\nextern char shared[];\nentry_t entry(int nr);\nunsigned long address_of(const void *p);\n#endif\n' },
      { path: 'find.c', text: '#include "tool.h"\nentry_t *entries;\nchar shared[64];\nentry_t entry(int nr) { return entries[nr]; }\nunsigned long address_of(const void *p) { return (unsigned long)p; }\n' },
      { path: 'main.c', text: '#include "tool.h"\nstatic int __init start(void)\n{\n\tstruct pt_regs regs = { .di = 1 };\n\tentries = (entry_t *)lookup("sys_call_table");\n\tregs.si = address_of(shared);\n\tregs.dx = 3;\n\treturn entry(__NR_write)(&regs);\n}\nmodule_init(start);\n' },
    ];
    const analysis = analyzer.analyze(sources, MODERN);
    assert.deepEqual(brief(analysis.findings, sources), ['kernel-buffer address_of(shared)']);
    assert.match(analysis.findings[0]?.message ?? '', /global array 'shared', find\.c line 3/);
    assert.deepEqual(results(analysis), ['write = -14']);
  });

  it('reads &param where a web page made a pilcrow of it', () => {
    const sources = fixture('refused-write').map((source) => ({ path: source.path, text: source.text.replace(/\bframe\b/g, 'param').replace('(&param)', '(\u00b6m)') }));
    assert.deepEqual(findings(sources), ['kernel-buffer (unsigned long)message']);
    assert.deepEqual(results(analyzer.analyze(sources, MODERN)), ['write = -14']);
  });

  it('leaves C that is no kernel module alone', () => {
    assert.deepEqual(analyzer.analyze([{ path: 'a.c', text: '#include <sys/syscall.h>\nint main(void) { char b[4]; return syscall(__NR_write, 1, b, 4); }' }], MODERN), { findings: [], predictions: [] });
  });

  it('reads the registers of other architectures', () => {
    const arm = initOf('char b[8]; regs.regs[0] = 1; regs.regs[1] = (unsigned long)b; table[__NR_write](&regs);');
    assert.deepEqual(findings(arm, { arch: 'arm64', kernel: '6.1' }), ['kernel-buffer (unsigned long)b']);
    const i386 = initOf('char b[8]; regs.bx = 1; regs.cx = (unsigned long)b; table[__NR_write](&regs);');
    assert.deepEqual(findings(i386, { arch: 'i386', kernel: '6.1' }), ['kernel-buffer (unsigned long)b']);
  });
});

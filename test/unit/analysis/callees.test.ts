// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { loadAnalyzer, MODERN } from './helper';

const HEAD = `#include <linux/module.h>
#include <linux/kprobes.h>
#include <asm/ptrace.h>
typedef long (*entry_t)(const struct pt_regs *);
static char text[9];
`;

const FTRACE_HOOK = `struct ftrace_hook { const char *name; void *function; void *original; unsigned long address; struct ftrace_ops ops; };
#define HOOK(_name, _function, _original) { .name = (_name), .function = (_function), .original = (_original) }
`;

const INSTALL = `static unsigned long find(const char *name) { struct kprobe kp = { .symbol_name = name }; unsigned long at; if (register_kprobe(&kp) < 0) return 0; at = (unsigned long)kp.addr; unregister_kprobe(&kp); return at; }
static int resolve(struct ftrace_hook *hook)
{
	hook->address = find(hook->name);
	if (!hook->address)
		return -ENOENT;
	*((unsigned long *)hook->original) = hook->address + MCOUNT_INSN_SIZE;
	return 0;
}
static int install(struct ftrace_hook *hook) { int err = resolve(hook); if (err) return err; hook->ops.flags = 1; err = ftrace_set_filter_ip(&hook->ops, hook->address, 0, 0); if (err) return err; return register_ftrace_function(&hook->ops); }
int install_all(struct ftrace_hook *hooks, size_t count) { int err; size_t i; for (i = 0; i < count; i++) { err = install(&hooks[i]); if (err) return err; } return 0; }
`;

/** The syscalls that the module is seen to make with \`text\`, as \`syscall argument\`. */
describe('what is called', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const buffers = (sources: readonly SourceFile[], target: AnalysisTarget = MODERN): string[] =>
    analyzer.analyze(sources, target).findings.filter(({ rule }) => rule === 'kernel-buffer').map(({ message }) => /^(\w+\(\): argument \d)/.exec(message)?.[1] ?? message);
  const module = (body: string, target?: AnalysisTarget): string[] => buffers([{ path: 'a.c', text: `${HEAD}${body}\nMODULE_LICENSE("GPL");\n` }], target);
  const inInit = (statements: string, before = '', target?: AnalysisTarget): string[] => module(`${before}\nstatic int __init start(void)\n{\n\tstruct pt_regs regs = { };\n${statements}\n\treturn 0;\n}\nmodule_init(start);`, target);
  const CALL = 'regs.si = (unsigned long)text; f(&regs);';
  const WRITE = ['write(): argument 2'];

  const seen: readonly (readonly [title: string, statements: string, before?: string])[] = [
    ['the table by __NR_', `entry_t f = ((entry_t *)kallsyms_lookup_name("sys_call_table"))[__NR_write]; ${CALL}`],
    ['the table by SYS_', `entry_t f = ((entry_t *)kallsyms_lookup_name("sys_call_table"))[SYS_write]; ${CALL}`],
    ['the table by a number', `entry_t f = ((entry_t *)kallsyms_lookup_name("sys_call_table"))[1]; ${CALL}`],
    ['the table by a number in a macro', `entry_t f = ((entry_t *)kallsyms_lookup_name("sys_call_table"))[NR]; ${CALL}`, '#define NR 1'],
    ['the table by an enumerator', `entry_t f = ((entry_t *)kallsyms_lookup_name("sys_call_table"))[NR]; ${CALL}`, 'enum { NONE, NR };'],
    ['the table by a pasted name', `entry_t f = ENTRY(write); ${CALL}`, '#define ENTRY(name) ((entry_t *)kallsyms_lookup_name("sys_call_table"))[__NR_##name]'],
    ['the table of the kernel itself', `entry_t f = (entry_t)sys_call_table[__NR_write]; ${CALL}`, 'extern void *sys_call_table[];'],
    ['a saved pointer', `saved = ((entry_t *)kallsyms_lookup_name("sys_call_table"))[__NR_write]; regs.si = (unsigned long)text; saved(&regs);`, 'static entry_t saved;'],
    ['a field', `s.write = ((entry_t *)kallsyms_lookup_name("sys_call_table"))[__NR_write]; regs.si = (unsigned long)text; s.write(&regs);`, 'static struct { entry_t read, write; } s;'],
    ['an element', `s[1] = ((entry_t *)kallsyms_lookup_name("sys_call_table"))[__NR_write]; regs.si = (unsigned long)text; s[1](&regs);`, 'static entry_t s[2];'],
    ['the wrapper by its name', `entry_t f = (entry_t)kallsyms_lookup_name("__x64_sys_write"); ${CALL}`],
    ['the wrapper by a name in a macro', `entry_t f = (entry_t)kallsyms_lookup_name(NAME("sys_write")); ${CALL}`, '#define NAME(n) ("__x64_" n)'],
    ['the wrapper by a name in a variable', `const char *name = "__x64_sys_write"; entry_t f = (entry_t)kallsyms_lookup_name(name); ${CALL}`],
    ['the wrapper by its symbol', `entry_t f = __x64_sys_write; ${CALL}`, 'extern long __x64_sys_write(const struct pt_regs *);'],
    ['the wrapper by a probe', `struct kprobe kp = { .symbol_name = "__x64_sys_write" }; entry_t f; register_kprobe(&kp); f = (entry_t)kp.addr; ${CALL}`],
    ['the wrapper by a probe whose name is set later', `entry_t f; kp.symbol_name = "__x64_sys_write"; register_kprobe(&kp); f = (entry_t)kp.addr; ${CALL}`, 'static struct kprobe kp;'],
    ['a lookup function that a probe found', `entry_t f; unsigned long (*look)(const char *); register_kprobe(&kp); look = (void *)kp.addr; f = (entry_t)look("__x64_sys_write"); ${CALL}`, 'static struct kprobe kp = { .symbol_name = "kallsyms_lookup_name" };'],
    ['the first instruction behind the call of ftrace', `entry_t f = (entry_t)(kallsyms_lookup_name("__x64_sys_write") + MCOUNT_INSN_SIZE); ${CALL}`],
    ['a helper with the arguments', 'ksys_write(1, text, 3);'],
    ['a helper with the arguments, by its name', '((long (*)(int, const char *, long))kallsyms_lookup_name("ksys_write"))(1, text, 3);'],
    ['a callback that looks at each symbol', `entry_t f; kallsyms_on_each_symbol(visit, NULL); f = found[__NR_write]; ${CALL}`, 'static entry_t *found;\nstatic int visit(void *data, const char *name, unsigned long addr) { if (strcmp(name, "sys_call_table") == 0) { found = (entry_t *)addr; return 1; } return 0; }'],
    ['a callback of kernels before 6.4', `entry_t f; kallsyms_on_each_symbol(visit, NULL); f = found[__NR_write]; ${CALL}`, 'static entry_t *found;\nstatic int visit(void *data, const char *name, struct module *m, unsigned long addr) { if (!strcmp(name, "sys_call_table")) { found = (entry_t *)addr; return 1; } return 0; }'],
    ['a hook table that is resolved by a loop', 'if (install_all(hooks, ARRAY_SIZE(hooks))) return -1; regs.si = (unsigned long)text; real(&regs);', `${FTRACE_HOOK}${INSTALL}static entry_t real;\nstatic long hook(const struct pt_regs *r) { return real(r); }\nstatic struct ftrace_hook hooks[] = { HOOK("__x64_sys_write", hook, &real) };`],
  ];
  for (const [title, statements, before] of seen) {
    it(`sees ${title}`, () => {
      assert.deepEqual(inInit(statements, before), WRITE);
    });
  }

  const HANDLER = '{ struct pt_regs q = *r; q.si = (unsigned long)text; return real(&q); }';
  const hooked: readonly (readonly [title: string, body: string])[] = [
    ['in a file that is not there', `${FTRACE_HOOK}static entry_t real;\nint fh_install_hooks(struct ftrace_hook *hooks, size_t count);\nstatic long hook(const struct pt_regs *r) ${HANDLER}\nstatic struct ftrace_hook hooks[] = { HOOK("__x64_sys_write", hook, &real) };\nstatic int __init start(void) { return fh_install_hooks(hooks, ARRAY_SIZE(hooks)); }\nmodule_init(start);`],
    ['whose macro adds the prefix', `${FTRACE_HOOK.replace('(_name)', '("__x64_" _name)')}static entry_t real;\nint fh_install_hooks(struct ftrace_hook *hooks, size_t count);\nstatic long hook(const struct pt_regs *r) ${HANDLER}\nstatic struct ftrace_hook hooks[] = { HOOK("sys_write", hook, &real) };\nstatic int __init start(void) { return fh_install_hooks(hooks, 1); }\nmodule_init(start);`],
    ['whose header is not there', `#include "ftrace_helper.h"\nstatic entry_t real;\nstatic long hook(const struct pt_regs *r) ${HANDLER}\nstatic struct ftrace_hook hooks[] = { HOOK("__x64_sys_write", hook, &real) };\nstatic int __init start(void) { return fh_install_hooks(hooks, ARRAY_SIZE(hooks)); }\nmodule_init(start);`],
    ['whose header, which adds the prefix, is not there', `#include "ftrace_helper.h"\nstatic entry_t real;\nstatic long hook(const struct pt_regs *r) ${HANDLER}\nstatic struct ftrace_hook hooks[] = { HOOK("sys_write", hook, &real) };\nstatic int __init start(void) { return fh_install_hooks(hooks, ARRAY_SIZE(hooks)); }\nmodule_init(start);`],
    ['of one', `${FTRACE_HOOK}static entry_t real;\nint fh_install_hook(struct ftrace_hook *hook);\nstatic long hook(const struct pt_regs *r) ${HANDLER}\nstatic struct ftrace_hook only = HOOK("__x64_sys_write", hook, &real);\nstatic int __init start(void) { return fh_install_hook(&only); }\nmodule_init(start);`],
  ];
  for (const [title, body] of hooked) {
    it(`sees the original of a hook table ${title}`, () => {
      assert.deepEqual(module(body), WRITE);
    });
  }

  it('sees the original of khook', () => {
    const body = (declaration: string): string => `${declaration}\nstatic long khook___x64_sys_write(const struct pt_regs *r) { struct pt_regs q = *r; q.si = (unsigned long)text; return KHOOK_ORIGIN(__x64_sys_write, &q); }\nstatic int __init start(void) { return khook_init(NULL); }\nmodule_init(start);`;
    assert.deepEqual(module(`#include "khook/engine.h"\n${body('KHOOK_EXT(long, __x64_sys_write, const struct pt_regs *);')}`), WRITE);
    const engine = `typedef struct { void *fn; struct { const char *name; char *addr; } target; void *orig; unsigned long flags; } khook_t;
#define KHOOK_(t, f) static inline typeof(t) khook_##t; static khook_t __attribute__((unused)) __attribute__((aligned(1))) KHOOK_##t = { .fn = khook_##t, .target.name = #t, .flags = f }
#define KHOOK_EXT(r, t, ...) extern r t(__VA_ARGS__); KHOOK_(t, 0)
#define KHOOK_ORIGIN(t, ...) ((typeof(khook_##t) *)KHOOK_##t.orig)(__VA_ARGS__)`;
    assert.deepEqual(module(`${engine}\n${body('KHOOK_EXT(long, __x64_sys_write, const struct pt_regs *);')}`), WRITE);
  });

  it('sees pointers and helpers of other files', () => {
    const files: SourceFile[] = [
      { path: 'calls.h', text: 'typedef long (*entry_t)(const struct pt_regs *);\nextern entry_t do_write;\nint find_calls(void);\nstatic inline long put(const char *p, long n) { struct pt_regs r = { .di = 1, .si = (unsigned long)p, .dx = n }; return do_write(&r); }\n' },
      { path: 'calls.c', text: '#include <linux/module.h>\n#include "calls.h"\nentry_t do_write;\nint find_calls(void) { entry_t *t = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (!t) return -ENOENT; do_write = t[__NR_write]; return 0; }\n' },
      { path: 'main.c', text: '#include <linux/module.h>\n#include "calls.h"\nstatic int __init start(void) { if (find_calls()) return -1; put("hello", 5); return 0; }\nmodule_init(start);\n' },
    ];
    assert.deepEqual(buffers(files), WRITE);
  });

  it('reads the entries of other architectures and of 32-bit callers', () => {
    const arm64: AnalysisTarget = { arch: 'arm64', kernel: '6.1' };
    const i386: AnalysisTarget = { arch: 'i386', kernel: '6.1' };
    assert.deepEqual(inInit('entry_t f = (entry_t)kallsyms_lookup_name("__arm64_sys_write"); regs.regs[1] = (unsigned long)text; f(&regs);', '', arm64), WRITE);
    assert.deepEqual(inInit('entry_t f = (entry_t)kallsyms_lookup_name("__ia32_sys_write"); regs.cx = (unsigned long)text; f(&regs);', '', i386), WRITE);
    assert.deepEqual(inInit('entry_t f = (entry_t)kallsyms_lookup_name("__ia32_sys_write"); regs.cx = (unsigned long)text; f(&regs);'), WRITE);
    assert.deepEqual(inInit('entry_t f = ((entry_t *)kallsyms_lookup_name("ia32_sys_call_table"))[4]; regs.cx = (unsigned long)text; f(&regs);'), WRITE);
    assert.deepEqual(inInit('entry_t f = (entry_t)kallsyms_lookup_name("__arm64_sys_write"); regs.si = (unsigned long)text; f(&regs);'), [], 'no entry of this kernel');
  });

  const unseen: readonly (readonly [title: string, statements: string, before?: string])[] = [
    ['a name alone', 'regs.si = (unsigned long)text; orig_write(&regs); original_write(&regs);', 'extern entry_t orig_write;\nstatic entry_t original_write;'],
    ['another number of arguments', '((long (*)(int, const char *))kallsyms_lookup_name("ksys_write"))(1, text);'],
    ['a file operation called original_write', 'original_write(NULL, text, 3, NULL);', 'static ssize_t (*original_write)(struct file *, const char *, size_t, loff_t *);'],
    ['a table of another kind', 'regs.si = (unsigned long)text; ((entry_t *)kallsyms_lookup_name("ia32_sys_call_table"))[__NR_write](&regs);'],
    ['a name that only looks like one', 'regs.si = (unsigned long)text; ((entry_t)kallsyms_lookup_name("sys_write_something"))(&regs);'],
    ['an address far behind an entry', 'regs.si = (unsigned long)text; ((entry_t)(kallsyms_lookup_name("__x64_sys_write") + 0x200))(&regs);'],
  ];
  for (const [title, statements, before] of unseen) {
    it(`does not take for a syscall: ${title}`, () => {
      assert.deepEqual(inInit(statements, before), []);
    });
  }
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Finding, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { covered, fixture, loadAnalyzer, moduleOf, MODERN } from './helper';

describe('unchecked-lookup', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const all = (sources: readonly SourceFile[]): Finding[] => analyzer.analyze(sources, MODERN).findings.filter(({ rule }) => rule === 'unchecked-lookup');
  const found = (sources: readonly SourceFile[]): string[] => all(sources).map((finding) => covered(sources.find(({ path }) => path === finding.file), finding.range));
  const inInit = (statements: string, before = ''): SourceFile[] => moduleOf(`${before}\nstatic int __init start(void)\n{\n\tstruct pt_regs regs = { };\n\tunsigned long a = 0;\n${statements}\n\treturn 0;\n}`);
  const PROBE = 'static struct kprobe kp = { .symbol_name = "kallsyms_lookup_name" };';
  const FIND = 'static int find_table(void) { table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (!table) return -ENOENT; return 0; }';
  const SCAN = `static unsigned long **scan(void)
{
	unsigned long at = PAGE_OFFSET;
	unsigned long **t;
	while (at < ULONG_MAX) {
		t = (unsigned long **)at;
		if (t[__NR_close] == (unsigned long *)sys_close)
			return t;
		at += sizeof(void *);
	}
	return NULL;
}`;

  it('says what was looked up, where, and what to do', () => {
    const sources = inInit('\ttable = (entry_t *)kallsyms_lookup_name("sys_call_table");\n\tregs.di = 1;\n\ttable[__NR_dup](&regs);');
    const [finding, ...others] = all(sources);
    assert.deepEqual(others, []);
    assert.equal(
      finding?.message,
      'This address comes from kallsyms_lookup_name("sys_call_table") (line 15) and is NULL when that finds nothing, but it is followed without a check: then the kernel oopses. Return an error such as -ENOENT instead.',
    );
    assert.equal(finding.severity, 'warning');
    assert.equal(covered(sources[0], finding.range), 'table');
    assert.deepEqual(finding.related.map((place) => place.range.start.line + 1), [15]);
  });

  it('quotes the lookup without the parentheses that a condition has', () => {
    const [finding] = all(inInit('\tstatic struct kprobe kp = { .symbol_name = "kallsyms_lookup_name" };\n\tunsigned long (*look)(const char *);\n\tif ((register_kprobe(&kp)))\n\t\tprintk("not found");\n\tlook = (void *)kp.addr;\n\tlook("x");'));
    assert.match(finding?.message ?? '', /^This address comes from register_kprobe\(&kp\) \(line 17\) /);
  });

  const bad: readonly (readonly [title: string, statements: string, expected: string, before?: string])[] = [
    ['an index', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); table[__NR_dup](&regs);', 'table'],
    ['an index behind an addition', 'a = kallsyms_lookup_name("sys_call_table"); (*(entry_t *)(a + 8 * __NR_dup))(&regs);', '(entry_t *)(a + 8 * __NR_dup)'],
    ['a call', 'int (*f)(int) = (void *)kallsyms_lookup_name("do_something"); f(1);', 'f'],
    ['a call without a variable', '((int (*)(int))kallsyms_lookup_name("do_something"))(1);', '((int (*)(int))kallsyms_lookup_name("do_something"))'],
    ['a store', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); table[__NR_dup] = NULL;', 'table'],
    ['a store through a pointer', 'int *p = (int *)kallsyms_lookup_name("selinux_enforcing"); *p = 0;', 'p'],
    ['a field', 'struct mm_struct *p = (void *)kallsyms_lookup_name("init_mm"); a = p->start_code;', 'p'],
    ['a copy that is checked too late', 'a = kallsyms_lookup_name("sys_call_table"); table = (entry_t *)a; table[__NR_dup](&regs); if (!a) return -ENOENT;', 'table'],
    ['a check that goes on', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (!table) pr_err("none\\n"); table[__NR_dup](&regs);', 'table'],
    ['a check of another lookup', 'a = kallsyms_lookup_name("x"); table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (!a) return -ENOENT; table[__NR_dup](&regs);', 'table'],
    ['one path of two', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (jiffies) { if (!table) return -ENOENT; } table[__NR_dup](&regs);', 'table'],
    ['only errors are looked for', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (IS_ERR(table)) return PTR_ERR(table); table[__NR_dup](&regs);', 'table'],
    ['a helper that finds it', 'table = get(); table[__NR_dup](&regs);', 'table', 'static entry_t *get(void) { return (entry_t *)kallsyms_lookup_name("sys_call_table"); }'],
    ['a helper whose result nobody looks at', 'find_table(); table[__NR_dup](&regs);', 'table', FIND],
    ['a helper that uses it', 'run((entry_t *)kallsyms_lookup_name("sys_call_table"));', 't', 'static void run(entry_t *t) { struct pt_regs regs = { .di = 1 }; t[__NR_dup](&regs); }'],
    ['the address of a probe', 'register_kprobe(&kp); ((unsigned long (*)(const char *))kp.addr)("x");', '((unsigned long (*)(const char *))kp.addr)', PROBE],
    ['the address of a local probe', 'struct kprobe p = { .symbol_name = "do_mmap" }; register_kprobe(&p); unregister_kprobe(&p); ((int (*)(int))p.addr)(1);', '((int (*)(int))p.addr)'],
    ['a pointer to the lookup function', 'table = (entry_t *)kln("sys_call_table"); table[__NR_dup](&regs);', 'table', `${PROBE}\nstatic unsigned long (*kln)(const char *);\nstatic int prepare(void) { int rc = register_kprobe(&kp); if (rc < 0) return rc; kln = (void *)kp.addr; return 0; }`.replace('static int prepare', 'static int prepare')],
    ['a scan of memory', 'table = (entry_t *)scan(); table[__NR_dup](&regs);', 'table', SCAN],
  ];
  for (const [title, statements, expected, before] of bad) {
    it(`finds: ${title}`, () => {
      const text = title === 'a pointer to the lookup function' ? `if (prepare()) return -ENOENT; ${statements}` : statements;
      assert.deepEqual(found(inInit(text, before)), [expected]);
    });
  }

  const good: readonly (readonly [title: string, statements: string, before?: string])[] = [
    ['a check', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (!table) return -ENOENT; table[__NR_dup](&regs);'],
    ['a comparison with NULL', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (table == NULL) return -ENOENT; table[__NR_dup](&regs);'],
    ['a comparison with 0', 'a = kallsyms_lookup_name("sys_call_table"); if (0 == a) return -ENOENT; table = (entry_t *)a; table[__NR_dup](&regs);'],
    ['a check in the assignment', 'if (!(table = (entry_t *)kallsyms_lookup_name("sys_call_table"))) return -ENOENT; table[__NR_dup](&regs);'],
    ['unlikely', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (unlikely(!table)) return -ENOENT; table[__NR_dup](&regs);'],
    ['a use inside the check', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (table) table[__NR_dup](&regs);'],
    ['a use behind &&', 'int (*f)(void) = (void *)kallsyms_lookup_name("f"); if (f && f() < 0) return -1;'],
    ['a conditional', 'int (*f)(void) = (void *)kallsyms_lookup_name("f"); a = f ? f() : 0;'],
    ['a copy of what was checked', 'a = kallsyms_lookup_name("sys_call_table"); table = (entry_t *)a; if (!a) return -ENOENT; table[__NR_dup](&regs);'],
    ['a check of the copy', 'a = kallsyms_lookup_name("sys_call_table"); table = (entry_t *)a; if (!table) return -ENOENT; ((entry_t *)a)[__NR_dup](&regs);'],
    ['IS_ERR_OR_NULL', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (IS_ERR_OR_NULL(table)) return -ENOENT; table[__NR_dup](&regs);'],
    ['BUG_ON', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); BUG_ON(!table); table[__NR_dup](&regs);'],
    ['BUG_ON with a comparison', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); BUG_ON(table == NULL); table[__NR_dup](&regs);'],
    ['BUG', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (!table) BUG(); table[__NR_dup](&regs);'],
    ['WARN_ON', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (WARN_ON(!table)) return -ENOENT; table[__NR_dup](&regs);'],
    ['a jump to the end', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (!table) goto out; table[__NR_dup](&regs); out:'],
    ['a helper that checks', 'if (find_table()) return -ENOENT; table[__NR_dup](&regs);', FIND],
    ['a helper that checks, by a variable', 'int rc = find_table(); if (rc < 0) return rc; table[__NR_dup](&regs);', FIND],
    ['a helper that says true when it is there', 'if (!ready()) return -ENOENT; table[__NR_dup](&regs);', 'static bool ready(void) { table = (entry_t *)kallsyms_lookup_name("sys_call_table"); return table != NULL; }'],
    ['a helper with an address for its result', 'if (get(&table)) return -ENOENT; table[__NR_dup](&regs);', 'static int get(entry_t **t) { *t = (entry_t *)kallsyms_lookup_name("sys_call_table"); return *t ? 0 : -1; }'],
    ['two lookups in one check', 'int (*f)(void) = (void *)kallsyms_lookup_name("f"); int (*g)(void) = (void *)kallsyms_lookup_name("g"); if (!f || !g) return -ENOENT; f(); g();'],
    ['another lookup when the first finds nothing', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (!table) table = fallback(); table[__NR_dup](&regs);', 'entry_t *fallback(void);'],
    ['the result of register_kprobe', 'if (register_kprobe(&kp) < 0) return -ENOENT; ((unsigned long (*)(const char *))kp.addr)("x");', PROBE],
    ['the result of register_kprobe in a variable', 'int rc = register_kprobe(&kp); if (rc) return rc; unregister_kprobe(&kp); ((unsigned long (*)(const char *))kp.addr)("x");', PROBE],
    ['a check of addr', 'register_kprobe(&kp); if (!kp.addr) return -ENOENT; ((unsigned long (*)(const char *))kp.addr)("x");', PROBE],
    ['printed only', 'a = kallsyms_lookup_name("sys_call_table"); pr_info("at %lx\\n", a);'],
    ['an unknown function that may check it', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (verify(table)) return -1; table[__NR_dup](&regs);', 'int verify(void *);'],
    ['a lookup that is no lookup', 'table = (entry_t *)lookup("sys_call_table"); table[__NR_dup](&regs);'],
    ['a scan of memory with a check', 'table = (entry_t *)scan(); if (!table) return -1; table[__NR_dup](&regs);', SCAN],
    ['the address of an entry only', 'table = (entry_t *)kallsyms_lookup_name("sys_call_table"); a = (unsigned long)&table[__NR_dup]; if (!table) return -1;'],
    ['a condition that is asked twice', 'if (n) { table = (entry_t *)kallsyms_lookup_name("sys_call_table"); if (!table) n = 0; } if (n) table[__NR_dup](&regs);', 'static int n;'],
    ['a table of names', 'int i; for (i = 0; i < 2; i++) { fn[i] = (void *)kallsyms_lookup_name(names[i]); if (!fn[i]) return -ENOENT; } fn[1]();', 'static const char *const names[] = { "a", "b" }; static int (*fn[2])(void);'],
  ];
  for (const [title, statements, before] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(found(inInit(statements, before)), []);
    });
  }

  it('is true of modules that never check', () => {
    for (const name of ['refused-write', 'descriptor-numbers', 'echo-device']) {
      const sources = fixture(name);
      assert.deepEqual(found(sources), ['((entry_point *)entries)'], name);
    }
  });
});

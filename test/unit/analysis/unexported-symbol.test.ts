// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { AnalysisTarget, Finding, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { covered, loadAnalyzer, moduleOf, MODERN } from './helper';

const ANY: AnalysisTarget = { arch: 'x86_64', kernel: null };

describe('unexported-symbol', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const all = (sources: readonly SourceFile[], target: AnalysisTarget): Finding[] => analyzer.analyze(sources, target).findings.filter((finding) => finding.rule === 'unexported-symbol');
  const sample = (statements: string, before = ''): SourceFile[] => moduleOf(`${before}\nstatic int __init start(void)\n{\n\t${statements}\n\treturn 0;\n}`);
  const find = (statements: string, before = '', target = MODERN): string[] => {
    const sources = sample(statements, before);
    return all(sources, target).map((finding) => `${finding.severity} ${covered(sources[0], finding.range)}`);
  };

  it('says since when, what happens, and what to use', () => {
    const [finding] = all(sample('table = (entry_t *)kallsyms_lookup_name("sys_call_table"); table[1] = (entry_t)kallsyms_lookup_name("x");'), MODERN);
    assert.equal(
      finding?.message,
      "kallsyms_lookup_name is not exported to modules since Linux 5.7: modpost refuses the module ('undefined!'), or else insmod does ('Unknown symbol'). Take its address from a kprobe on its name (register_kprobe(), then the addr field, which is NULL when it fails).",
    );
    assert.deepEqual(finding.related.map((place) => place.message), ['kallsyms_lookup_name is used here too.']);
  });

  const bad: readonly (readonly [title: string, statements: string, expected: string, before?: string])[] = [
    ['a lookup', 'return kallsyms_lookup_name("x") != 0;', 'kallsyms_lookup_name'],
    ['vfs_read', 'return vfs_read(NULL, NULL, 0, NULL);', 'vfs_read'],
    ['vfs_write by its address', 'writer = vfs_write;', 'vfs_write', 'static ssize_t (*writer)(struct file *, const char *, size_t, loff_t *);'],
    ['a ksys function', 'return ksys_close(3);', 'ksys_close'],
    ['an entry', 'return __x64_sys_getpid(NULL);', '__x64_sys_getpid', 'asmlinkage long __x64_sys_getpid(const struct pt_regs *);'],
    ['the table', 'return sys_call_table[0] == NULL;', 'sys_call_table', 'extern void *sys_call_table[];'],
    ['the table, declared inside', 'extern void *sys_call_table[]; return sys_call_table[0] == NULL;', 'sys_call_table'],
    ['in an initializer', 'return hook.original == NULL;', 'vfs_read', 'static struct { void *original; } hook = { .original = vfs_read };'],
    ['in a static function that is used', 'return helper();', 'vfs_read', 'static int helper(void) { return vfs_read(NULL, NULL, 0, NULL); }'],
    ['through a macro of the module', 'return READ(NULL);', 'READ(NULL)', '#define READ(f) vfs_read(f, NULL, 0, NULL)'],
  ];
  for (const [title, statements, expected, before] of bad) {
    it(`finds: ${title}`, () => {
      assert.deepEqual(find(statements, before), [`error ${expected}`]);
      assert.deepEqual(find(statements, before, ANY), [`error ${expected}`], 'without a target');
    });
  }

  const good: readonly (readonly [title: string, statements: string, before?: string])[] = [
    ["the module's own function", 'return kallsyms_lookup_name("x") != 0;', 'static unsigned long kallsyms_lookup_name(const char *name) { return 0; }'],
    ["the module's own pointer", 'return kallsyms_lookup_name("x") != 0;', 'static unsigned long (*kallsyms_lookup_name)(const char *name);'],
    ['a local variable', 'unsigned long (*kallsyms_lookup_name)(const char *) = lookup; return kallsyms_lookup_name("x") != 0;'],
    ['a parameter', 'return call(NULL);', 'static int call(int (*vfs_read)(void)) { return vfs_read(); }'],
    ["the module's own table", 'return sys_call_table == NULL;', 'static void **sys_call_table;'],
    ['a table found at run time', 'return sys_call_table == NULL;', 'extern void **sys_call_table;\nvoid **sys_call_table;'],
    ['a macro of that name', 'return vfs_read(1);', '#define vfs_read(x) (x)'],
    ['a string', 'pr_info("vfs_read ksys_close sys_call_table"); return lookup("kallsyms_lookup_name") != 0;'],
    ['a comment', '/* vfs_read(set_fs) */ // kallsyms_lookup_name'],
    ['a member', 'return ops.vfs_read == NULL || other->sys_call_table == NULL;', 'static struct { void *vfs_read; void *sys_call_table; } ops = { .vfs_read = NULL }, *other = &ops;'],
    ['only declared', '', 'extern void *sys_call_table[];\nssize_t vfs_read(struct file *, char *, size_t, loff_t *);'],
    ['an enumerator', 'return ksys_mode;', 'enum { ksys_mode = 3 };'],
    ['what is exported', 'ksys_sync_helper();'],
    ['a label looked for at run time', 'return symbol_get(vfs_read) == NULL;'],
    ['the size of it', 'return sizeof(sys_call_table[0]);', 'extern void *sys_call_table[];'],
    ['a static function that nothing uses', '', 'static inline int helper(void) { return vfs_read(NULL, NULL, 0, NULL); }'],
    ['code that #if leaves out', '#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 7, 0)\nlookup(kallsyms_lookup_name("x"));\n#endif'],
    ['code that the compiler leaves out', 'if (LINUX_VERSION_CODE < KERNEL_VERSION(5, 7, 0)) return kallsyms_lookup_name("x") != 0;'],
    ['names that only look alike', 'my_vfs_read(); vfs_readlink(NULL, NULL, 0); get_fs_type("proc"); sys_call_table_size();'],
  ];
  for (const [title, statements, before] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(find(statements, before), []);
    });
  }

  it('knows when and where each name went', () => {
    const set = 'set_fs(get_fs());';
    const on = (kernel: string | null, arch: AnalysisTarget['arch'] = 'x86_64'): string[] => find(set, '', { arch, kernel });
    assert.deepEqual(on('5.9'), []);
    assert.deepEqual(on('5.10.0-30-amd64'), ['error set_fs', 'error get_fs']);
    assert.deepEqual(on('5.10', 'arm64'), []);
    assert.deepEqual(on('5.11', 'arm64'), ['error set_fs', 'error get_fs']);
    assert.deepEqual(on(null), ['error set_fs', 'error get_fs']);
    assert.deepEqual(on(null, 'arm64'), ['warning set_fs', 'warning get_fs']);
    assert.deepEqual(find('return kallsyms_lookup_name("x") != 0;', '', { arch: 'x86_64', kernel: '5.6.19' }), []);
    assert.deepEqual(find('return vfs_read(NULL, NULL, 0, NULL);', '', { arch: 'x86_64', kernel: '4.13' }), []);
    assert.deepEqual(find('return get_ds();', '', { arch: 'x86_64', kernel: '5.1' }), ['error get_ds']);
  });

  it('names the boundary where only some targets lack it', () => {
    const [finding] = all(sample('set_fs(USER_DS);'), { arch: 'arm64', kernel: null });
    assert.match(finding?.message ?? '', /^set_fs does not exist since Linux 5\.11 \(arm64\): on such a kernel the module does not compile\./);
  });

  it('finds definitions in the other files of the module', () => {
    const [main] = sample('return ksys_helper() + kallsyms_lookup_name("x");', 'int ksys_helper(void); unsigned long kallsyms_lookup_name(const char *);');
    assert.ok(main);
    const other = { path: 'other.c', text: '#include <linux/module.h>\nint ksys_helper(void) { return 0; }\nunsigned long kallsyms_lookup_name(const char *name) { return 0; }\n' };
    assert.deepEqual(all([main, other], MODERN), []);
    assert.equal(all([main], MODERN).length, 2);
  });

  it('leaves code alone that may be built into the kernel', () => {
    assert.deepEqual(all([{ path: 'a.c', text: '#include <linux/module.h>\nstatic int __init start(void) { return kallsyms_lookup_name("x") != 0; }\nmodule_init(start);\n' }], MODERN), []);
  });

  it('is silent on the sample module of this repository, whatever the target', () => {
    const folder = path.join(import.meta.dirname, '../../../module');
    const sources = fs.readdirSync(folder).filter((file) => /\.[ch]$/.test(file)).map((file) => ({ path: file, text: fs.readFileSync(path.join(folder, file), 'utf8') }));
    for (const kernel of [null, '5.4', '5.10', '6.1', '6.12']) for (const arch of ['x86_64', 'arm64'] as const) assert.deepEqual(all(sources, { arch, kernel }), []);
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { covered, initOf, loadAnalyzer, moduleOf, MODERN } from './helper';

const RULES = new Set(['kernel-buffer', 'mixed-buffer', 'set-fs-buffer', 'nested-kernel-pointer', 'vfs-kernel-buffer']);
const TEXT = 'static char text[9];';
const OLD: AnalysisTarget = { arch: 'x86_64', kernel: '4.15' };
const WITH_SET_FS: AnalysisTarget = { arch: 'x86_64', kernel: '5.9' };

/** A hook of `syscall`, installed by init, whose body may change a copy of its registers. */
function hookOf(syscall: string, statements: string, before = ''): SourceFile[] {
  return moduleOf(`${TEXT}
static entry_t original;
${before}
static asmlinkage long hook(const struct pt_regs *regs)
{
	struct pt_regs changed = *regs;
${statements}
}
static int __init start(void)
{
	table = (entry_t *)lookup("sys_call_table");
	original = table[__NR_${syscall}];
	table[__NR_${syscall}] = hook;
	return 0;
}`);
}

type Case = readonly [title: string, sources: SourceFile[], expected: readonly string[], target?: AnalysisTarget];

describe('shapes of real modules', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const find = (sources: SourceFile[], target = MODERN): string[] =>
    analyzer.analyze(sources, target).findings.filter(({ rule }) => RULES.has(rule)).map((finding) => `${finding.rule} ${covered(sources[0], finding.range)}`);

  const bad: readonly Case[] = [
    [
      'a loop over all processes, whose static variable begins as NULL',
      initOf('static struct task_struct *task; for_each_process(task) { regs.si = (unsigned long)text; table[__NR_write](&regs); }', TEXT),
      ['kernel-buffer (unsigned long)text'],
    ],
    [
      'a helper whose callers stand elsewhere in the file',
      moduleOf(`static long send(int fd, char *data, int n) { struct pt_regs r = { .di = fd, .si = (unsigned long)data, .dx = n }; return table[__NR_write](&r); }
static void report(const char *what) { char line[64]; int n = snprintf(line, sizeof(line), "%s", what); send(2, line, n); }
static int __init start(void) { table = (entry_t *)lookup("sys_call_table"); report("x"); return 0; }`),
      ['kernel-buffer line'],
    ],
    [
      'a kernel value that a helper brings back',
      initOf('regs.si = where(); table[__NR_write](&regs);', `${TEXT} static unsigned long where(void) { static char *p; if (!p) p = text; return (unsigned long)p; }`),
      ['kernel-buffer where()'],
    ],
    [
      'a kernel value that a helper puts behind a pointer',
      initOf('char *p; take(&p); regs.si = (unsigned long)p; table[__NR_write](&regs);', `${TEXT} static void take(char **out) { *out = text; }`),
      ['kernel-buffer (unsigned long)p'],
    ],
    [
      'set_fs() opened in the caller',
      moduleOf(`${TEXT} static long put(void) { struct pt_regs r = { .di = 1, .si = (unsigned long)text }; return table[__NR_write](&r); }
static int __init start(void) { mm_segment_t old = get_fs(); table = (entry_t *)lookup("sys_call_table"); set_fs(KERNEL_DS); put(); set_fs(old); return 0; }`),
      ['set-fs-buffer (unsigned long)text'],
    ],
    [
      'a user path beside a kernel buffer',
      hookOf('readlink', 'char out[64]; changed.si = (unsigned long)out; changed.dx = sizeof(out); return original(&changed);'),
      ['kernel-buffer (unsigned long)out'],
    ],
    ['registers changed on one path', hookOf('openat', 'if (jiffies) changed.si = (unsigned long)"/x"; return original(&changed);'), ['mixed-buffer (unsigned long)"/x"']],
    [
      'a call by a macro that casts the entry',
      initOf('SYS(write, 1, text, 9);', `${TEXT}\n#define SYS(name, args...) (((long (*)())table[__NR_##name])(args))`),
      ['kernel-buffer text'],
      OLD,
    ],
    [
      'a compound literal inside a macro',
      initOf('rc = CALL3(write, 1, text, 9);', `${TEXT}\n#define CALL3(name, a, b, c) table[__NR_##name](&(struct pt_regs){ .di = (unsigned long)(a), .si = (unsigned long)(b), .dx = (unsigned long)(c) })`),
      ['kernel-buffer text'],
    ],
    [
      'registers packed by position in a variadic helper',
      initOf(
        'rc = call(__NR_write, 3, 1UL, (unsigned long)text, 9UL);',
        `${TEXT}
static long call(int nr, int n, ...)
{
	struct pt_regs r = { };
	va_list list;
	va_start(list, n);
	switch (n) {
	case 3:
		r.di = va_arg(list, unsigned long);
		r.si = va_arg(list, unsigned long);
		r.dx = va_arg(list, unsigned long);
		break;
	}
	va_end(list);
	return table[nr](&r);
}`,
      ),
      ['kernel-buffer (unsigned long)text'],
    ],
    [
      'registers packed by macros of one name and number each',
      initOf(
        'rc = table[__NR_write](PACK_REGS3(&regs, 1, text, 9));',
        `${TEXT}
#define PACK_REGS1(r, a) ({ (r)->di = (unsigned long)(a); (r); })
#define PACK_REGS2(r, a, b) ({ PACK_REGS1(r, a); (r)->si = (unsigned long)(b); (r); })
#define PACK_REGS3(r, a, b, c) ({ PACK_REGS2(r, a, b); (r)->dx = (unsigned long)(c); (r); })`,
      ),
      ['kernel-buffer text'],
    ],
    ['a register by a name of the module', initOf('regs.PARAM2 = (unsigned long)text; table[__NR_write](&regs);', `${TEXT}\n#define PARAM2 si`), ['kernel-buffer (unsigned long)text']],
    [
      'registers as an array of numbers',
      initOf('unsigned long list[6] = { 1, (unsigned long)text, 9 }; struct pt_regs r = { .di = list[0], .si = list[1], .dx = list[2] }; table[__NR_write](&r);', TEXT),
      ['kernel-buffer list[1]'],
    ],
    ['registers on the heap, copied from a hook', hookOf('write', 'struct pt_regs *mine = kmalloc(sizeof(*mine), GFP_KERNEL); memcpy(mine, regs, sizeof(*mine)); mine->si = (unsigned long)text; return original(mine);'), ['kernel-buffer (unsigned long)text']],
    ['the original by another name', hookOf('write', 'entry_t go = original; changed.si = (unsigned long)text; return go(&changed);'), ['kernel-buffer (unsigned long)text']],
    [
      'the original as a parameter',
      hookOf('write', 'changed.si = (unsigned long)text; return forward(original, &changed);', 'static long forward(entry_t orig, struct pt_regs *r) { return orig(r); }'),
      ['kernel-buffer (unsigned long)text'],
    ],
    [
      'a copy of the table',
      moduleOf(`${TEXT} static entry_t table_copy[512];
static long run(int nr, struct pt_regs *r) { return table_copy[nr](r); }
static int __init start(void)
{
	struct pt_regs regs = { .di = 1, .si = (unsigned long)text };
	table = (entry_t *)lookup("sys_call_table");
	memcpy(table_copy, table, sizeof(table_copy));
	return run(__NR_write, &regs);
}`),
      ['kernel-buffer (unsigned long)text'],
    ],
    [
      'originals in an array by call number',
      initOf('saved[__NR_write] = table[__NR_write]; regs.si = (unsigned long)text; saved[__NR_write](&regs);', `${TEXT} static entry_t saved[512];`),
      ['kernel-buffer (unsigned long)text'],
    ],
    [
      'originals in an array of structures',
      initOf('hooks[0].original = table[hooks[0].nr]; regs.si = (unsigned long)text; hooks[0].original(&regs);', `${TEXT} static struct { int nr; entry_t original; } hooks[] = { { __NR_write, NULL } };`),
      ['kernel-buffer (unsigned long)text'],
    ],
    [
      'a copy of the table that a later function uses',
      moduleOf(`${TEXT} static entry_t table_copy[512];
static ssize_t handle(struct file *file, const char __user *user, size_t n, loff_t *at) { struct pt_regs r = { .di = 1, .si = (unsigned long)text }; return table_copy[__NR_write](&r); }
static const struct file_operations ops = { .write = handle };
static int __init start(void)
{
	int i;
	table = (entry_t *)lookup("sys_call_table");
	for (i = 0; i < 512; i++)
		table_copy[i] = table[i];
	return 0;
}`),
      ['kernel-buffer (unsigned long)text'],
    ],
    [
      'set_fs() that a kprobe found',
      initOf('struct kprobe kp = { .symbol_name = "set_fs" }; register_kprobe(&kp); raise = (void *)kp.addr; raise(KERNEL_DS); regs.si = (unsigned long)text; table[__NR_write](&regs);', `${TEXT} static void (*raise)(mm_segment_t);`),
      ['set-fs-buffer (unsigned long)text'],
    ],
    [
      'set_fs() behind macros',
      initOf('BEGIN_KERNEL; regs.si = (unsigned long)text; table[__NR_write](&regs); END_KERNEL;', `${TEXT}\n#define BEGIN_KERNEL { mm_segment_t __old = get_fs(); set_fs(KERNEL_DS)\n#define END_KERNEL set_fs(__old); }`),
      ['set-fs-buffer (unsigned long)text'],
    ],
    ['a loop that ends by goto', initOf('int i = 0; again: regs.si = (unsigned long)text; rc = table[__NR_write](&regs); if (rc < 0 && i++ < 3) goto again;', TEXT), ['kernel-buffer (unsigned long)text']],
    [
      'a kernel thread of a kernel without set_fs()',
      moduleOf(`${TEXT} static int work(void *data) { struct pt_regs r = { .di = 1, .si = (unsigned long)text }; return table[__NR_write](&r); }
static int __init start(void) { table = (entry_t *)lookup("sys_call_table"); kthread_run(work, NULL, "work"); return 0; }`),
      ['kernel-buffer (unsigned long)text'],
    ],
    ['a command that takes a pointer', initOf('regs.di = PR_SET_NAME; regs.si = (unsigned long)"name"; table[__NR_prctl](&regs);'), ['kernel-buffer (unsigned long)"name"']],
    ['an ioctl number that carries a direction', initOf('regs.si = 0x80047601; regs.dx = (unsigned long)text; table[__NR_ioctl](&regs);', TEXT), ['kernel-buffer (unsigned long)text']],
  ];
  for (const [title, sources, expected, target] of bad) {
    it(`finds: ${title}`, () => {
      assert.deepEqual(find(sources, target), expected);
    });
  }

  const good: readonly (readonly [title: string, sources: SourceFile[], target?: AnalysisTarget])[] = [
    [
      'what a for_each macro assigns to a variable of the file',
      initOf('at = text; list_for_each_entry(at, &list, node) { regs.si = (unsigned long)at; table[__NR_write](&regs); }', `${TEXT} static char *at;`),
    ],
    [
      "the caller's data, copied, edited and copied back",
      hookOf(
        'getdents64',
        'long n = original(regs); char *copy; if (n <= 0) return n; copy = kmalloc(n, GFP_KERNEL); if (!copy) return n; if (copy_from_user(copy, (void __user *)regs->si, n)) goto out; memset(copy, 0, 4); copy_to_user((void __user *)regs->si, copy, n); out: kfree(copy); return n;',
      ),
    ],
    ['the same before the call', hookOf('write', 'char *copy = kzalloc(regs->dx, GFP_KERNEL); copy_from_user(copy, (void __user *)regs->si, regs->dx); copy[0] = 0; copy_to_user((void __user *)regs->si, copy, regs->dx); kfree(copy); return original(regs);')],
    ['only the length is changed', hookOf('write', 'changed.dx = 3; return original(&changed);')],
    [
      'pointers in a structure from user space',
      initOf('struct request r; if (copy_from_user(&r, (void __user *)jiffies, sizeof(r))) return -EFAULT; regs.si = (unsigned long)r.buffer; regs.dx = r.n; table[__NR_write](&regs);', 'struct request { char *buffer; int n; };'),
    ],
    [
      'pointers in a structure from user space on the heap',
      initOf('struct request *r = kmalloc(sizeof(*r), GFP_KERNEL); if (copy_from_user(r, (void __user *)jiffies, sizeof(*r))) return -EFAULT; regs.si = (unsigned long)r->buffer; table[__NR_write](&regs);', 'struct request { char *buffer; int n; };'),
    ],
    ['pointers in a structure that memdup_user() copied', initOf('struct request *r = memdup_user((void __user *)jiffies, sizeof(*r)); if (IS_ERR(r)) return PTR_ERR(r); regs.si = (unsigned long)r->buffer; table[__NR_write](&regs);', 'struct request { char *buffer; int n; };')],
    ['memory that vm_mmap() gave', initOf('unsigned long m = vm_mmap(NULL, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0); if (IS_ERR_VALUE(m)) return m; copy_to_user((void __user *)m, text, 9); regs.si = m; table[__NR_write](&regs);', TEXT)],
    ['memory that brk gave', initOf('unsigned long end = current->mm->brk; regs.di = end + 4096; table[__NR_brk](&regs); copy_to_user((void __user *)end, text, 9); regs.di = end; table[__NR_mkdir](&regs);', TEXT)],
    ['an address of a mapping', initOf('struct vm_area_struct *vma = find_vma(current->mm, 0); unsigned long where = vma->vm_start; regs.si = where + 16; table[__NR_write](&regs);')],
    ["the process's stack", initOf('unsigned long sp = current_user_stack_pointer() - 128; copy_to_user((void __user *)sp, text, 9); regs.si = sp; table[__NR_write](&regs);', TEXT)],
    ["the process's registers", initOf('struct pt_regs *own = task_pt_regs(current); regs.si = own->si; table[__NR_write](&regs);')],
    [
      'the same name for something that is no syscall',
      moduleOf(`${TEXT} static ssize_t (*original_write)(struct file *, const char *, size_t, loff_t *);
static int __init start(void) { table = (entry_t *)lookup("sys_call_table"); original_write = (void *)lookup("tty_write"); return original_write(NULL, text, 9, NULL); }`),
    ],
    ['registers that the call does not read', initOf('regs.si = (unsigned long)text; regs.di = 1; rc = table[__NR_write](&regs); regs.di = 3; table[__NR_close](&regs);', '') .map((source) => ({ ...source, text: source.text.replace('regs.si = (unsigned long)text;', 'regs.r9 = (unsigned long)"x";') }))],
    ['set_fs() code in a comment', initOf('/* set_fs(KERNEL_DS); regs.si = (unsigned long)text; table[__NR_write](&regs); */\n// table[__NR_write](&(struct pt_regs){ .si = (unsigned long)text });', TEXT)],
    ['a helper whose caller passes a user address', hookOf('write', 'return send(1, (char *)regs->si, regs->dx);', 'static long send(int fd, char *data, int n) { struct pt_regs r = { .di = fd, .si = (unsigned long)data, .dx = n }; return original(&r); }')],
    [
      'a kernel thread of a kernel with set_fs()',
      moduleOf(`${TEXT} static int work(void *data) { struct pt_regs r = { .di = 1, .si = (unsigned long)text }; return table[__NR_write](&r); }
static int __init start(void) { table = (entry_t *)lookup("sys_call_table"); kthread_run(work, NULL, "work"); return 0; }`),
      WITH_SET_FS,
    ],
    [
      'a work item of a kernel with set_fs()',
      moduleOf(`${TEXT} static void work(struct work_struct *w) { struct pt_regs r = { .di = 1, .si = (unsigned long)text }; table[__NR_write](&r); }
static DECLARE_WORK(item, work);
static int __init start(void) { table = (entry_t *)lookup("sys_call_table"); schedule_work(&item); return 0; }`),
      WITH_SET_FS,
    ],
    ['a command that takes a number', initOf('regs.di = 4; regs.si = (unsigned long)text; table[__NR_prctl](&regs);', TEXT)],
    ['an unknown command', initOf('regs.si = jiffies; regs.dx = (unsigned long)text; table[__NR_ioctl](&regs);', TEXT)],
    ['an address that a register of another architecture holds', initOf('regs.cx = (unsigned long)text; table[__NR_write](&regs);', TEXT)],
  ];
  for (const [title, sources, target] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(find(sources, target), []);
    });
  }
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { loadAnalyzer, moduleOf } from './helper';

/** What the analysis takes a handler's buffer for shows when the handler passes it to write(). */
describe('the buffer of a handler', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const module = (parameters: string, named: string, buffer: string): SourceFile[] =>
    moduleOf(`static ssize_t handle(${parameters})
{
	struct pt_regs regs = { .di = 2, .si = (unsigned long)${buffer}, .dx = 1 };
	return table[__NR_write](&regs);
}
${named}
static int __init start(void)
{
	table = (entry_t *)lookup("sys_call_table");
	return 0;
}`);
  const gets = (parameters: string, named: string, kernel = '6.12', buffer = 'p'): string => {
    const [finding] = analyzer.analyze(module(parameters, named, buffer), { arch: 'x86_64', kernel }).findings.filter(({ rule }) => rule === 'kernel-buffer');
    return finding ? (/gets a kernel address \((.*?)(?:, line \d+)?\)\./.exec(finding.message)?.[1] ?? finding.message) : 'no kernel address';
  };
  const FILE = 'struct file *f, char *p, size_t n, loff_t *at';

  const user: readonly (readonly [title: string, parameters: string, named: string, buffer?: string])[] = [
    ['file_operations', FILE, 'static const struct file_operations ops = { .write = handle };'],
    ['proc_ops', FILE, 'static const struct proc_ops ops = { .proc_read = handle };'],
    ['an ioctl', 'struct file *f, unsigned int command, unsigned long p', 'static const struct file_operations ops = { .unlocked_ioctl = handle };'],
    ['an ioctl of a terminal', 'struct tty_struct *t, unsigned int command, unsigned long p', 'static const struct tty_operations ops = { .ioctl = handle };'],
    ['getsockopt', 'struct socket *s, int level, int name, char *p, int *n', 'static const struct proto_ops ops = { .getsockopt = handle };'],
    ['file_operations that are filled in later', FILE, 'static struct file_operations anything;\nstatic void fill(void) { anything.write = handle; }'],
    ['file_operations on the stack', FILE, 'static void fill(void) { struct file_operations x; x.write = handle; use(&x); }'],
    ['file_operations behind a pointer', FILE, 'static void fill(struct file_operations *x) { x->write = handle; }'],
    ['file_operations under a typedef', FILE, 'typedef struct file_operations handlers_t;\nstatic handlers_t x = { .write = &handle };'],
  ];
  for (const [title, parameters, named, buffer] of user) {
    it(`is the process's: ${title}`, () => {
      assert.equal(gets(parameters, named, '6.12', buffer), 'no kernel address');
    });
  }

  const kernel: readonly (readonly [title: string, parameters: string, named: string, expected: string])[] = [
    ['tty_operations', 'struct tty_struct *t, const unsigned char *p, int n', 'static const struct tty_operations ops = { .write = handle };', "buffer 'p' that the kernel passes to write of struct tty_operations"],
    ['bin_attribute', 'struct file *f, struct kobject *k, struct bin_attribute *a, char *p, loff_t at, size_t n', 'static struct bin_attribute x = { .attr = { .name = "x" }, .write = handle };', "buffer 'p' that the kernel passes to write of struct bin_attribute"],
    ['kernfs_ops', 'struct kernfs_open_file *f, char *p, size_t n, loff_t at', 'static const struct kernfs_ops ops = { .read = handle };', "buffer 'p' that the kernel passes to read of struct kernfs_ops"],
    ['ctl_table', 'const struct ctl_table *t, int write, void *p, size_t *n, loff_t *at', 'static struct ctl_table x[] = { { .procname = "x", .proc_handler = handle } };', "buffer 'p' that the kernel passes to proc_handler of struct ctl_table"],
    ['a structure called fops that is none', 'struct tty_struct *t, const unsigned char *p, int n', 'static struct tty_operations my_fops;\nstatic void fill(void) { my_fops.write = handle; }', "buffer 'p' that the kernel passes to write of struct tty_operations"],
  ];
  for (const [title, parameters, named, expected] of kernel) {
    it(`is the kernel's: ${title}`, () => {
      assert.equal(gets(parameters, named), expected);
    });
  }

  it('was that of the process in proc_handler before 5.8', () => {
    const [, parameters = '', named = '', expected] = kernel[3] ?? [];
    assert.equal(gets(parameters, named, '5.7'), 'no kernel address');
    assert.equal(gets(parameters, named, '5.8'), expected);
  });

  it('is not known in structures of the module, whatever their fields are called, and for a sockptr_t', () => {
    assert.equal(gets('struct own *f, char *p, size_t n, loff_t *at', 'struct own { long (*write)(struct own *, char *, size_t, loff_t *); };\nstatic struct own fops = { .write = (void *)handle };'), 'no kernel address');
    assert.equal(gets('struct socket *s, int level, int name, sockptr_t p, unsigned int n', 'static const struct proto_ops ops = { .setsockopt = handle };', '6.12', 'p.kernel'), 'no kernel address');
  });

  it('is not known of a function that two structures name in different ways', () => {
    assert.equal(gets(FILE, 'static const struct file_operations a = { .write = handle };\nstatic const struct kernfs_ops b = { .write = handle };'), 'no kernel address');
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { AnalysisTarget, Finding } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { covered, initOf, loadAnalyzer, moduleOf, MODERN } from './helper';

const BEFORE = 'static char text[9]; static loff_t pos; static struct file *file;';

describe('vfs-kernel-buffer', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const all = (statements: string, before = BEFORE, target: AnalysisTarget = MODERN): Finding[] => analyzer.analyze(initOf(statements, before), target).findings.filter(({ rule }) => rule.endsWith('-buffer'));
  const find = (statements: string, before = BEFORE): string[] => all(statements, before).map((finding) => `${finding.rule} ${covered(initOf(statements, before)[0], finding.range)}`);

  it('says which check rejects the buffer, and what to use', () => {
    const [write] = all('vfs_write(file, text, 9, &pos);');
    assert.match(
      write?.message ?? '',
      /^vfs_write\(\): argument 2 \('buf', const char __user \*\) gets a kernel address \(static array 'text', line \d+\)\. access_ok\(\) rejects it, as it lies above TASK_SIZE_MAX, and the call will normally return -EFAULT \(-14\)\. Use kernel_write\(\), which takes a buffer of the kernel and the same arguments\.$/,
    );
    assert.equal(write?.severity, 'error');
    const [read] = all('char b[4]; file->f_op->read(file, b, 4, &pos);', BEFORE, { arch: 'x86_64', kernel: '6.12' });
    assert.match(read?.message ?? '', /^f_op->read\(\): argument 2 .* copy_to_user\(\) rejects it, as it lies above USER_PTR_MAX, .* Use kernel_read\(\)/);
  });

  it('is as severe under set_fs(KERNEL_DS) as set-fs-buffer', () => {
    const on = (kernel: string): string[] => all('set_fs(KERNEL_DS); vfs_write(file, text, 9, &pos);', BEFORE, { arch: 'x86_64', kernel }).map(({ rule, severity }) => `${rule} ${severity}`);
    assert.deepEqual(on('5.9'), ['vfs-kernel-buffer information']);
    assert.deepEqual(on('6.1'), ['vfs-kernel-buffer error']);
    assert.match(all('set_fs(get_ds()); vfs_read(file, text, 9, &pos);')[0]?.message ?? '', /Only set_fs\(KERNEL_DS\) let it pass, .* Use kernel_read\(\), .*: deleting set_fs\(\) does not port this call\.$/);
  });

  const bad: readonly (readonly [title: string, statements: string, expected: string, before?: string])[] = [
    ['vfs_read()', 'char b[4]; vfs_read(file, b, 4, &pos);', 'b'],
    ['a cast to __user', 'vfs_write(file, (const char __user *)text, 9, &pos);', '(const char __user *)text'],
    ['__vfs_write()', '__vfs_write(file, text, 9, &pos);', 'text'],
    ['the handler of a file', 'file->f_op->write(file, text, 9, &pos);', 'text'],
    ['the handler by its pointer', 'ssize_t (*put)(struct file *, const char *, size_t, loff_t *) = file->f_op->write; put(file, text, 9, &pos);', 'text'],
    ['the handler by a pointer to its table', 'const struct file_operations *fop = file->f_op; fop->write(file, text, 9, &pos);', 'text'],
    ['a pointer that was looked up', 'static_write = (void *)kallsyms_lookup_name("vfs_write"); if (!static_write) return -ENOENT; static_write(file, text, 9, &pos);', 'text', `${BEFORE} static ssize_t (*static_write)(struct file *, const char *, size_t, loff_t *);`],
    ['allocated memory', 'char *b = kmalloc(9, GFP_KERNEL); if (!b) return -ENOMEM; vfs_read(file, b, 9, &pos);', 'b'],
    ['a helper', 'save(text, 9);', 'text', `${BEFORE} static void save(const char *b, int n) { vfs_write(file, b, n, &file->f_pos); }`],
  ];
  for (const [title, statements, expected, before] of bad) {
    it(`finds: ${title}`, () => {
      assert.deepEqual(find(statements, before), [`vfs-kernel-buffer ${expected}`]);
    });
  }

  const good: readonly (readonly [title: string, statements: string, before?: string])[] = [
    ['the functions for kernel buffers', 'kernel_write(file, text, 9, &pos); kernel_read(file, text, 9, &pos); __kernel_write(file, text, 9, &pos);'],
    ['memory of the process', 'char __user *m = (char __user *)vm_mmap(NULL, 0, 4096, 3, 0x22, 0); vfs_write(file, m, 9, &pos);'],
    ['an unknown buffer', 'vfs_write(file, get_buffer(), 9, &pos);'],
    ["the module's own function of that name", 'vfs_write(file, text, 9, &pos);', `${BEFORE} static int vfs_write(struct file *f, const char *b, int n, loff_t *p) { return 0; }`],
    ['a handler with other arguments', 'device->ops->write(device, text);'],
    ['a write of another structure', 'device->tty_ops->write(device, text, 9, &pos);'],
    ['read_iter', 'file->f_op->read_iter(&kiocb, &iter);'],
  ];
  for (const [title, statements, before] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(find(statements, before), []);
    });
  }

  it("is silent on a handler that passes its caller's buffer on to the file below", () => {
    const sources = moduleOf(`static struct file *below;
static ssize_t handle(struct file *file, const char __user *buffer, size_t n, loff_t *at) { return below->f_op->write(below, buffer, n, at) ?: vfs_write(below, buffer, n, at); }
static const struct file_operations ops = { .write = handle };
static int __init start(void) { return 0; }`);
    assert.deepEqual(analyzer.analyze(sources, MODERN).findings.filter(({ rule }) => rule.endsWith('-buffer')), []);
  });

  it('is a mixed-buffer where one path brings a user address', () => {
    const sources = moduleOf(`static struct file *below; static char text[9];
static ssize_t handle(struct file *file, const char __user *buffer, size_t n, loff_t *at) { const char *p = n > 9 ? (const char *)buffer : text; return vfs_write(below, p, n, at); }
static const struct file_operations ops = { .write = handle };
static int __init start(void) { return 0; }`);
    assert.deepEqual(analyzer.analyze(sources, MODERN).findings.filter(({ rule }) => rule.endsWith('-buffer')).map(({ rule }) => rule), ['mixed-buffer']);
  });
});

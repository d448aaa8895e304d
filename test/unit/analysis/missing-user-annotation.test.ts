// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Finding } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { covered, fixture, loadAnalyzer, moduleOf, MODERN } from './helper';

describe('missing-user-annotation', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const handlerWith = (parameters: string, initializer: string): ReturnType<typeof moduleOf> =>
    moduleOf(`static ssize_t handle(${parameters})
{
	return 0;
}
${initializer}
static int __init start(void)
{
	return 0;
}`);
  const all = (sources: ReturnType<typeof moduleOf>): Finding[] => analyzer.analyze(sources, MODERN).findings.filter(({ rule }) => rule === 'missing-user-annotation');
  const find = (parameters: string, initializer: string): string[] => {
    const sources = handlerWith(parameters, initializer);
    return all(sources).map((finding) => covered(sources[0], finding.range));
  };
  const WRITE = 'static const struct file_operations ops = { .write = handle };';
  const with2 = (second: string): string => `struct file *file, ${second}, size_t n, loff_t *at`;

  it('says what the pointer is and what to write', () => {
    const [finding] = all(handlerWith(with2('const char *text'), WRITE));
    assert.equal(
      finding?.message,
      "'text' is an address of the process that calls write(2), as in every struct file_operations, but it is not marked __user, so sparse cannot tell when it is used as kernel memory. Write 'const char __user *text'.",
    );
    assert.equal(finding.severity, 'hint');
  });

  it('finds it in the handlers of both structures', () => {
    assert.deepEqual(find(with2('const char *p'), WRITE), ['const char *p']);
    assert.deepEqual(find(with2('char* p'), 'static struct file_operations ops = { .read = handle };'), ['char* p']);
    assert.deepEqual(find(with2('const char *p'), 'static const struct proc_ops ops = { .proc_write = handle };'), ['const char *p']);
    assert.deepEqual(find(with2('char *p'), 'static const struct proc_ops ops = { .proc_read = handle };'), ['char *p']);
    assert.deepEqual(find(with2('const char *p'), `${WRITE}\nstatic const struct file_operations more = { .write = handle };`), ['const char *p'], 'once');
    assert.deepEqual(all(fixture('echo-device')).length, 1);
  });

  it('finds it in structures inside of others and in arrays', () => {
    assert.deepEqual(find(with2('char *p'), 'struct box { struct file_operations fops; };\nstatic const struct box b = { .fops = { .read = handle } };'), ['char *p']);
    assert.deepEqual(find(with2('char *p'), 'static struct file_operations table[] = { { .read = handle } };'), ['char *p']);
  });

  it('knows which structures pass user memory since when', () => {
    const on = (parameters: string, initializer: string, kernel: string): number =>
      analyzer.analyze(handlerWith(parameters, initializer), { arch: 'x86_64', kernel }).findings.filter(({ rule }) => rule === 'missing-user-annotation').length;
    const TABLE = 'static struct ctl_table table[] = { { .procname = "x", .proc_handler = handle }, { } };';
    const sysctl = 'struct ctl_table *t, int write, void *buffer, size_t *length, loff_t *at';
    assert.deepEqual([on(sysctl, TABLE, '5.7'), on(sysctl, TABLE, '5.8'), on(sysctl, TABLE, '6.12')], [1, 0, 0], 'proc_handler');
    const SOCKET = (field: string): string => `static const struct proto_ops ops = { .${field} = handle };`;
    const set = 'struct socket *s, int level, int name, char *value, unsigned int length';
    assert.deepEqual([on(set, SOCKET('setsockopt'), '5.8'), on(set, SOCKET('setsockopt'), '5.9')], [1, 0], 'setsockopt');
    assert.equal(on('struct socket *s, int level, int name, char *value, int __user *length', SOCKET('getsockopt'), '6.12'), 1, 'getsockopt');
    assert.equal(on('struct socket *s, int level, int name, sockptr_t value, unsigned int length', SOCKET('setsockopt'), '6.12'), 0, 'sockptr_t');
  });

  const good: readonly (readonly [title: string, parameters: string, initializer: string])[] = [
    ['a marked one', with2('const char __user *p'), WRITE],
    ['a marked one, in an odd place', with2('char * __user p'), WRITE],
    ['a mark behind a typedef', with2('user_text p'), `${WRITE}\ntypedef const char __user *user_text;`],
    ['a type that is not known', with2('some_pointer p'), WRITE],
    ['a handler of other parameters', 'struct file *file, char *p, size_t n', WRITE],
    ['another field', with2('char *p'), 'static const struct file_operations ops = { .llseek = handle };'],
    ['a structure that gets kernel memory', with2('char *p'), 'static const struct kernfs_ops ops = { .write = handle };'],
    ['a terminal', 'struct tty_struct *tty, const unsigned char *p, int n', 'static const struct tty_operations ops = { .write = handle };'],
    ['an attribute in sysfs', 'struct file *f, struct kobject *k, struct bin_attribute *a, char *p, loff_t at, size_t n', 'static struct bin_attribute ops = { .read = handle };'],
    ["a structure of the module's own", with2('char *p'), 'struct own { void *write; };\nstatic const struct own ops = { .write = handle };'],
    ['a function that no structure names', with2('char *p'), 'static const struct file_operations ops = { .owner = THIS_MODULE };'],
  ];
  for (const [title, parameters, initializer] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(find(parameters, initializer), []);
    });
  }
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { covered, loadAnalyzer, moduleOf, MODERN } from './helper';

const ITEM = 'struct item { struct work_struct work; char *text; int length; };';
const FILL = 'item->text = kmalloc(9, GFP_KERNEL);';

/** A work item that init fills and whose handler writes its text to a file. */
function moduleWith({ struct = ITEM, fill = FILL, get = '(struct item *)work', parameter = 'struct work_struct *work', more = '' }): SourceFile[] {
  return moduleOf(`${struct}
static struct file *file; static loff_t pos;
${more}
static void run(${parameter})
{
	struct item *item = ${get};
	vfs_write(file, item->text, item->length, &pos);
}
static int __init start(void)
{
	struct item *item = kzalloc(sizeof(*item), GFP_KERNEL);
	if (!item)
		return -ENOMEM;
	${fill}
	INIT_WORK(&item->work, (void *)run);
	return queue_work(queue, &item->work);
}`);
}

describe('memory in fields of the module\'s structures', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const find = (sources: SourceFile[]): string[] => analyzer.analyze(sources, MODERN).findings.filter(({ rule }) => rule.endsWith('-buffer')).map((finding) => `${finding.rule} ${covered(sources[0], finding.range)}`);

  it('says where the field is set', () => {
    const [finding] = analyzer.analyze(moduleWith({}), MODERN).findings.filter(({ rule }) => rule === 'vfs-kernel-buffer');
    assert.match(finding?.message ?? '', /gets a kernel address \(memory from kmalloc\(\) that field 'text' is set to, line 23\)\./);
    assert.deepEqual(finding?.related.map(({ range }) => range.start.line + 1), [23, 16, 16]);
  });

  const bad: readonly (readonly [title: string, sources: SourceFile[]])[] = [
    ['by container_of()', moduleWith({ get: 'container_of(work, struct item, work)' })],
    ['kept as private data', moduleWith({ get: 'f->private_data', parameter: 'struct file *f' })],
    ['by way of a variable', moduleWith({ fill: 'char *copy = kstrdup("x", GFP_KERNEL); if (!copy) return -ENOMEM; item->text = copy;' })],
    ['NULL at times', moduleWith({ more: 'static void drop(struct item *item) { kfree(item->text); item->text = NULL; }' })],
    ['a field of that name in another structure holds anything', moduleWith({ more: 'struct other { char *text; }; static void set(struct other *other, char *text) { other->text = text; }' })],
  ];
  for (const [title, sources] of bad) {
    it(`is found: ${title}`, () => {
      assert.deepEqual(find(sources), ['vfs-kernel-buffer item->text']);
    });
  }

  const good: readonly (readonly [title: string, sources: SourceFile[]])[] = [
    ['nothing is stored', moduleWith({ fill: '' })],
    ['something else is stored as well', moduleWith({ more: 'void set(struct item *item, char *text) { item->text = text; }' })],
    ['the structure comes from user space', moduleWith({ more: 'static long get(struct item *item, void __user *from) { return copy_from_user(item, from, sizeof(*item)); }' })],
    ["the structure is filled by the module's own function for bytes", moduleWith({ more: 'static long fetch(void *to, void __user *from, int n) { return copy_from_user(to, from, n); } static long get(struct item *item, void __user *from) { return fetch(item, from, sizeof(*item)); }' })],
    ['a structure that holds it comes from user space', moduleWith({ more: 'struct box { struct item item; }; static long get(struct box *box, void __user *from) { return copy_from_user(box, from, sizeof(*box)); }' })],
    ['a number is taken for its address', moduleWith({ get: '(struct item *)arg', parameter: 'unsigned long arg' })],
    ['bytes are taken for it', moduleWith({ get: '(struct item *)bytes', parameter: 'u8 *bytes' })],
    ['a message is taken for it', moduleWith({ get: 'nlmsg_data(message)', parameter: 'struct nlmsghdr *message' })],
    ["the field's address is given away", moduleWith({ more: 'static void get(struct item *item) { receive(&item->text); }' })],
    ['it is initialised without names', moduleWith({ more: 'static char *given; static struct item first = { {}, NULL, 0 };' })],
    ['the field is one for user space', moduleWith({ struct: ITEM.replace('char *text', 'char __user *text') })],
    ['the structure is the kernel\'s', moduleWith({ struct: 'struct item;' })],
    ['other files know the structure', [...moduleWith({ struct: '#include "item.h"' }), { path: 'item.h', text: `${ITEM}\n` }]],
  ];
  for (const [title, sources] of good) {
    it(`is unknown: ${title}`, () => {
      assert.deepEqual(find(sources), []);
    });
  }

  it('is looked at again when any other function changes', () => {
    const set = 'static void set(struct item *item, char *text) { item->text = NULL; }';
    const before = moduleWith({ more: set });
    const after = before.map(({ path, text }) => ({ path, text: text.replace('item->text = NULL', 'item->text = text') }));
    const followed = analyzer.follow(MODERN);
    const count = (sources: SourceFile[]): number => followed.inspect(sources).findings.filter(({ rule }) => rule === 'vfs-kernel-buffer').length;
    assert.deepEqual([count(before), count(after), count(before)], [1, 0, 1]);
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Analysis, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { brief, loadAnalyzer, moduleOf, MODERN, results } from './helper';

const LEVELS = 6;

/** A function whose calls reach each other so often that no budget suffices to run them all. */
const ENDLESS = [...Array(LEVELS).keys()]
  .map((level) => `static noinline int level${level}(int n)\n{\n${`\tn += ${level === 0 ? 'outside(n)' : `level${level - 1}(n)`};\n`.repeat(12)}\treturn n;\n}`)
  .join('\n');

const BEFORE = 'static struct file *file; static loff_t pos; static char text[9];';
const INIT = (statements: string): string => `static int __init start(void)\n{\n${statements}\n\treturn 0;\n}`;

/** Functions that each leave one of two address spaces in a pointer: too many paths to be kept apart, but not too much code. */
const SPLITS = 8;
const SPLITTING = `static char own[4];
${[...Array(SPLITS).keys()].map((level) => `static const char *held${level};`).join('\n')}
${[...Array(SPLITS).keys()]
  .map((level) => {
    const call = level === 0 ? 'outside(n)' : `choose${level - 1}(n, theirs)`;
    return `static int choose${level}(int n, const char __user *theirs)\n{\n\tif (outside(n)) held${level} = theirs; else held${level} = own;\n\tif (${call}) held${level} = own;\n\tif (${call}) n++;\n\treturn n;\n}`;
  })
  .join('\n')}`;
const CHOOSE = `choose${SPLITS - 1}`;
const writer = (statements: string): string => `${SPLITTING}
static ssize_t onWrite(struct file *f, const char __user *buffer, size_t n, loff_t *at)
{
	${CHOOSE}(n, buffer);
	${statements}
	return n;
}
static const struct file_operations fops = { .write = onWrite };
${INIT('\tregister_chrdev(0, "d", &fops);')}`;

describe('a module with more paths than can be followed', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const buffers = (sources: readonly SourceFile[], { findings }: Analysis): string[] => brief(findings, sources).filter((finding) => finding.includes('-buffer'));
  const find = (body: string): string[] => {
    const sources = moduleOf(`${BEFORE}\n${body}`);
    return buffers(sources, analyzer.analyze(sources, MODERN));
  };

  it('is looked at behind what has too many', () => {
    assert.deepEqual(find(writer('vfs_write(file, text, 9, &pos);')), ['vfs-kernel-buffer text']);
  });

  it('is looked at in the functions that run after it', () => {
    const other = 'static int later(void *data)\n{\n\tvfs_write(file, text, 9, &pos);\n\treturn 0;\n}';
    assert.deepEqual(find(`${ENDLESS}\n${other}\n${INIT(`\tlevel${LEVELS - 1}(1);\n\tkthread_run(later, NULL, "later");`)}`), ['vfs-kernel-buffer text']);
  });

  it('is looked at in the functions that were not reached', () => {
    const other = 'static void save(void)\n{\n\tvfs_write(file, text, 9, &pos);\n}';
    assert.deepEqual(find(`${ENDLESS}\n${other}\n${INIT(`\tlevel${LEVELS - 1}(1);\n\tsave();`)}`), ['vfs-kernel-buffer text']);
  });

  it('warns of no pointer that may be of user space', () => {
    assert.deepEqual(find(writer('vfs_write(file, held2, 4, &pos);')), []);
  });

  it('gets no predictions', () => {
    const sources = moduleOf(`${ENDLESS}\n${INIT(`\tstruct pt_regs regs = { };\n\ttable = (entry_t *)lookup("sys_call_table");\n\ttable[__NR_getpid](&regs);\n\tregs.di = 77;\n\ttable[__NR_close](&regs);\n\tlevel${LEVELS - 1}(1);`)}`);
    assert.deepEqual(results(analyzer.analyze(sources, MODERN)).filter((text) => !text.endsWith('unknown')), []);
  });

  it('ends with the same after an edit as when it is seen for the first time', () => {
    const text = (size: number): SourceFile[] => moduleOf(`${BEFORE}\n${ENDLESS}\nstatic int later(void *data)\n{\n\tvfs_write(file, text, ${size}, &pos);\n\treturn 0;\n}\n${writer(`level${LEVELS - 1}(1);\n\tkthread_run(later, NULL, "later");`)}`);
    const following = analyzer.follow(MODERN);
    for (const size of [9, 8, 9]) assert.deepEqual(following.inspect(text(size)), analyzer.inspect(text(size), MODERN));
  });
});

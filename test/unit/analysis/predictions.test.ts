// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Analyzer } from '../../../server/src/analysis';
import { initOf, loadAnalyzer, moduleOf, MODERN, results } from './helper';

describe('predictions', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const predict = (statements: string, before = ''): string[] => results(analyzer.analyze(initOf(statements, before), MODERN));
  const call = (name: string, ...list: (string | number)[]): string =>
    `${list.map((value, index) => `regs.${['di', 'si', 'dx', 'r10'][index]} = ${value};`).join(' ')} rc = table[__NR_${name}](&regs);`;

  const tables: readonly (readonly [title: string, statements: string, expected: readonly string[]])[] = [
    ['the lowest free descriptor', call('dup', 1) + call('dup', 2), ['dup = 4', 'dup = 5']],
    ['a closed descriptor is the next free one', call('close', 2) + call('dup', 0) + call('dup', 0), ['close = 0', 'dup = 2', 'dup = 4']],
    ['closing twice', call('close', 1) + call('close', 1), ['close = 0', 'close = -9']],
    ['a descriptor that is free', call('close', 4) + call('dup', 77), ['close = -9', 'dup = -9']],
    ['write to a closed descriptor', `${call('close', 1)}${call('write', 1, '(unsigned long)"x"', 1)}`, ['close = 0', 'write = -9']],
    ['write to the module file, which is read-only', call('write', 3, '(unsigned long)"x"', 1), ['write = -9']],
    ['read from the module file into kernel memory', call('read', 3, '(unsigned long)&rc', 8), ['read = -14']],
    ['write where writing is not certain', call('write', 0, '(unsigned long)"x"', 1), ['write = unknown']],
    ['dup2 gives the new descriptor', call('dup2', 1, 9) + call('close', 9) + call('dup2', 50, 1), ['dup2 = 9', 'close = 0', 'dup2 = -9']],
    ['dup2 to itself', call('dup2', 1, 1), ['dup2 = 1']],
    ['dup3 refuses itself and unknown flags', call('dup3', 1, 1, 0) + call('dup3', 1, 7, 1) + call('dup3', 1, 7, 'O_CLOEXEC'), ['dup3 = -22', 'dup3 = -22', 'dup3 = 7']],
    ['a path in kernel memory', call('open', '(unsigned long)"/etc/passwd"', 'O_RDONLY', 0) + call('dup', 1), ['open = -14', 'dup = 4']],
    ['an unknown open may take the lowest free descriptor only', call('open', 'jiffies', 'O_RDONLY', 0) + call('close', 5) + call('dup', 1), ['open = unknown', 'close = -9', 'dup = unknown']],
    ['an unknown open leaves what lies below', call('open', 'jiffies', 'O_RDONLY', 0) + call('close', 0) + call('dup', 1), ['open = unknown', 'close = 0', 'dup = 0']],
    ['paths in kernel memory of openat and creat', call('openat', -100, '(unsigned long)"/x"', 'O_RDONLY', 0) + call('openat', 77, '(unsigned long)"/x"', 'O_RDONLY', 0) + call('creat', '(unsigned long)"/x"', 0), ['openat = -14', 'openat = -14', 'creat = -14']],
    ['flags that open refuses before it looks at the path', call('open', '(unsigned long)"/x"', '020000000', 0) + call('dup', 1), ['open = unknown', 'dup = unknown']],
    ['a second pointer that an earlier check can keep from being looked at', call('rt_sigaction', 1, '(unsigned long)&rc', 0, 8), ['rt_sigaction = unknown']],
    ['nothing to read or write', call('write', 1, 0, 0) + call('read', 3, 0, 0) + call('read', 1, 0, 0) + call('write', 1, '(unsigned long)&rc', 0), ['write = 0', 'read = 0', 'read = unknown', 'write = -14']],
    ['nothing to write to a closed descriptor', call('write', 9, 0, 0), ['write = -9']],
    ['numbers that are no descriptors', call('close', -1) + call('dup', -1) + call('dup2', 1, -1) + call('dup2', -1, -1) + call('read', -5, 0, 0), ['close = -9', 'dup = -9', 'dup2 = -9', 'dup2 = -9', 'read = -9']],
    ['dup3 with wrong flags before wrong descriptors', call('dup3', 77, 77, 4) + call('dup3', 77, 77, 0) + call('dup3', 77, 78, 0), ['dup3 = -22', 'dup3 = -22', 'dup3 = -9']],
    ['other calls on a closed descriptor', call('fsync', 9) + call('lseek', 9, 0, 0) + call('fcntl', 9, 3, 0) + call('dup', 1), ['fsync = -9', 'lseek = -9', 'fcntl = -9', 'dup = 4']],
    ['calls that make a descriptor', call('eventfd2', 0, 'O_CLOEXEC') + call('inotify_init') + call('epoll_create1', 4), ['eventfd2 = 4', 'inotify_init = 5', 'epoll_create1 = unknown']],
    ['a descriptor above the usual limit', call('dup2', 1, 2000) + call('close', 2000) + call('close', 3000) + call('dup', 1), ['dup2 = unknown', 'close = unknown', 'close = -9', 'dup = 4']],
    ['calls that never fail', call('sched_yield') + call('sync'), ['sched_yield = 0', 'sync = 0']],
    ['calls without arguments are unknown and spoil nothing', call('getpid') + call('dup', 1), ['getpid = unknown', 'dup = 4']],
    ['an unknown descriptor', call('close', 'jiffies') + call('dup', 1), ['close = unknown', 'dup = unknown']],
    ['calls in a loop with known rounds', `int i; for (i = 0; i < 3; i++) { ${call('close', 'i')} } ${call('dup', 3)}`, ['close = 0', 'dup = 0']],
    ['calls in a loop with unknown rounds', `while (jiffies & 1) { ${call('close', 1)} } ${call('dup', 1)}`, ['close = unknown', 'dup = unknown']],
    ['a result decides the branch', `${call('dup', 1)} if (rc >= 0) { regs.di = rc; rc = table[__NR_close](&regs); } ${call('dup', 1)}`, ['dup = 4', 'close = 0', 'dup = 4']],
    ['a branch against the prediction', `${call('dup', 1)} if (rc < 0) { ${call('close', 1)} } ${call('dup', 1)}`, ['dup = 4', 'close = unknown', 'dup = 5']],
    ['branches that leave the descriptors alone', `if (jiffies & 1) { ${call('write', 1, '(unsigned long)"x"', 1)} } ${call('dup', 1)}`, ['write = -14', 'dup = 4']],
    ['branches that may close', `if (jiffies & 1) { ${call('close', 0)} } ${call('dup', 1)}`, ['close = 0', 'dup = unknown']],
    ['a branch that undoes what it did', `if (jiffies & 1) { ${call('dup', 1)} ${call('close', 4)} } ${call('dup', 1)}`, ['dup = 4', 'close = 0', 'dup = 4']],
    ['set_fs makes results unknown', `set_fs(KERNEL_DS); ${call('write', 1, '(unsigned long)"x"', 1)}`, ['write = unknown']],
    ['an unknown call number spoils the descriptors', `rc = table[jiffies](&regs); ${call('dup', 1)}`, ['dup = unknown']],
    ['an unknown register', `regs.di = get_random_u32(); rc = table[__NR_dup](&regs);`, ['dup = unknown']],
  ];
  for (const [title, statements, expected] of tables) {
    it(title, () => {
      assert.deepEqual(predict(statements), expected);
    });
  }

  it('names what it takes for granted', () => {
    const [dup] = analyzer.analyze(initOf(call('dup', 1)), MODERN).predictions;
    assert.deepEqual(dup?.assumes.map((item) => item.id), ['descriptor-1-open', 'descriptor-0-open', 'descriptor-2-open', 'descriptor-3-module', 'descriptor-4-up-free']);
  });

  it('says the line, the function and the report of each call', () => {
    const sources = initOf(`	regs.di = 1;
	rc = table[__NR_dup](&regs);
	printk(KERN_INFO "a %d " "b %ld\\n", 3, rc);`);
    const [dup] = analyzer.analyze(sources, MODERN).predictions;
    const line = (sources[0]?.text.split('\n').findIndex((text) => text.includes('__NR_dup')) ?? 0) + 1;
    assert.deepEqual(dup?.source, { file: 'sample.c', line });
    assert.equal(dup.caller, 'start');
    assert.equal(dup.id, `sample.c:${line}:dup`);
    assert.deepEqual(dup.report, { source: { file: 'sample.c', line: line + 1 }, format: 'a %d b %ld\n', conversion: 1 });
  });

  const reports: readonly (readonly [title: string, statements: string, expected: readonly [string, number] | null])[] = [
    ['pr_info with its prefix', 'pr_info("dup=%ld\\n", rc);', ['tool: dup=%ld\n', 0]],
    ['a width from an argument', 'pr_err("%*d%% %ld\\n", 4, 1, rc);', ['tool: %*d%% %ld\n', 1]],
    ['dev_info after its device', 'dev_info(NULL, "%s %ld\\n", "x", rc);', ['%s %ld\n', 1]],
    ['through another variable', 'long copy = rc; rc = 5; printk("%ld", copy);', ['%ld', 0]],
    ['not after a new value', 'rc = 5; printk("%ld", rc);', null],
    ['not another number', 'printk("%ld", rc + 1);', null],
    ['not what is never logged', 'pr_debug("%ld", rc);', null],
  ];
  for (const [title, statements, expected] of reports) {
    it(`report: ${title}`, () => {
      const [dup] = analyzer.analyze(initOf(`${call('dup', 1)} ${statements}`, '#undef pr_fmt\n#define pr_fmt(fmt) "tool: " fmt'), MODERN).predictions;
      assert.deepEqual(dup?.report ? [dup.report.format, dup.report.conversion] : null, expected);
    });
  }

  it('report: with the name of the module in its prefix', () => {
    const [dup] = analyzer.analyze(initOf(`${call('dup', 1)} pr_info("%ld\\n", rc);`, '#undef pr_fmt\n#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt'), MODERN).predictions;
    assert.equal(dup?.report?.format, 'sample: %ld\n');
  });

  it('finds the report in the caller of a helper', () => {
    const sources = initOf('	rc = copy_of(1);\n	pr_info("dup() = %ld\\n", rc);', `static long copy_of(int fd)
{
	struct pt_regs r = { .di = fd };
	return table[__NR_dup](&r);
}`);
    const [dup] = analyzer.analyze(sources, MODERN).predictions;
    assert.equal(dup?.caller, 'copy_of');
    assert.equal(dup.report?.format, 'dup() = %ld\n');
  });

  it('counts an always-inlined helper and a macro as the line that uses them', () => {
    const text = (use: string, before: string): number[] => {
      const sources = initOf(`	rc = ${use};`, before);
      const line = (sources[0]?.text.split('\n').findIndex((item) => item.includes(`rc = ${use}`)) ?? 0) + 1;
      const [dup] = analyzer.analyze(sources, MODERN).predictions;
      assert.equal(dup?.caller, 'start');
      return [dup.source.line, line];
    };
    const [helper, helperLine] = text('copy_of(1)', 'static __always_inline long copy_of(int fd)\n{\n	struct pt_regs r = { .di = fd };\n	return table[__NR_dup](&r);\n}');
    assert.equal(helper, helperLine);
    const [macro, macroLine] = text('CALL(dup, 1)', '#define CALL(name, fd) ({ struct pt_regs r = { .di = (fd) }; table[__NR_##name](&r); })');
    assert.equal(macro, macroLine);
  });

  it('predicts an early return and the main path apart', () => {
    const analysis = analyzer.analyze(
      moduleOf(`static int find(void)
{
	table = (entry_t *)lookup("sys_call_table");
	if (!table)
		return -ENOENT;
	return 0;
}

static int swap(void)
{
	struct pt_regs regs = { .di = 0 };
	long rc;

	rc = table[__NR_close](&regs);
	if (rc)
		goto failed;
	return 0;
failed:
	pr_err("no\\n");
	return rc;
}

static int __init start(void)
{
	struct pt_regs regs = { .di = 1 };
	int rc = find();

	if (rc)
		return rc;
	rc = swap();
	if (rc < 0)
		goto out;
	rc = table[__NR_dup](&regs);
out:
	return rc;
}`),
      MODERN,
    );
    assert.deepEqual(results(analysis), ['close = 0', 'dup = 0']);
  });

  it('follows the experiments that a parameter selects', () => {
    const analysis = analyzer.analyze(
      moduleOf(`static char *which = "all";
module_param(which, charp, 0444);

struct experiment {
	const char *name;
	void (*run)(void);
};

static void refused(void)
{
	static char text[] = "hello";
	struct pt_regs regs = { .di = 1, .si = (unsigned long)text, .dx = sizeof(text) };
	pr_info("%ld\\n", table[__NR_write](&regs));
}

static void numbers(void)
{
	struct pt_regs regs = { .di = 1 };
	table[__NR_close](&regs);
	regs.di = 2;
	table[__NR_dup](&regs);
}

static const struct experiment experiments[] = {
	{ "refused", refused },
	{ .name = "numbers", .run = numbers },
};

static int __init start(void)
{
	int i;

	table = (entry_t *)lookup("sys_call_table");
	for (i = 0; i < ARRAY_SIZE(experiments); i++)
		if (!strcmp(which, "all") || !strcmp(which, experiments[i].name))
			experiments[i].run();
	return 0;
}`),
      MODERN,
    );
    assert.deepEqual(results(analysis), ['write = -14', 'close = 0', 'dup = 1']);
  });

  const handler = (statements: string, fields = '.write = echo'): string[] =>
    results(
      analyzer.analyze(
        moduleOf(`static ssize_t echo(struct file *file, const char *from, size_t amount, loff_t *at)
{
	struct pt_regs regs = { };
${statements}
	table[__NR_write](&regs);
	return amount;
}
static const struct file_operations ops = { ${fields} };
static int __init start(void)
{
	table = (entry_t *)lookup("sys_call_table");
	return register_chrdev(0, "echo", &ops);
}`),
        MODERN,
      ),
    );

  it('gives a write handler its length back', () => {
    assert.deepEqual(handler('regs.di = 2; regs.si = (unsigned long)from; regs.dx = amount;'), ['write = argument 2 amount']);
    assert.deepEqual(handler('unsigned long p = (unsigned long)from; size_t n = amount - 3; regs.di = 1; regs.si = p; regs.dx = n;'), ['write = argument 2 amount - 3']);
    assert.deepEqual(handler('regs.di = 2; regs.si = (unsigned long)from; regs.dx = 5;'), ['write = 5']);
  });

  it('does not guess in a handler', () => {
    assert.deepEqual(handler('regs.di = 7; regs.si = (unsigned long)from; regs.dx = amount;'), ['write = unknown']);
    assert.deepEqual(handler('regs.di = 2; regs.si = (unsigned long)from; regs.dx = min(amount, 9);'), ['write = unknown']);
    assert.deepEqual(handler('regs.di = 2; regs.si = (unsigned long)from; regs.dx = amount + 1;'), ['write = unknown']);
    assert.deepEqual(handler('regs.di = 2; regs.si = (unsigned long)from; regs.dx = amount;', '.unlocked_ioctl = echo'), ['write = unknown']);
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Finding, SourceFile } from '../../../core/model/analysis';
import type { Analyzer } from '../../../server/src/analysis';
import { covered, loadAnalyzer, moduleOf, MODERN } from './helper';

const BUFFER_RULES = new Set(['kernel-buffer', 'mixed-buffer', 'set-fs-buffer']);
const TEXT = 'static char text[9];';
const CALL = 'regs.si = (unsigned long)p; table[__NR_write](&regs);';

/** A hook of openat whose body may change a copy of the registers. */
function hookOf(statements: string, before = ''): SourceFile[] {
  return moduleOf(`${before}
static entry_t original;
${TEXT}
static asmlinkage long hook(const struct pt_regs *regs)
{
	struct pt_regs changed = *regs;
${statements}
}
static int __init start(void)
{
	table = (entry_t *)lookup("sys_call_table");
	original = table[__NR_openat];
	table[__NR_openat] = hook;
	return 0;
}`);
}

/** A write handler whose \`user\` is its caller's buffer. */
function handlerOf(statements: string, before = ''): SourceFile[] {
  return moduleOf(`${TEXT}
${before}
static ssize_t handle(struct file *file, const char __user *user, size_t n, loff_t *at)
{
	struct pt_regs regs = { .di = 1, .dx = n };
	const char *p;
${statements}
	return n;
}
static const struct file_operations ops = { .write = handle };
static int __init start(void) { table = (entry_t *)lookup("sys_call_table"); return 0; }`);
}

describe('mixed-buffer', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const all = (sources: SourceFile[]): Finding[] => analyzer.analyze(sources, MODERN).findings.filter(({ rule }) => BUFFER_RULES.has(rule));
  const find = (sources: SourceFile[]): string[] => all(sources).map((finding) => `${finding.rule} ${covered(sources[0], finding.range)}`);

  it('names both addresses, and where each comes from', () => {
    const sources = hookOf('if (changed.dx) changed.si = (unsigned long)text; return original(&changed);');
    const [finding] = all(sources);
    assert.match(
      finding?.message ?? '',
      /^openat\(\): argument 2 \('filename', const char __user \*\) gets a kernel address on one path \(static array 'text', line \d+\) and a user address on another \(what the process passed in 'si', line \d+\)\. strncpy_from_user\(\) rejects it, as it lies above TASK_SIZE_MAX, and on the first path the call will normally return -EFAULT \(-14\)\.$/,
    );
    assert.equal(finding?.severity, 'warning');
    assert.deepEqual(finding.related.map(({ range }) => covered(sources[0], range)), ['text', 'const struct pt_regs *regs', '(unsigned long)text', 'original(&changed)']);
  });

  const bad: readonly (readonly [title: string, sources: SourceFile[], expected: string])[] = [
    ['a changed copy of the registers', hookOf('if (jiffies) changed.si = (unsigned long)"/dev/null"; return original(&changed);'), '(unsigned long)"/dev/null"'],
    ["the hook's own registers, changed", hookOf('if (jiffies) ((struct pt_regs *)regs)->si = (unsigned long)text; return original(regs);'), '(unsigned long)text'],
    ['a conditional expression', handlerOf(`p = jiffies ? text : (const char *)user; ${CALL}`), '(unsigned long)p'],
    ['an if with both arms', handlerOf(`if (n > 4) p = user; else p = text; ${CALL}`), '(unsigned long)p'],
    ['a switch', handlerOf(`switch (n) { case 1: p = text; break; default: p = user; } ${CALL}`), '(unsigned long)p'],
    ['a goto', handlerOf(`p = user; if (n < 4) goto go; p = text; go: ${CALL}`), '(unsigned long)p'],
    ['a helper that returns either', handlerOf(`p = pick(user, n); ${CALL}`, 'static const char *pick(const char *u, int n) { if (n) return u; return text; }'), '(unsigned long)p'],
    ['a helper that fills the registers', handlerOf('fill(&regs, user, n); table[__NR_write](&regs);', 'static void fill(struct pt_regs *r, const char *u, int n) { r->si = (unsigned long)u; if (n) r->si = (unsigned long)text; }'), '(unsigned long)text'],
    ['an unrelated condition before the call', handlerOf(`p = n > 4 ? (const char *)user : text; if (n == 3) return -EINVAL; ${CALL}`), '(unsigned long)p'],
    ['an unrelated condition around the call', handlerOf(`p = n > 4 ? (const char *)user : text; if (file) { ${CALL} }`), '(unsigned long)p'],
    ['in a loop', handlerOf(`int i; p = user; for (i = 0; i < n; i++) { if (jiffies & 1) p = text; else p = user; ${CALL} }`), '(unsigned long)p'],
    ['the condition is asked again after it changed', handlerOf(`int k = jiffies; if (k) p = user; else p = text; k = get_random_u32(); if (k) { ${CALL} }`), '(unsigned long)p'],
  ];
  for (const [title, sources, expected] of bad) {
    it(`finds: ${title}`, () => {
      assert.deepEqual(find(sources), [`mixed-buffer ${expected}`]);
    });
  }

  it('knows the arguments of a hook that takes them directly, from the entry that it replaces', () => {
    const hook = (entry: string): string[] => {
      const sources = moduleOf(`typedef long (*direct_t)(const char *, int, int);
static direct_t original, *entries;
static long hook(const char *path, int flags, int mode) { if (flags & 64) path = "/dev/null"; return original(path, flags, mode); }
static int __init start(void) { entries = (direct_t *)lookup("sys_call_table"); original = entries[${entry}]; entries[${entry}] = hook; return 0; }`);
      return analyzer.analyze(sources, { arch: 'x86_64', kernel: '4.15' }).findings.filter(({ rule }) => BUFFER_RULES.has(rule)).map((finding) => `${finding.rule} ${covered(sources[0], finding.range)}`);
    };
    assert.deepEqual(hook('__NR_open'), ['mixed-buffer path']);
    assert.deepEqual(hook('jiffies'), []);
  });

  const good: readonly (readonly [title: string, sources: SourceFile[]])[] = [
    ['the same condition guards the call', handlerOf(`int k = jiffies; if (k) p = user; else p = text; if (k) { ${CALL} }`)],
    ['the contrary condition guards the other use', handlerOf(`int k = jiffies; p = k ? (const char *)user : text; if (!k) { pr_info("%s", p); return n; } ${CALL}`)],
    ['the condition is a comparison written the other way', handlerOf(`p = n > 4 ? (const char *)user : text; if (4 < n) { ${CALL} }`)],
    ['the condition is a flag', handlerOf(`if (n & 4) p = user; else p = text; if ((n & 4) != 0) { ${CALL} }`)],
    ['the condition is a field', handlerOf(`if (file->f_flags & O_NONBLOCK) p = text; else p = user; if (!(file->f_flags & O_NONBLOCK)) { ${CALL} }`)],
    ['the condition is a question to the kernel', handlerOf(`if (in_task()) p = user; else p = text; if (in_task()) { ${CALL} }`)],
    ['a variable remembers the path', handlerOf(`bool own = false; p = user; if (jiffies) { p = text; own = true; } if (own) pr_info("%s", p); else { ${CALL} }`)],
    ["a helper's result tells the path", handlerOf(`int rc = take(&p, user, n); if (rc < 0) return rc; ${CALL}`, 'static int take(const char **p, const char *u, int n) { if (n) { *p = text; return -EINVAL; } *p = u; return 0; }')],
    ['two switches over one value', handlerOf(`switch (n) { case 1: p = text; break; default: p = user; } switch (n) { case 1: break; default: ${CALL} }`)],
    ['access_ok() tells the path', handlerOf(`p = jiffies ? text : (const char *)user; if (access_ok(p, n)) { ${CALL} }`)],
    ['a comparison of the address tells the path', handlerOf(`p = jiffies ? text : (const char *)user; if ((unsigned long)p >= TASK_SIZE_MAX) return -EINVAL; ${CALL}`)],
    ['set_fs() is open on the path of the kernel address', handlerOf(`if (jiffies) { p = text; set_fs(KERNEL_DS); } else p = user; ${CALL}`)],
    ['uaccess_kernel() tells the path', handlerOf(`mm_segment_t old = get_fs(); p = user; if (jiffies) { p = text; set_fs(KERNEL_DS); } if (uaccess_kernel()) { set_fs(old); return 0; } ${CALL}`)],
    ['NULL or a user address', handlerOf(`p = jiffies ? NULL : (const char *)user; ${CALL}`)],
    ['an unknown or a user address', handlerOf(`p = jiffies ? get_thing() : (const char *)user; ${CALL}`)],
    ['an unknown or a kernel address', handlerOf(`p = jiffies ? get_thing() : text; ${CALL}`)],
    ['an array of both, by index', handlerOf(`const char *both[2] = { text, user }; p = both[jiffies & 1]; ${CALL}`)],
    ['a global that holds one, then the other', handlerOf(`p = kept; kept = n ? text : (const char *)user; ${CALL}`, 'static const char *kept;')],
    ['only the length differs', hookOf('if (jiffies) changed.dx = 0; return original(&changed);')],
    ['a register that the call does not read', hookOf('if (jiffies) changed.r9 = (unsigned long)text; return original(&changed);')],
    ['each path has its own call', handlerOf(`if (jiffies) { regs.si = (unsigned long)user; return table[__NR_write](&regs); } p = text; pr_info("%s", p);`)],
    ['a path that only a broken assumption takes', handlerOf(`char *own = kmalloc(9, GFP_KERNEL); p = own; if (!own) p = user; if (own) return 0; ${CALL}`)],
  ];
  for (const [title, sources] of good) {
    it(`is silent: ${title}`, () => {
      assert.deepEqual(find(sources), []);
    });
  }

  it('is a kernel-buffer where the condition leaves only the kernel address', () => {
    assert.deepEqual(find(handlerOf(`int k = jiffies; if (k) p = user; else p = text; if (!k) { ${CALL} }`)), ['kernel-buffer (unsigned long)p']);
  });

  it('is a kernel-buffer at the caller that brings one, where a helper is called with both', () => {
    const sources = handlerOf('put(user); put(text);', 'static long put(const char *p) { struct pt_regs r = { .di = 1, .si = (unsigned long)p }; return table[__NR_write](&r); }');
    assert.deepEqual(find(sources), ['kernel-buffer text']);
  });
});

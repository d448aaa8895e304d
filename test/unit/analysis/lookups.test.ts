// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Analyzer } from '../../../server/src/analysis';
import { brief, loadAnalyzer, MODERN } from './helper';

const HEAD = `#include <linux/kallsyms.h>
static char text[9];
typedef long (*write_t)(unsigned int, const char __user *, size_t);
`;
const CALL = 'static int __init start(void)\n{\n\twrite_t put = (write_t)find("sys_write");\n\treturn put(1, text, 3);\n}\nmodule_init(start);\n';

describe('functions of the module that look a symbol up', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const found = (text: string): string[] => {
    const sources = [{ path: 'a.c', text: HEAD + text }];
    return brief(analyzer.analyze(sources, MODERN).findings.filter(({ rule }) => rule === 'kernel-buffer'), sources);
  };

  const finders: Readonly<Record<string, string>> = {
    'a callback that compares with its data': `static unsigned long seen;
static int visit(void *data, const char *name, struct module *mod, unsigned long addr) { if (!strcmp(data, name)) { seen = addr; return 1; } return 0; }
static unsigned long find(const char *name) { kallsyms_on_each_symbol(visit, (void *)name); return seen; }`,
    'a callback without the module, as since 6.4': `static unsigned long seen;
static int visit(void *data, const char *name, unsigned long addr) { if (strcmp(name, (char *)data) == 0) { seen = addr; return 1; } return 0; }
static unsigned long find(const char *name) { kallsyms_on_each_symbol(visit, (void *)name); return seen; }`,
    'a callback that fills a structure': `struct search { const char *name; unsigned long addr; };
static int visit(void *data, const char *name, unsigned long addr) { struct search *s = data; if (strcmp(s->name, name)) return 0; s->addr = addr; return 1; }
static unsigned long find(const char *name) { struct search s = { .name = name }; kallsyms_on_each_symbol(visit, &s); return s.addr; }`,
    'a function inside a function': `static unsigned long find(const char *name) {
	static unsigned long seen;
	int visit(void *data, const char *sym, struct module *mod, unsigned long addr) { if (!strcmp((char *)data, sym)) { seen = addr; return 1; } return 0; }
	kallsyms_on_each_symbol(visit, (void *)name);
	return seen;
}`,
    'a reader of /proc/kallsyms': `unsigned long parse(char *line);
static unsigned long find(const char *name) { char line[99]; read_line("/proc/kallsyms", line, name); return parse(line); }`,
  };
  for (const [title, finder] of Object.entries(finders)) {
    it(`are followed: ${title}`, () => {
      assert.deepEqual(found(`${finder}\n${CALL}`), ['kernel-buffer text']);
    });
  }

  it('are followed: a callback that names what it takes', () => {
    const text = `static write_t put; static write_t other;
static int visit(void *data, const char *name, unsigned long addr) { if (!strcmp(name, "sys_unlink")) other = (write_t)addr; if (!strcmp(name, "sys_write")) put = (write_t)addr; return 0; }
static int __init start(void) { kallsyms_on_each_symbol(visit, NULL); return put(1, text, 3); }
module_init(start);`;
    assert.deepEqual(found(text), ['kernel-buffer text']);
  });

  it('are not guessed where they give something of their own', () => {
    assert.deepEqual(found(`static long own(unsigned int fd, const char *p, size_t n) { return 0; }\nstatic write_t find(const char *name) { return own; }\n${CALL}`), []);
  });
});

describe('a search of memory for the table', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  for (const from of ['(unsigned long)sys_close', 'PAGE_OFFSET', '0xffffffff81000000']) {
    it(`is followed from ${from}`, () => {
      const text = `#include <linux/module.h>
static unsigned long **search(void)
{
	unsigned long at = ${from};

	while (at < ULONG_MAX) {
		unsigned long **table = (unsigned long **)at;

		if (table[__NR_close] == (unsigned long *)sys_close)
			return table;
		at += sizeof(void *);
	}
	return NULL;
}
static unsigned long **found;
static long (*original)(const char __user *);
static int __init start(void)
{
	found = search();
	if (!found)
		return -ENOENT;
	original = (void *)found[__NR_unlink];
	return original("/tmp/x");
}
module_init(start);`;
      const sources = [{ path: 'a.c', text }];
      assert.deepEqual(brief(analyzer.analyze(sources, { arch: 'x86_64', kernel: '4.9' }).findings.filter(({ rule }) => rule === 'kernel-buffer'), sources), ['kernel-buffer "/tmp/x"']);
    });
  }

  it('is remembered where init copied the table for handlers', () => {
    const text = `#include <linux/module.h>
static void *saved[400];
static unsigned long *sys_call_table = (unsigned long *)0xffffffff81801460;
static long hook(const char __user *name) { return ((long (*)(const char *))saved[87])("/tmp/x"); }
int init_module(void) { memcpy(saved, sys_call_table, sizeof(saved)); sys_call_table[87] = (unsigned long)hook; return 0; }`;
    const sources = [{ path: 'a.c', text }];
    assert.deepEqual(brief(analyzer.analyze(sources, { arch: 'x86_64', kernel: '4.9' }).findings.filter(({ rule }) => rule === 'kernel-buffer'), sources), ['kernel-buffer "/tmp/x"']);
  });

  it('is not needed where a variable is called like the table', () => {
    const sources = [{ path: 'a.c', text: '#include <linux/module.h>\nstatic unsigned long *sys_call_table = (unsigned long *)0xffffffff81801460;\nstatic int __init start(void) { long (*f)(const char *) = (void *)sys_call_table[87]; return f("/tmp/x"); }\nmodule_init(start);' }];
    assert.deepEqual(brief(analyzer.analyze(sources, { arch: 'x86_64', kernel: '4.9' }).findings.filter(({ rule }) => rule === 'kernel-buffer'), sources), ['kernel-buffer "/tmp/x"']);
  });
});

describe('addresses that functions of the kernel hand on', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  for (const value of ["strrchr(text, '/')", 'strim(text)', 'strcpy(text, "a")', 'd_path(&file->f_path, text, 9)']) {
    it(`are those of their argument: ${value}`, () => {
      const sources = [{ path: 'a.c', text: `${HEAD}struct file *file;\nstatic int __init start(void) { char *p = ${value}; return ksys_write(1, p, 1); }\nmodule_init(start);` }];
      assert.deepEqual(brief(analyzer.analyze(sources, MODERN).findings.filter(({ rule }) => rule === 'kernel-buffer'), sources), ['kernel-buffer p']);
    });
  }
});

describe('files of a module', () => {
  let analyzer: Analyzer;
  before(async () => {
    analyzer = await loadAnalyzer();
  });
  after(() => {
    analyzer.dispose();
  });

  const rules = (text: string): string[] => analyzer.analyze([{ path: 'a.c', text }], MODERN).findings.map(({ rule }) => rule);

  it('are known without the word module', () => {
    assert.ok(rules('#include <linux/syscalls.h>\nlong put(void) { return ksys_write(1, "x", 1); }').includes('kernel-buffer'));
  });

  it('are not the programs beside it', () => {
    assert.deepEqual(rules('#include <stdio.h>\n#include <linux/kernel.h>\nlong put(void) { return ksys_write(1, "x", 1); }'), []);
  });

  it('may have what sets their globals up in a function that another file calls', () => {
    const text = `#include <linux/kernel.h>
static long (*original)(unsigned int, const char *, size_t);
static long hook(unsigned int fd, const char *buf, size_t count) { return original(1, "x", 1); }
void set_up(void **table) { original = (void *)table[__NR_write]; table[__NR_write] = hook; }`;
    assert.ok(rules(text).includes('kernel-buffer'));
  });
});

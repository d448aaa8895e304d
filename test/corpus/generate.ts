// SPDX-License-Identifier: MIT
import type { Architecture } from '../../core/model/analysis';

/** A generated module that hands one address to a syscall, in one of very many ways of writing that. */
export interface GeneratedModule {
  readonly text: string;
  readonly arch: Architecture;
  readonly syscall: string;
  /** From 1. */
  readonly argument: number;
  /** Lines, from 1, at one of which a finding about the address belongs. */
  readonly lines: readonly number[];
  /** The choices that were made. */
  readonly title: string;
}

/** Pseudo-random numbers in [0, 1) that a seed repeats. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const HERE = '/* here */';

interface Source {
  /** Declarations of the file, what happens in the function before, and the pointer. */
  readonly file?: string;
  readonly before?: string;
  readonly pointer: string;
}

/** Memory of the kernel, however it comes about. */
const KERNEL: Readonly<Record<string, Source>> = {
  'array on the stack': { before: 'char near[32] = "near";', pointer: 'near' },
  'element of an array': { before: 'char near[32] = "near";', pointer: '&near[3]' },
  'variable on the stack': { before: 'long one = 1;', pointer: '&one' },
  'literal': { pointer: '"/tmp/literal"' },
  'kmalloc': { before: 'char *heap = kmalloc(64, GFP_KERNEL);\n\tif (!heap)\n\t\treturn -ENOMEM;', pointer: 'heap' },
  'kzalloc': { before: 'char *heap = kzalloc(64, GFP_KERNEL);', pointer: 'heap' },
  'vmalloc': { before: 'void *heap = vmalloc(4096);', pointer: 'heap' },
  'page': { before: 'unsigned long page = get_zeroed_page(GFP_KERNEL);', pointer: '(char *)page' },
  'kstrdup': { before: 'char *copy = kstrdup("copy", GFP_KERNEL);', pointer: 'copy' },
  'kasprintf': { before: 'char *copy = kasprintf(GFP_KERNEL, "%d", 1);', pointer: 'copy' },
  'kernel copy of user data': { before: 'char *copy = memdup_user((void __user *)jiffies, 16);\n\tif (IS_ERR(copy))\n\t\treturn PTR_ERR(copy);', pointer: 'copy' },
  'static array': { file: 'static char fixed[64] = "fixed";', pointer: 'fixed' },
  'offset in a static array': { file: 'static char fixed[64];', pointer: 'fixed + 8' },
  'string of the file': { file: 'static const char *name_of_file = "/tmp/x";', pointer: 'name_of_file' },
  'module parameter': { file: 'static char *path = "/tmp/y";\nmodule_param(path, charp, 0444);', pointer: 'path' },
  'member of a structure': { file: 'static struct { int count; char text[32]; } box;', pointer: 'box.text' },
  'name of the function': { pointer: '__func__' },
  'static array of a function': { before: 'static char inner[16];', pointer: 'inner' },
  'one of two': { file: 'static char fixed[64];', before: 'char near[32];', pointer: '(jiffies & 1 ? fixed : near)' },
  'text that was written': { before: 'char near[64];\n\tsnprintf(near, sizeof(near), "%d", 7);', pointer: 'near' },
};

/** How the address becomes what is stored. `@` is the pointer. */
const LAUNDRY: readonly (readonly [title: string, file: string, before: string, value: string])[] = [
  ['cast', '', '', '(unsigned long)(@)'],
  ['cast twice', '', '', '(unsigned long)(const void *)(@)'],
  ['uintptr_t', '', '', '(uintptr_t)(@)'],
  ['variable', '', 'unsigned long address = (unsigned long)(@);', 'address'],
  ['pointer variable', '', 'const void *pointer = (const void *)(@);', '(unsigned long)pointer'],
  ['helper', 'static unsigned long number(const void *p)\n{\n\treturn (unsigned long)p;\n}', '', 'number((const void *)(@))'],
  ['macro', '#define AS_NUMBER(p) ((unsigned long)(p))', '', 'AS_NUMBER(@)'],
  ['nothing added', '', '', '(unsigned long)(@) + 0'],
];

/** Where the entry comes from: `file` and `init` around the call of `entry`. NR and NAME stand for the call's. */
const ENTRIES: readonly (readonly [title: string, file: string, init: string, entry: string])[] = [
  ['element', '', '', 'table[__NR_NAME]'],
  ['element by pointer', '', '', '(*(table + __NR_NAME))'],
  ['saved by init', 'static entry_t saved;', 'saved = table[__NR_NAME];', 'saved'],
  ['saved in a structure', 'static struct { entry_t entry; int users; } calls;', 'calls.entry = table[__NR_NAME];', 'calls.entry'],
  ['table of addresses', 'static unsigned long *numbers;', 'numbers = (unsigned long *)table;', '((entry_t)numbers[__NR_NAME])'],
  ['helper', 'static entry_t find(int nr)\n{\n\treturn table[nr];\n}', '', 'find(__NR_NAME)'],
  ['name of the entry', 'static entry_t named;', 'named = (entry_t)lookup("PREFIXNAME");', 'named'],
  ['function with a probe', 'static entry_t probed;', 'probe.symbol_name = "PREFIXNAME";\n\tregister_kprobe(&probe);\n\tprobed = (entry_t)probe.addr;\n\tunregister_kprobe(&probe);', 'probed'],
];

/** How the registers are filled and handed over. SET(list) makes one statement a register; VALUES one initialiser. */
const SHAPES: readonly (readonly [title: string, body: (parts: Parts) => string])[] = [
  ['fields', ({ stores, entry }) => `struct pt_regs r = { };\n\n${stores('r.')}\n\treturn ${entry}(&r);`],
  ['fields after memset', ({ stores, entry }) => `struct pt_regs r;\n\n\tmemset(&r, 0, sizeof(r));\n${stores('r.')}\n\treturn ${entry}(&r);`],
  ['initialiser', ({ values, entry }) => `struct pt_regs r = {\n${values}\n\t};\n\n\treturn ${entry}(&r);`],
  ['compound literal', ({ values, entry }) => `return ${entry}(&(struct pt_regs){\n${values}\n\t});`],
  ['heap', ({ stores, entry }) => `struct pt_regs *r = kzalloc(sizeof(*r), GFP_KERNEL);\n\tlong rc;\n\n\tif (!r)\n\t\treturn -ENOMEM;\n${stores('r->')}\n\trc = ${entry}(r);\n\tkfree(r);\n\treturn rc;`],
  ['pointer', ({ stores, entry }) => `struct pt_regs own = { };\n\tstruct pt_regs *r = &own;\n\n${stores('r->')}\n\treturn ${entry}(r);`],
  ['copy', ({ stores, entry }) => `struct pt_regs r = { }, other;\n\n${stores('r.')}\n\tother = r;\n\treturn ${entry}(&other);`],
  ['copy by memcpy', ({ stores, entry }) => `struct pt_regs r = { }, other;\n\n${stores('r.')}\n\tmemcpy(&other, &r, sizeof(other));\n\treturn ${entry}(&other);`],
  ['behind a branch', ({ stores, entry }) => `struct pt_regs r = { };\n\tlong rc = -EAGAIN;\n\n${stores('r.')}\n\tif (jiffies & 1)\n\t\tgoto out;\n\trc = ${entry}(&r);\nout:\n\treturn rc;`],
  ['in a loop', ({ stores, entry }) => `struct pt_regs r = { };\n\tlong rc = 0;\n\tint i;\n\n\tfor (i = 0; i < 3; i++) {\n${stores('r.')}\n\t\trc = ${entry}(&r);\n\t\tif (rc < 0)\n\t\t\tbreak;\n\t}\n\treturn rc;`],
];

interface Parts {
  readonly stores: (target: string) => string;
  readonly values: string;
  readonly entry: string;
}

const REGISTERS = {
  x86_64: ['di', 'si', 'dx', 'r10', 'r8', 'r9'],
  i386: ['bx', 'cx', 'dx', 'si', 'di', 'bp'],
  arm64: ['regs[0]', 'regs[1]', 'regs[2]', 'regs[3]', 'regs[4]', 'regs[5]'],
} as const;
const PREFIX = { x86_64: '__x64_sys_', i386: '__ia32_sys_', arm64: '__arm64_sys_' } as const;

/** Arguments: `u` a user pointer, anything else as it is written. */
const SYSCALLS: Readonly<Record<string, readonly string[]>> = {
  write: ['1', 'u', '4'], read: ['0', 'u', '4'], pwrite64: ['1', 'u', '4', '0'], openat: ['-100', 'u', '0', '0'], mkdirat: ['-100', 'u', '0755'], unlinkat: ['-100', 'u', '0'], fchmodat: ['-100', 'u', '0600'],
  readlinkat: ['-100', 'u', 'u', '64'], statfs: ['u', 'u'], symlinkat: ['u', '-100', 'u'], truncate: ['u', '0'], chdir: ['u'], getcwd: ['u', '64'], setxattr: ['u', 'u', 'u', '4', '0'], getrandom: ['u', '8', '0'],
};

/** Where the call is made, and the pointer into user space that is at hand there. */
const PLACES: readonly (readonly [title: string, user: Source, wrap: (body: string) => string])[] = [
  ['init', { before: 'unsigned long mapped = vm_mmap(NULL, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, 0);', pointer: '(void __user *)mapped' }, (body) => `static long work(void)\n{\n\t${body}\n}`],
  [
    'write handler',
    { pointer: 'buf' },
    (body) => `static ssize_t handle(struct file *file, const char __user *buf, size_t count, loff_t *pos)\n{\n\t${body}\n}\n\nstatic const struct file_operations fops = {\n\t.owner = THIS_MODULE,\n\t.write = handle,\n};`,
  ],
  [
    'ioctl handler',
    { pointer: '(void __user *)arg' },
    (body) => `static long handle(struct file *file, unsigned int command, unsigned long arg)\n{\n\t${body}\n}\n\nstatic const struct file_operations fops = {\n\t.owner = THIS_MODULE,\n\t.unlocked_ioctl = handle,\n};`,
  ],
  ['hook', { pointer: '(void __user *)outer->FIRST' }, (body) => `static asmlinkage long hook(const struct pt_regs *outer)\n{\n\t${body}\n}`],
  [
    'data of a request',
    { before: 'struct request request;\n\n\tif (copy_from_user(&request, (void __user *)jiffies, sizeof(request)))\n\t\treturn -EFAULT;', pointer: 'request.text' },
    (body) => `struct request {\n\tchar __user *text;\n\tint length;\n};\n\nstatic long work(void)\n{\n\t${body}\n}`,
  ],
];

/** A correct module, and the same with memory of the kernel in place of one pointer. */
export function generate(random: () => number): { correct: GeneratedModule; injected: GeneratedModule } {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const arch = pick(['x86_64', 'x86_64', 'x86_64', 'arm64', 'i386'] as const);
  const [syscall, pattern] = pick(Object.entries(SYSCALLS));
  const pointers = pattern.flatMap((kind, index) => (kind === 'u' ? [index] : []));
  const index = pick(pointers);
  const [kernelTitle, kernel] = pick(Object.entries(KERNEL));
  const place = pick(PLACES);
  const laundry = pick(LAUNDRY);
  const entry = pick(ENTRIES);
  const shape = pick(SHAPES);
  const helper = random() < 0.25;
  const build = (source: Source, title: string): GeneratedModule => {
    const text = assemble({ arch, syscall, pattern, index, source, place, laundry, entry, shape, helper });
    const lines = text.split('\n').flatMap((line, at) => (line.includes(HERE) ? [at + 1] : []));
    return { text, arch, syscall, argument: index + 1, lines, title: [syscall, index + 1, arch, place[0], title, laundry[0], shape[0], entry[0], ...(helper ? ['by a parameter'] : [])].join(', ') };
  };
  return { correct: build(place[1], 'user'), injected: build(kernel, kernelTitle) };
}

interface Choice {
  readonly arch: Architecture;
  readonly syscall: string;
  readonly pattern: readonly string[];
  readonly index: number;
  readonly source: Source;
  readonly place: (typeof PLACES)[number];
  readonly laundry: (typeof LAUNDRY)[number];
  readonly entry: (typeof ENTRIES)[number];
  readonly shape: (typeof SHAPES)[number];
  /** The call is made by a function that gets the pointer. */
  readonly helper: boolean;
}

function assemble({ arch, syscall, pattern, index, source, place, laundry, entry, shape, helper }: Choice): string {
  const [, user, wrap] = place;
  const [, laundryFile, laundryBefore, value] = laundry;
  const [, entryFile, entryInit, entryCall] = entry;
  const registers = REGISTERS[arch];
  const pointer = helper ? 'given' : source.pointer;
  const others = helper ? '0' : `(unsigned long)(${user.pointer})`;
  const values = pattern.map((kind, at) => (at === index ? value.replaceAll('@', pointer) : kind === 'u' ? others : kind));
  const mark = (at: number): string => (at === index ? ` ${HERE}` : '');
  const body = shape[1]({
    stores: (target) => values.map((item, at) => `\t${target}${registers[at] ?? ''} = ${item};${mark(at)}`).join('\n'),
    values: values.map((item, at) => `\t\t.${registers[at] ?? ''} = ${item},${mark(at)}`).join('\n'),
    entry: entryCall,
  });
  const launder = laundryBefore === '' ? '' : `${laundryBefore.replaceAll('@', pointer)}\n\t`;
  const before = [...new Set([user.before, source.before])].flatMap((text) => (text === undefined ? [] : [`${text}\n\t`])).join('');
  const call = helper ? `return perform(${source.pointer}); ${HERE}` : `${launder}${body}`;
  const named = (text: string): string => text.replaceAll('PREFIXNAME', `${PREFIX[arch]}${syscall}`).replaceAll('__NR_NAME', `__NR_${syscall}`).replaceAll('FIRST', registers[0]);
  const calls = place[0] === 'init' || place[0] === 'data of a request' ? '\twork();\n' : place[0] === 'hook' ? `\ttable[__NR_${syscall}] = (entry_t)hook;\n` : '\tregister_chrdev(0, "sample", &fops);\n';
  return named(`// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include <linux/kprobes.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/ptrace.h>

typedef long (*entry_t)(const struct pt_regs *);
static entry_t *table;
static struct kprobe probe;
unsigned long lookup(const char *name);
${[source.file, laundryFile, entryFile].filter((text) => text !== undefined && text !== '').join('\n\n')}

${helper ? `static long perform(const void *given)\n{\n\t${launder}${body}\n}\n\n` : ''}${wrap(before + call)}

static int __init start(void)
{
	table = (entry_t *)lookup("sys_call_table");
	if (!table)
		return -ENOENT;
	${entryInit}
${calls}	return 0;
}

module_init(start);
MODULE_LICENSE("GPL");
`);
}

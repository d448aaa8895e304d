// SPDX-License-Identifier: MIT
import { randomFrom } from '../../support/generated-module';

/** One call of a generated module: its line (from 1), and whether its result follows from what a loader's process has open. */
export interface GeneratedCall {
  readonly line: number;
  readonly syscall: string;
  readonly knowable: boolean;
}

export interface Variant {
  readonly name: string;
  readonly text: string;
  readonly calls: readonly GeneratedCall[];
}

/** Random choices from a seed. */
export class Random {
  private readonly next: () => number;

  constructor(seed: number) {
    this.next = randomFrom(seed);
  }

  /** 0 ≤ result < limit */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }
}

/** `input` can be read, `output` be written, the module's file be read; what a call made can do neither for sure. */
type Kind = 'input' | 'output' | 'module' | 'made';

/** What the generator keeps of the descriptors, only to tell which results cannot be known. */
class Open {
  readonly kinds = new Map<number, Kind>([[0, 'input'], [1, 'output'], [2, 'output'], [3, 'module']]);

  lowest(kind: Kind): void {
    let number = 0;
    while (this.kinds.has(number)) number++;
    this.kinds.set(number, kind);
  }
}

interface Step {
  readonly syscall: string;
  readonly arguments: readonly (number | string)[];
  readonly knowable: boolean;
}

const BAD = [9, 50, 77, 1000, -1, -7] as const;
const CLOEXEC = 0o2000000;

function descriptor(random: Random, open: Open): number {
  const known = [...open.kinds.keys()];
  const [first = 1, ...rest] = known;
  return random.below(4) === 0 ? random.pick([...BAD]) : random.pick([first, ...rest]);
}

function transfer(random: Random, open: Open, syscall: 'read' | 'write'): Step {
  const fd = descriptor(random, open);
  const kind = open.kinds.get(fd);
  const waits = syscall === 'read' && kind === 'made'; // inotify waits for an event, also to give 0 bytes of it
  const nothing = random.below(3) === 0 && !waits;
  const list = nothing ? [fd, 0, 0] : [fd, '(unsigned long)text', random.pick([0, 1, 5, 28, 4096])];
  const sure = kind === undefined || (syscall === 'read' ? kind === 'input' || kind === 'module' : kind === 'output' || kind === 'module');
  return { syscall, arguments: list, knowable: sure };
}

function copy(random: Random, open: Open, syscall: 'dup2' | 'dup3'): Step {
  const from = descriptor(random, open);
  const to = random.below(4) === 0 ? from : random.below(6) === 0 ? random.pick([-1, -2]) : random.below(12);
  const flags = random.pick([0, 0, CLOEXEC, 1, 0o4000]);
  const kind = open.kinds.get(from);
  const refused = syscall === 'dup3' && (from === to || (flags & ~CLOEXEC) !== 0);
  if (kind !== undefined && to >= 0 && !refused) open.kinds.set(to, kind);
  return { syscall, arguments: syscall === 'dup3' ? [from, to, flags] : [from, to], knowable: true };
}

const STEPS: readonly [(random: Random, open: Open) => Step, ...((random: Random, open: Open) => Step)[]] = [
  (random, open) => {
    const fd = descriptor(random, open);
    const kind = open.kinds.get(fd);
    if (kind !== undefined) open.lowest(kind);
    return { syscall: 'dup', arguments: [fd], knowable: true };
  },
  (random, open) => {
    const fd = descriptor(random, open);
    open.kinds.delete(fd);
    return { syscall: 'close', arguments: [fd], knowable: true };
  },
  (random, open) => copy(random, open, 'dup2'),
  (random, open) => copy(random, open, 'dup3'),
  (random, open) => transfer(random, open, 'write'),
  (random, open) => transfer(random, open, 'write'),
  (random, open) => transfer(random, open, 'read'),
  (random) => random.pick<Step>([
    { syscall: 'open', arguments: ['(unsigned long)text', random.pick([0, 1, 0o101]), 0o600], knowable: true },
    { syscall: 'openat', arguments: [random.pick([-100, 77]), '(unsigned long)text', 0, 0], knowable: true },
    { syscall: 'creat', arguments: ['(unsigned long)text', 0o600], knowable: true },
    { syscall: 'mkdir', arguments: ['(unsigned long)text', 0o700], knowable: true },
    { syscall: 'rename', arguments: ['(unsigned long)text', '(unsigned long)text'], knowable: true },
  ]),
  (random, open) => {
    const flags = random.pick([0, CLOEXEC, 0o4000]);
    open.lowest('made');
    return random.below(2) === 0 ? { syscall: 'eventfd2', arguments: [0, flags], knowable: true } : { syscall: 'inotify_init', arguments: [], knowable: true };
  },
  (random, open) => {
    const fd = descriptor(random, open);
    return { syscall: random.pick(['fsync', 'fchdir', 'fstatfs']), arguments: [fd, 0], knowable: !open.kinds.has(fd) };
  },
  (random) => ({ syscall: random.pick(['sched_yield', 'getpid', 'gettid']), arguments: [], knowable: false }),
];

const REGISTERS = ['di', 'si', 'dx', 'r10'] as const;

/** One step as C, on one line; in the ways that modules write it. */
function inC(random: Random, { syscall, arguments: list }: Step): string {
  const fields = list.map((value, index) => [REGISTERS[index] ?? 'r8', String(value)] as const);
  switch (random.below(3)) {
    case 0:
      return `${fields.map(([field, value]) => `regs.${field} = ${value}; `).join('')}rc = table[__NR_${syscall}](&regs);`;
    case 1:
      return `rc = CALL(${syscall}, { ${fields.map(([field, value]) => `.${field} = ${value}`).join(', ')} });`;
    default:
      return `entry = table[__NR_${syscall}]; regs = (struct pt_regs){ ${fields.map(([field, value]) => `.${field} = ${value}`).join(', ')} }; rc = entry(&regs);`;
  }
}

const HEAD = `// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/ptrace.h>
#include <linux/unistd.h>

typedef asmlinkage long (*syscall_t)(const struct pt_regs *);

#define CALL(name, ...) ({ struct pt_regs given = __VA_ARGS__; table[__NR_##name](&given); })

static syscall_t *table;
static char text[64] = "text";
`;

const FIND = `static int find_table(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	unsigned long (*lookup)(const char *name);
	int error = register_kprobe(&probe);

	if (error)
		return error;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	table = (syscall_t *)lookup("sys_call_table");
	return table ? 0 : -ENOENT;
}
`;

/** A handler that passes what it gets on to the writer's stderr (its stdout is this very file), all but some bytes. */
function handler(random: Random, name: string): { readonly text: string; readonly start: string; readonly end: string } {
  const fewer = random.below(4);
  const length = random.pick([`size${fewer > 0 ? ` - ${fewer}` : ''}`, String(1 + random.below(4))]);
  return {
    text: `static ssize_t pass_on(struct file *file, const char __user *buffer, size_t size, loff_t *offset)
{
	struct pt_regs regs = { .di = 2, .si = (unsigned long)buffer, .dx = ${length} };

	table[__NR_write](&regs); /* passes on */
	return size;
}

static const struct proc_ops operations = { .proc_write = pass_on };
`,
    start: `	if (!proc_create("${name}", 0600, NULL, &operations))\n\t\treturn -ENOMEM;\n`,
    end: `	remove_proc_entry("${name}", NULL);\n`,
  };
}

/** A module with random calls in its init; every third has a file in /proc that passes on what is written to it. */
export function generateVariant(random: Random, index: number): Variant {
  const name = `variant${String(index).padStart(2, '0')}`;
  const open = new Open();
  const steps: Step[] = [];
  if (index % 4 === 1) {
    open.kinds.delete(0);
    steps.push({ syscall: 'close', arguments: [0], knowable: true });
  }
  const count = 3 + random.below(5);
  while (steps.length < count) steps.push(random.pick(STEPS)(random, open));
  const passing = index % 3 === 2 ? handler(random, name) : null;
  const lines = `${HEAD}
${FIND}
${passing?.text ?? ''}
static int __init start(void)
{
	struct pt_regs regs = { };
	syscall_t entry;
	long rc = find_table();

	if (rc)
		return rc;
	(void)entry;
${passing?.start ?? ''}`.split('\n');
  lines.pop();
  const calls: GeneratedCall[] = [];
  const passed = lines.findIndex((line) => line.includes('/* passes on */'));
  if (passed >= 0) calls.push({ line: passed + 1, syscall: 'write', knowable: true });
  for (const step of steps) {
    lines.push(`\t${inC(random, step)}`);
    calls.push({ line: lines.length, syscall: step.syscall, knowable: step.knowable });
  }
  lines.push(...`	return 0;
}

static void __exit end(void)
{
${passing?.end ?? ''}}

module_init(start);
module_exit(end);
MODULE_DESCRIPTION("Random calls");
MODULE_LICENSE("GPL");
`.split('\n'));
  return { name, text: lines.join('\n'), calls };
}

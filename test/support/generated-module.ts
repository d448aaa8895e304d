// SPDX-License-Identifier: MIT
// Kernel modules of any size, the same for the same arguments: hooks, calls by table, helpers, macros, branches by version.

/** A generator of pseudo-random numbers from 0 to 1, so that what it made can be made again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const HEAD = `// SPDX-License-Identifier: GPL-2.0
/* A generated module: hooks of system calls, and system calls that it makes itself. */
#include <linux/module.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <linux/syscalls.h>
#include <asm/unistd.h>

#define MODULE_TAG "generated: "
#define MAX_RECORDS 128
#define LOG_LENGTH 64
#define log_line(fmt, ...) pr_info(MODULE_TAG fmt, ##__VA_ARGS__)
#define log_failure(rc, what) do { if ((rc) < 0) pr_err(MODULE_TAG "%s failed: %ld\\n", what, (long)(rc)); } while (0)
#define SET_TWO(r, a, b) ((r)->di = (unsigned long)(a), (r)->si = (unsigned long)(b))

typedef asmlinkage long (*syscall_ptr)(const struct pt_regs *);

struct record {
	struct list_head node;
	pid_t pid;
	long result;
	size_t length;
	char name[LOG_LENGTH];
};

static LIST_HEAD(records);
static DEFINE_MUTEX(records_lock);
static unsigned int record_count;
static syscall_ptr *syscall_table;
static unsigned long (*lookup_name)(const char *name);

static int find_table(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	int rc = register_kprobe(&probe);

	if (rc < 0)
		return rc;
	lookup_name = (unsigned long (*)(const char *))probe.addr;
	unregister_kprobe(&probe);
	syscall_table = (syscall_ptr *)lookup_name("sys_call_table");
	return syscall_table ? 0 : -ENOENT;
}
`;

const CALLS = ['mkdir', 'unlink', 'openat', 'kill', 'read', 'write', 'getdents64', 'rename', 'chmod', 'access', 'stat', 'dup', 'close', 'getpid'];

type Block = (index: number, pick: (count: number) => number) => string;

const hook: Block = (index, pick) => `
/* Hook ${index}: notes who calls ${CALLS[index % CALLS.length]}(). */
static syscall_ptr original_${index};

static asmlinkage long hook_${index}(const struct pt_regs *regs)
{
	char __user *argument = (char __user *)regs->${pick(2) ? 'si' : 'di'};
	struct record *record;
	char name[LOG_LENGTH];
	long rc;

	if (strncpy_from_user(name, argument, sizeof(name)) < 0)
		return original_${index}(regs);
	record = kzalloc(sizeof(*record), GFP_KERNEL);
	if (!record)
		return -ENOMEM;
	rc = original_${index}(regs);
	record->pid = current->pid;
	record->result = rc;
	strscpy(record->name, name, sizeof(record->name));
	mutex_lock(&records_lock);
	if (record_count < MAX_RECORDS) {
		list_add_tail(&record->node, &records);
		record_count++;
	} else {
		kfree(record);
	}
	mutex_unlock(&records_lock);
	log_line("${CALLS[index % CALLS.length]}(%s) = %ld\\n", name, rc);
	return rc;
}
`;

const caller: Block = (index, pick) => `
static long make_directory_${index}(const char *path, umode_t mode)
{
	struct pt_regs regs = { };
	long rc;

#if LINUX_VERSION_CODE >= KERNEL_VERSION(4, 17, 0)
	SET_TWO(&regs, path, mode);
	rc = syscall_table[__NR_mkdir](&regs);
#else
	rc = -ENOSYS;
#endif
	log_failure(rc, "mkdir");
	return rc;
}

static void setup_${index}(void)
{
	static const char *const paths[] = { "/tmp/${index}", "/run/${index}", "/var/${index}" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		if (make_directory_${index}(paths[i], 0${7 - pick(3)}55) == -EEXIST)
			log_line("%s is there\\n", paths[i]);
	}
}
`;

const device: Block = (index, pick) => `
static char text_${index}[256];
static size_t text_${index}_length;

static ssize_t device_${index}_read(struct file *file, char __user *buffer, size_t length, loff_t *offset)
{
	size_t left;

	if (*offset >= text_${index}_length)
		return 0;
	left = min(length, text_${index}_length - (size_t)*offset);
	if (copy_to_user(buffer, text_${index} + *offset, left))
		return -EFAULT;
	*offset += left;
	return left;
}

static ssize_t device_${index}_write(struct file *file, const char __user *buffer, size_t length, loff_t *offset)
{
	struct pt_regs regs = { .di = ${1 + pick(2)}, .si = (unsigned long)buffer, .dx = length };
	long rc;

	if (length >= sizeof(text_${index}))
		return -EINVAL;
	if (copy_from_user(text_${index}, buffer, length))
		return -EFAULT;
	text_${index}[length] = '\\0';
	text_${index}_length = length;
	rc = syscall_table[__NR_write](&regs);
	pr_info(MODULE_TAG "write = %ld\\n", rc);
	return rc < 0 ? rc : length;
}

static const struct file_operations device_${index}_operations = {
	.owner = THIS_MODULE,
	.read = device_${index}_read,
	.write = device_${index}_write,
#ifdef CONFIG_COMPAT
	.compat_ioctl = compat_ptr_ioctl,
#endif
};
`;

const helper: Block = (index, pick) => `
struct window_${index} {
	unsigned long start, end;
	unsigned int flags;
	struct list_head node;
};

static unsigned int digest_${index}(const unsigned char *data, size_t length)
{
	unsigned int sum = ${pick(1000)}u;
	size_t i;

	for (i = 0; i < length; i++) {
		sum = (sum << 5) ^ (sum >> 27) ^ data[i];
		if (unlikely(sum == 0))
			sum = ${1 + pick(9)};
	}
	switch (sum & 3) {
	case 0:
		return sum;
	case 1:
		return ~sum;
	default:
		break;
	}
	return sum + length;
}

static int scan_${index}(struct list_head *windows, unsigned long address)
{
	struct window_${index} *window;
	int found = 0;

	list_for_each_entry(window, windows, node) {
		if (address < window->start || address >= window->end)
			continue;
		if (window->flags & BIT(${pick(8)}))
			goto out;
		found++;
	}
	return found;
out:
	pr_debug("window %lx\\n", window->start);
	return -EBUSY;
}
`;

const writer: Block = (index, pick) => `
static char message_${index}[] = "message ${index}\\n";

static long report_${index}(int fd)
{
	struct pt_regs regs;
	long rc;

	memset(&regs, 0, sizeof(regs));
	regs.di = fd;
	regs.si = (unsigned long)message_${index};
	regs.dx = sizeof(message_${index}) - 1;
	rc = syscall_table[__NR_write](&regs);
	if (rc == -EFAULT && fd ${pick(2) ? '>' : '!='} 0) {
		regs.di = fd;
		rc = syscall_table[__NR_close](&regs);
	}
	printk(KERN_INFO MODULE_TAG "report ${index}: %ld\\n", rc);
	return rc;
}
`;

const BLOCKS: readonly Block[] = [hook, caller, device, helper, writer, helper, hook];

/** A module of about `lines` lines (never fewer). */
export function generatedModule(lines: number, seed = 1): string {
  const random = randomFrom(seed);
  const pick = (count: number): number => Math.floor(random() * count);
  const parts = [HEAD];
  const begin: string[] = [];
  const end: string[] = [];
  let made = HEAD.split('\n').length;
  for (let index = 0; made < lines - 40; index++) {
    const block = BLOCKS[index % BLOCKS.length] ?? helper;
    const text = block(index, pick);
    parts.push(text);
    made += text.split('\n').length;
    if (block === hook) {
      begin.push(`	original_${index} = syscall_table[__NR_${CALLS[index % CALLS.length] ?? 'write'}];`);
      end.push(`	original_${index} = NULL;`);
      made += 2;
    } else if (block === caller) begin.push(`	setup_${index}();`);
    else if (block === writer) begin.push(`	if (report_${index}(${1 + pick(2)}) < 0)\n		failures++;`);
    else if (block === device) begin.push(`	register_chrdev(0, "device_${index}", &device_${index}_operations);`);
  }
  parts.push(`
static int __init generated_init(void)
{
	unsigned int failures = 0;
	int rc = find_table();

	if (rc)
		return rc;
${begin.join('\n')}
	log_line("loaded, %u failures\\n", failures);
	return 0;
}

static void __exit generated_exit(void)
{
	struct record *record, *next;

${end.join('\n')}
	list_for_each_entry_safe(record, next, &records, node)
		kfree(record);
}

module_init(generated_init);
module_exit(generated_exit);
MODULE_LICENSE("GPL");
`);
  return parts.join('');
}

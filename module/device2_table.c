// SPDX-License-Identifier: GPL-2.0-only
/* Where the kernel keeps its system call table. */
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/unistd.h>
#include <linux/version.h>

#include "device2.h"

const syscall_wrapper *device2_sys_call_table;

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 7, 0)

static int __init find_lookup(void)
{
	return 0;
}

#define lookup(name) kallsyms_lookup_name(name)

#else

/* kallsyms_lookup_name() is not exported since 5.7; a kprobe still finds it. */
typedef unsigned long (*lookup_function)(const char *name);

#ifdef CONFIG_X86_KERNEL_IBT

/*
 * The probe's address lies behind the function's ENDBR, which is sealed besides: with IBT an indirect
 * call to it is fatal. A static call is patched into a direct one.
 */
#include <linux/static_call.h>

static unsigned long lookup_nothing(const char *name)
{
	return 0;
}

DEFINE_STATIC_CALL(device2_lookup, lookup_nothing);

static void __init set_lookup(unsigned long address)
{
	static_call_update(device2_lookup, (lookup_function)address);
}

#define lookup(name) static_call(device2_lookup)(name)

#else

static lookup_function lookup;

static void __init set_lookup(unsigned long address)
{
	lookup = (lookup_function)address;
}

#endif

static int __init find_lookup(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	int rc = register_kprobe(&probe);

	if (rc) {
		printk(KERN_ERR DEV_NAME "kallsyms_lookup_name cannot be found: register_kprobe() = %d\n", rc);
		return rc;
	}
	set_lookup((unsigned long)probe.addr);
	unregister_kprobe(&probe);
	return 0;
}

#endif

#ifdef CONFIG_ARM64

/* Without CONFIG_KALLSYMS_ALL the table has no symbol, but its entries do. */
static syscall_wrapper arm64_entries[__NR_syscalls];

static const syscall_wrapper * __init table_of_entries(void)
{
	arm64_entries[__NR_write] = (syscall_wrapper)lookup("__arm64_sys_write");
	arm64_entries[__NR_dup] = (syscall_wrapper)lookup("__arm64_sys_dup");
	arm64_entries[__NR_close] = (syscall_wrapper)lookup("__arm64_sys_close");
	if (!arm64_entries[__NR_write] || !arm64_entries[__NR_dup] || !arm64_entries[__NR_close])
		return NULL;
	return arm64_entries;
}

#else

static const syscall_wrapper * __init table_of_entries(void)
{
	return NULL;
}

#endif

int __init device2_find_table(void)
{
	int rc = find_lookup();

	if (rc)
		return rc;

	device2_sys_call_table = (const syscall_wrapper *)lookup("sys_call_table");
	if (!device2_sys_call_table)
		device2_sys_call_table = table_of_entries();
	if (!device2_sys_call_table) {
		printk(KERN_ERR DEV_NAME "sys_call_table has no symbol: the kernel is built without CONFIG_KALLSYMS_ALL\n");
		return -ENOENT;
	}

	printk(KERN_INFO DEV_NAME "sys_call_table@%lx\n", (unsigned long)device2_sys_call_table);
	return 0;
}

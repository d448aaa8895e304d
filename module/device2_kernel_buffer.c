// SPDX-License-Identifier: GPL-2.0-only
/* First experiment: write() takes a user-space buffer; this one is the kernel's. */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/unistd.h>

#include "device2.h"

#define DEV_STR DEV_NAME "String from driver"

static char buf[1024];

void __init device2_kernel_buffer(void)
{
	syscall_wrapper write_syscall = device2_sys_call_table[__NR_write];
	struct pt_regs param = { };
	long rc;

	snprintf(buf, sizeof(buf), "%s\n", DEV_STR);

#if defined(CONFIG_X86_64)
	param.di = 1;
	param.si = (unsigned long)buf;
	param.dx = strlen(buf);
#elif defined(CONFIG_ARM64)
	param.regs[0] = 1;
	param.orig_x0 = 1; /* the wrappers read it since 7.3 */
	param.regs[1] = (unsigned long)buf;
	param.regs[2] = strlen(buf);
#endif
	rc = write_syscall(&param);
	printk(KERN_INFO DEV_NAME "write() with a kernel space buffer = %ld\n", rc);
}

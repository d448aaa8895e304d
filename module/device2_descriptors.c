// SPDX-License-Identifier: GPL-2.0-only
/* Second experiment: calls without a buffer act on the descriptors of insmod, the current process. */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/unistd.h>

#include "device2.h"

static __always_inline void set_descriptor(struct pt_regs *param, unsigned int fd)
{
#if defined(CONFIG_X86_64)
	param->di = fd;
#elif defined(CONFIG_ARM64)
	param->regs[0] = fd;
	param->orig_x0 = fd;
#endif
}

void __init device2_descriptors(void)
{
	syscall_wrapper dup_syscall = device2_sys_call_table[__NR_dup];
	syscall_wrapper close_syscall = device2_sys_call_table[__NR_close];
	struct pt_regs param = { };
	long rc;

	/* insmod holds the module's file as its fourth descriptor */
	set_descriptor(&param, 1);
	rc = dup_syscall(&param);
	printk(KERN_INFO DEV_NAME "dup() = %ld\n", rc);

	set_descriptor(&param, 0);
	rc = close_syscall(&param);
	printk(KERN_INFO DEV_NAME "close() = %ld\n", rc);

	/* the lowest free descriptor is the one just closed */
	set_descriptor(&param, 1);
	rc = dup_syscall(&param);
	printk(KERN_INFO DEV_NAME "dup() = %ld\n", rc);
}

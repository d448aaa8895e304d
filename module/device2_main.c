// SPDX-License-Identifier: GPL-2.0-only
/*
 * device2: three experiments with system calls made from kernel code.
 *
 * kernel_buffer  write() is given a buffer of the kernel
 * descriptors    dup() and close() work on the descriptors of the current process
 * echo           a character device writes the user's own buffer to the user's stderr
 */
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

#include "device2.h"

MODULE_DESCRIPTION("Experiments with system calls made from kernel code");
MODULE_AUTHOR("Kernel Module Lab");
MODULE_LICENSE("GPL");

static char *experiment = "all";
module_param(experiment, charp, 0444);
MODULE_PARM_DESC(experiment, "kernel_buffer, descriptors, echo or all (default)");

static bool echo_is_up;

static bool wanted(const char *name)
{
	return !strcmp(experiment, "all") || !strcmp(experiment, name);
}

static int __init device2_init(void)
{
	int rc;

	if (!wanted("kernel_buffer") && !wanted("descriptors") && !wanted("echo")) {
		printk(KERN_ERR DEV_NAME "unknown experiment \"%s\": use kernel_buffer, descriptors, echo or all\n",
		       experiment);
		return -EINVAL;
	}

	printk(KERN_INFO DEV_NAME "module has been loaded\n");

	rc = device2_find_table();
	if (rc)
		return rc;

	if (wanted("kernel_buffer"))
		device2_kernel_buffer();

	if (wanted("descriptors"))
		device2_descriptors();

	if (wanted("echo")) {
		rc = device2_echo_init();
		echo_is_up = !rc;
	}

	return rc;
}

static void __exit device2_exit(void)
{
	if (echo_is_up)
		device2_echo_exit();

	printk(KERN_INFO DEV_NAME "module has been unloaded\n");
}

module_init(device2_init);
module_exit(device2_exit);

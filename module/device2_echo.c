// SPDX-License-Identifier: GPL-2.0-only
/* Third experiment: what a process writes to the device comes back on its stderr, from its own buffer. */
#include <linux/cdev.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/unistd.h>

#include "device2.h"

/* A task inside device2_write(). A second entry of the same task means that its stderr is this device. */
struct writer {
	struct list_head node;
	struct task_struct *task;
};

static LIST_HEAD(writers);
static DEFINE_SPINLOCK(writers_lock);

static struct cdev device_cdev;
static dev_t device_number;
static syscall_wrapper write_syscall;

static bool enter(struct writer *self)
{
	struct writer *other;
	bool first = true;

	self->task = current;
	spin_lock(&writers_lock);
	list_for_each_entry(other, &writers, node) {
		if (other->task == current)
			first = false;
	}
	if (first)
		list_add(&self->node, &writers);
	spin_unlock(&writers_lock);
	return first;
}

static void leave(struct writer *self)
{
	spin_lock(&writers_lock);
	list_del(&self->node);
	spin_unlock(&writers_lock);
}

static ssize_t device2_write(struct file *filp, const char __user *buff, size_t len, loff_t *off)
{
	struct pt_regs param = { };
	struct writer self;
	long rc;

	if (!enter(&self)) {
		printk(KERN_WARNING DEV_NAME "refused: the device is its writer's own stderr\n");
		return -EDEADLK;
	}

	printk(KERN_INFO DEV_NAME "write %p, %zu\n", buff, len);

#if defined(CONFIG_X86_64)
	param.di = 2;
	param.si = (unsigned long)buff;
	param.dx = len;
#elif defined(CONFIG_ARM64)
	param.regs[0] = 2;
	param.orig_x0 = 2; /* the wrappers read it since 7.3 */
	param.regs[1] = (unsigned long)buff;
	param.regs[2] = len;
#endif
	rc = write_syscall(&param);
	printk(KERN_INFO DEV_NAME "write() = %ld\n", rc);

	leave(&self);

	/* Whatever the echo returned, the write itself is over; else the writer would try the rest again. */
	return rc == -EDEADLK ? rc : len;
}

static int device2_open(struct inode *inode, struct file *filp)
{
	printk(KERN_INFO DEV_NAME "open\n");
	return 0;
}

static int device2_release(struct inode *inode, struct file *filp)
{
	printk(KERN_INFO DEV_NAME "released\n");
	return 0;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = device2_open,
	.release = device2_release,
	.write = device2_write,
};

int __init device2_echo_init(void)
{
	int rc = alloc_chrdev_region(&device_number, 0, 1, "device2");

	if (rc) {
		printk(KERN_ERR DEV_NAME "no device number: alloc_chrdev_region() = %d\n", rc);
		return rc;
	}

	write_syscall = device2_sys_call_table[__NR_write];

	cdev_init(&device_cdev, &fops);
	device_cdev.owner = THIS_MODULE;
	rc = cdev_add(&device_cdev, device_number, 1);
	if (rc) {
		printk(KERN_ERR DEV_NAME "no character device: cdev_add() = %d\n", rc);
		unregister_chrdev_region(device_number, 1);
		return rc;
	}

	printk(KERN_INFO DEV_NAME "initialized (major number is %d)\n", MAJOR(device_number));
	printk(KERN_INFO DEV_NAME "write_syscall@%p\n", write_syscall);
	return 0;
}

void device2_echo_exit(void)
{
	cdev_del(&device_cdev);
	unregister_chrdev_region(device_number, 1);
}

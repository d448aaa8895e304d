/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEVICE2_H
#define DEVICE2_H

#include <linux/linkage.h>
#include <linux/ptrace.h>

#if !defined(CONFIG_X86_64) && !defined(CONFIG_ARM64)
#error "device2 knows the syscall convention of x86-64 and arm64 only"
#endif

#define DEV_NAME "[DEVICE2]"

/* An entry of sys_call_table (x86-64 since 4.17, arm64 since 4.19). */
typedef asmlinkage long (*syscall_wrapper)(const struct pt_regs *regs);

extern const syscall_wrapper *device2_sys_call_table;

int device2_find_table(void);

void device2_kernel_buffer(void);
void device2_descriptors(void);
int device2_echo_init(void);
void device2_echo_exit(void);

#endif

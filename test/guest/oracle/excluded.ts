// SPDX-License-Identifier: MIT

/** User pointers (`syscall#argument`, or all of a syscall) of which the kernel cannot be asked, and why. Their class is `unknown`. */
export const EXCLUDED: Readonly<Record<string, string>> = {
  'clone': 'Makes a process, which would run on in the middle of the test.',
  'init_module#2': 'Read only after a valid module was laid out.',
  'finit_module#1': 'Read only after a valid module was laid out.',
  'kexec_file_load#3': 'Read only after a valid kernel image was.',
  'lookup_dcookie#1': 'Needs a cookie of a profiler; gone since 6.8.',
  'quotactl#3': 'Needs a block device with a quota.',
  'quotactl_fd#3': 'Needs a file system with a quota.',
  'io_cancel#2': 'Not looked at: the result comes from io_getevents().',
  'ptrace': 'Needs a stopped process.',
  'map_shadow_stack#0': 'Needs a processor with shadow stacks.',
  'keyctl#4': 'Needs an asymmetric key.',
  'set_mempolicy_home_node#0': 'Needs memory with a policy of its own.',
  'prctl#4': "PR_SET_VMA is off in Debian's kernels, PR_SCHED_CORE needs sibling processors.",
  'remap_file_pages#0': 'Needs a shared mapping.',
};

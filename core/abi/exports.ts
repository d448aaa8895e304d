// SPDX-License-Identifier: MIT

/** From which kernel on (as LINUX_VERSION_CODE) a function can be used by modules as it is used today, and by which modules. */
export interface Export {
  readonly since: number;
  readonly gplOnly: boolean;
}

const V4_14 = 0x040e00;
const V5_10 = 0x050a00;

/**
 * Functions that kernels export to modules. From 5.10 on checked against Module.symvers of the kernels that the tests boot
 * (test/guest/quick-fixes.test.ts). kernel_read() and kernel_write() take their present arguments since 4.14 (commits
 * bdd1d2d3d251 and e13ec939e96b); static calls exist since 5.10.
 */
const EXPORTS: Readonly<Record<string, Export>> = {
  __static_call_update: { since: V5_10, gplOnly: true },
  fd_install: { since: V4_14, gplOnly: false },
  fget: { since: V4_14, gplOnly: false },
  filp_open: { since: V4_14, gplOnly: false },
  fput: { since: V4_14, gplOnly: false },
  get_unused_fd_flags: { since: V4_14, gplOnly: false },
  kernel_bind: { since: V4_14, gplOnly: false },
  kernel_connect: { since: V4_14, gplOnly: false },
  kernel_read: { since: V4_14, gplOnly: false },
  kernel_sendmsg: { since: V4_14, gplOnly: false },
  kernel_write: { since: V4_14, gplOnly: false },
  put_unused_fd: { since: V4_14, gplOnly: false },
  register_kprobe: { since: V4_14, gplOnly: true },
  sockfd_lookup: { since: V4_14, gplOnly: false },
  unregister_kprobe: { since: V4_14, gplOnly: true },
  vm_mmap: { since: V4_14, gplOnly: false },
  vm_munmap: { since: V4_14, gplOnly: false },
};

/** The names of all functions that are known to be exported. */
export function exportedNames(): string[] {
  return Object.keys(EXPORTS);
}

/** How the kernel exports a function; undefined when it is not known to. */
export function exportOf(name: string): Export | undefined {
  return EXPORTS[name];
}

// SPDX-License-Identifier: MIT
import type { Architecture } from '../model/analysis';

/** From which release on something is so, as LINUX_VERSION_CODE and as a person reads it. */
export interface Boundary {
  readonly since: number;
  readonly release: string;
}

/** Symbols of the kernel that modules cannot use. */
export interface HiddenSymbol {
  readonly name: RegExp;
  /** Not only hidden from modules: it does not exist any more. */
  readonly isGone?: true;
  readonly boundary: (arch: Architecture) => Boundary;
  /** What to use instead; a sentence. */
  readonly instead: string;
}

/** set_fs() and with it KERNEL_DS are gone: docs/rules/unexported-symbol.md has the sources. */
export function setFsGone(arch: Architecture): Boundary {
  return arch === 'arm64' ? { since: 0x050b00, release: '5.11' } : { since: 0x050a00, release: '5.10' };
}

/** Modules never could use it. */
const NEVER: Boundary = { since: 0, release: '' };
const IN_KERNEL_API = "Use the kernel's own interface for it (kernel_write(), filp_open(), kern_path(), …).";
const BY_PROBE = 'Take its address from a kprobe on its name (register_kprobe(), then the addr field, which is NULL when it fails).';

/** Sources of the boundaries: docs/rules/unexported-symbol.md. */
export const HIDDEN_SYMBOLS: readonly HiddenSymbol[] = [
  { name: /^kallsyms_lookup_name$/, boundary: () => ({ since: 0x050700, release: '5.7' }), instead: BY_PROBE },
  { name: /^[gs]et_fs$/, isGone: true, boundary: setFsGone, instead: 'Kernel memory is read and written by kernel_read(), kernel_write() and the like, without changing the address limit.' },
  { name: /^get_ds$/, isGone: true, boundary: () => ({ since: 0x050100, release: '5.1' }), instead: 'Kernel memory is read and written by kernel_read(), kernel_write() and the like, without changing the address limit.' },
  { name: /^vfs_(?:read|write)$/, boundary: () => ({ since: 0x040e00, release: '4.14' }), instead: 'Use kernel_read() and kernel_write(), which take a buffer of the kernel.' },
  { name: /^sys_call_table$/, boundary: () => NEVER, instead: 'Find it by name at run time (a kprobe gives kallsyms_lookup_name(), where the kernel has CONFIG_KALLSYMS_ALL), or call the function that the kernel exports for the purpose.' },
  { name: /^ksys_(?!sync_helper$)\w+$/, boundary: () => NEVER, instead: IN_KERNEL_API },
  { name: /^__(?:x64|ia32|arm64)_sys_\w+$/, boundary: () => NEVER, instead: IN_KERNEL_API },
];

/** What is known of a symbol that modules cannot use; undefined when nothing is. */
export function hiddenSymbol(name: string): HiddenSymbol | undefined {
  return HIDDEN_SYMBOLS.find((symbol) => symbol.name.test(name));
}

/** `is not exported to modules since Linux 5.7`: what follows the symbol's name. */
export function whyHidden(symbol: HiddenSymbol, arch: Architecture): string {
  const { since, release } = symbol.boundary(arch);
  if (symbol.isGone) return `does not exist since Linux ${release} (${arch})`;
  return since === 0 ? 'is not exported to modules' : `is not exported to modules since Linux ${release}`;
}

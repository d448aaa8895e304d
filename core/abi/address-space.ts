// SPDX-License-Identifier: MIT
import type { Architecture } from '../model/analysis';

/**
 * Where an address lies. `kernelData`: the direct map, vmalloc or vmemmap, which a kernel with CONFIG_RANDOMIZE_MEMORY
 * moves, so that they cannot be told apart without its own variables.
 */
export type AddressArea = 'null' | 'user' | 'nonCanonical' | 'directMap' | 'vmalloc' | 'kernelData' | 'kernelImage' | 'module' | 'fixed' | 'kernel';

/** What is known of a host's kernel. */
export interface AddressSpace {
  readonly arch: Architecture;
  /** Page-table levels; null when not known. */
  readonly levels: 4 | 5 | null;
  /** `page_offset_base` and `vmalloc_base` (x86-64), where the kernel told them. */
  readonly directMapBase?: bigint;
  readonly vmallocBase?: bigint;
}

const PAGE = 4096n;
const TERABYTE = 1n << 40n;

/** First address that is no user address: what access_ok() compares with (TASK_SIZE_MAX); null when the depth is not known. */
export function userLimit({ arch, levels }: AddressSpace): bigint | null {
  if (arch === 'i386') return 0xc0000000n;
  if (levels === null) return null;
  if (arch === 'arm64') return 1n << (levels === 5 ? 52n : 48n);
  return (1n << (levels === 5 ? 56n : 47n)) - PAGE;
}

/** What access_ok() compares an address with: the thread's limit, a constant, the sign bit, or a variable set at boot. */
export type RangeCheck = 'addrLimit' | 'taskSize' | 'signBit' | 'userPtrMax';

/**
 * The range check of a kernel; null when its version is not known.
 * x86-64: `addr_limit` until set_fs() went in 5.10, then `TASK_SIZE_MAX` (arch/x86/include/asm/uaccess.h of 5.10.0-46,
 * include/asm-generic/access_ok.h of linux-source-6.1); from 6.4 the sign bit (commit 6014bc27561f); from 6.12
 * `USER_PTR_MAX` (commit 86e6b1547b3d; arch/x86/include/asm/uaccess_64.h of linux-source-6.12 and of the 7.3 headers), which
 * a stable 6.6 may have, too. arm64: `addr_limit` until 5.11 (commit 3d2403fd10a1), then as i386 `TASK_SIZE_MAX`.
 * @param version as LINUX_VERSION_CODE
 */
export function rangeCheck(arch: Architecture, version: number | null): RangeCheck | null {
  if (version === null) return null;
  if (version < (arch === 'arm64' ? 0x050b00 : 0x050a00)) return 'addrLimit';
  if (arch !== 'x86_64' || version < 0x060400) return 'taskSize';
  return version < 0x060c00 ? 'signBit' : 'userPtrMax';
}

function x86Area(address: bigint, space: AddressSpace): AddressArea {
  const lowest = 1n << (space.levels === 4 ? 47n : 56n);
  if (address < lowest) return 'user';
  if (address < (1n << 64n) - lowest) return 'nonCanonical';
  if (address >= 0xffffffffff000000n) return 'fixed';
  if (address >= 0xffffffffc0000000n) return 'module';
  if (address >= 0xffffffff80000000n) return 'kernelImage';
  const { directMapBase, vmallocBase } = space;
  const vmallocSize = (space.levels === 4 ? 32n : 12_800n) * TERABYTE;
  if (vmallocBase !== undefined && address >= vmallocBase && address < vmallocBase + vmallocSize) return 'vmalloc';
  if (directMapBase !== undefined && vmallocBase !== undefined && address >= directMapBase && address < vmallocBase) return 'directMap';
  return 'kernelData';
}

/**
 * The area of an address. x86-64: Documentation/arch/x86/x86_64/mm.rst, with CONFIG_RANDOMIZE_BASE (modules begin at
 * 0xffffffffc0000000); arm64: Documentation/arch/arm64/memory.rst, 48 bits. Unknown depth is taken for the deeper one,
 * so that nothing is called non-canonical that may not be.
 */
export function areaOf(address: bigint, space: AddressSpace): AddressArea {
  if (address < PAGE) return 'null';
  switch (space.arch) {
    case 'x86_64':
      return x86Area(address, space);
    case 'arm64':
      if (address < 1n << 52n) return 'user';
      if (address < 0xfff0000000000000n) return 'nonCanonical';
      return 'kernel';
    case 'i386':
      return address < 0xc0000000n ? 'user' : 'kernel';
  }
}

// SPDX-License-Identifier: MIT
import { areaOf, userLimit, type AddressArea, type AddressSpace } from './address-space';

/** A stretch of an address space, both ends inclusive; `from` or `to` is null where the kernel chooses it at boot. */
export interface AddressRegion {
  readonly label: string;
  readonly side: 'user' | 'hole' | 'kernel';
  readonly from: bigint | null;
  readonly to: bigint | null;
  readonly areas: readonly AddressArea[];
}

const TOP = (1n << 64n) - 1n;

/** x86-64: Documentation/arch/x86/x86_64/mm.rst. The order of direct map, vmalloc and vmemmap is fixed, KASLR moves where they begin. */
function x86Regions(space: AddressSpace): AddressRegion[] {
  const { directMapBase = null, vmallocBase = null, levels } = space;
  const lowest = levels === null ? null : 1n << (levels === 4 ? 47n : 56n);
  return [
    { label: 'user space', side: 'user', from: 0n, to: lowest === null ? null : lowest - 1n, areas: ['null', 'user'] },
    { label: 'non-canonical: no address at all', side: 'hole', from: lowest, to: lowest === null ? null : TOP - lowest, areas: ['nonCanonical'] },
    ...(directMapBase !== null && vmallocBase !== null
      ? ([
          { label: 'direct map of all memory', side: 'kernel', from: directMapBase, to: vmallocBase - 1n, areas: ['directMap'] },
          { label: 'vmalloc', side: 'kernel', from: vmallocBase, to: vmallocBase + (levels === 5 ? 12_800n : 32n) * (1n << 40n) - 1n, areas: ['vmalloc'] },
        ] as const)
      : ([{ label: 'direct map, vmalloc', side: 'kernel', from: lowest === null ? null : TOP - lowest + 1n, to: 0xffffffff7fffffffn, areas: ['kernelData', 'directMap', 'vmalloc'] }] as const)),
    { label: 'kernel image', side: 'kernel', from: 0xffffffff80000000n, to: 0xffffffffbfffffffn, areas: ['kernelImage'] },
    { label: 'modules', side: 'kernel', from: 0xffffffffc0000000n, to: 0xfffffffffeffffffn, areas: ['module'] },
    { label: 'fixed mappings', side: 'kernel', from: 0xffffffffff000000n, to: TOP, areas: ['fixed'] },
  ];
}

/** The areas of an address space from low to high, as far as `areaOf` tells them apart. */
export function addressRegions(space: AddressSpace): AddressRegion[] {
  switch (space.arch) {
    case 'x86_64':
      return x86Regions(space);
    case 'arm64': {
      const limit = userLimit(space);
      return [
        { label: 'user space', side: 'user', from: 0n, to: limit === null ? null : limit - 1n, areas: ['null', 'user'] },
        { label: 'between the page tables: no address at all', side: 'hole', from: limit, to: limit === null ? null : TOP - limit, areas: ['nonCanonical'] },
        { label: 'kernel', side: 'kernel', from: limit === null ? null : TOP - limit + 1n, to: TOP, areas: ['kernel', 'directMap', 'vmalloc', 'kernelData', 'kernelImage', 'module', 'fixed'] },
      ];
    }
    case 'i386':
      return [
        { label: 'user space', side: 'user', from: 0n, to: 0xbfffffffn, areas: ['null', 'user'] },
        { label: 'kernel', side: 'kernel', from: 0xc0000000n, to: 0xffffffffn, areas: ['kernel', 'directMap', 'vmalloc', 'kernelData', 'kernelImage', 'module', 'fixed'] },
      ];
  }
}

/** The region of `regions` that holds an address. */
export function regionOf(address: bigint, space: AddressSpace, regions: readonly AddressRegion[]): AddressRegion | null {
  const area = areaOf(address, space);
  return regions.find(({ areas }) => areas.includes(area)) ?? null;
}

/** What access_ok() compares with, in words: both limits when the depth of the page tables is not known. */
export function describeUserLimit(space: AddressSpace): string {
  const limit = userLimit(space);
  if (limit !== null) return `0x${limit.toString(16)}`;
  const [four, five] = ([4, 5] as const).map((levels) => `0x${(userLimit({ arch: space.arch, levels }) ?? 0n).toString(16)}`);
  return `${four} (${five} with five levels of page tables)`;
}

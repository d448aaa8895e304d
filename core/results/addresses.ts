// SPDX-License-Identifier: MIT
import type { SyscallAbi } from '../abi';
import { addressRegions, describeUserLimit, regionOf, type AddressRegion } from '../abi/address-map';
import type { AddressSpace } from '../abi/address-space';
import { decodeArguments, type DecodedArgument } from '../calls/decode';
import type { Call, HostIdentity } from '../model';
import type { AddressPicture, PicturePointer } from './types';
import { addressSpaceOf, areaText, countText, isForeign } from './values';

export interface PlacedPointer {
  readonly argument: DecodedArgument;
  readonly pointer: NonNullable<DecodedArgument['pointer']>;
  /** Length of the buffer, from the argument that says it; null when none does. */
  readonly bytes: bigint | null;
  /** The syscall wants a user address here, and this is none. */
  readonly wrong: boolean;
}

/** The pointers of a call that were recorded and are not NULL. */
export function pointersOf(call: Call, host: HostIdentity, abi: SyscallAbi): PlacedPointer[] {
  const decoded = decodeArguments(call, addressSpaceOf(host), abi) ?? [];
  return decoded.flatMap((argument, index): PlacedPointer[] => {
    const { pointer, value } = argument;
    if (!pointer || value === 0n) return [];
    const length = abi.byName(call.syscall)?.arguments?.[index]?.length;
    const bytes = length?.unit === 'bytes' ? (decoded[length.argument]?.value ?? null) : null;
    return [{ argument, pointer, bytes, wrong: pointer.user && isForeign(pointer.area) }];
  });
}

/** Where the pointers of a call lie among the areas of the host's address space; null when no pointer was recorded. */
export function addressPicture(call: Call, host: HostIdentity, abi: SyscallAbi): AddressPicture | null {
  const space = addressSpaceOf(host);
  const pointers = pointersOf(call, host, abi);
  if (pointers.length === 0) return null;
  const regions = addressRegions(space);
  const limit = describeUserLimit(space);
  return {
    areas: regions.map((region) => ({
      label: region.label,
      side: region.side,
      from: region.from === null ? null : `0x${region.from.toString(16)}`,
      pointers: pointers.filter(({ argument }) => regionOf(argument.value, space, regions) === region).map((pointer) => shownPointer(pointer, region)),
    })),
    limit,
    text: pictureText(pointers, limit, space),
  };
}

function shownPointer({ argument, bytes, wrong }: PlacedPointer, region: AddressRegion): PicturePointer {
  return {
    name: argument.name,
    address: `0x${argument.value.toString(16)}`,
    size: bytes === null ? null : sizeText(bytes),
    at: placeIn(argument.value, region),
    wrong,
  };
}

function sizeText(bytes: bigint): string {
  return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? countText(Number(bytes), 'byte') : `0x${bytes.toString(16)} bytes`;
}

function placeIn(address: bigint, { from, to }: AddressRegion): number | null {
  if (from === null || to === null || to <= from) return null;
  return Number(((address - from) * 1000n) / (to - from)) / 1000;
}

function pictureText(pointers: readonly PlacedPointer[], limit: string, space: AddressSpace): string {
  const places = pointers.map(({ argument, pointer, wrong }) => `${argument.name} is 0x${argument.value.toString(16)}, a ${areaText(pointer.area)}${wrong ? ' where a user address is wanted' : ''}.`);
  return [...places, `User space ends at ${limit}${space.arch === 'i386' ? '' : ', with which access_ok() compares'}.`].join(' ');
}

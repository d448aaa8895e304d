// SPDX-License-Identifier: MIT
import type { SyscallAbi } from '../abi';
import { describeUserLimit } from '../abi/address-map';
import { versionCode } from '../abi/kernel-version';
import { userCheck, whyNoUserAddress } from '../abi/user-checks';
import { decodeArguments } from '../calls/decode';
import type { ObservedStory } from '../calls/descriptors';
import { visibleText, type Call, type HostIdentity } from '../model';
import { pointersOf, type PlacedPointer } from './addresses';
import { addressSpaceOf, areaText } from './values';

const TRANSFERS = new Set(['read', 'write', 'pread64', 'pwrite64', 'sendto', 'recvfrom']);
const LENGTHS = new Set(['count', 'len', 'size']);

/**
 * Why a call returned what it did, in sentences that follow from its registers, its result and the calls before it.
 * Nothing is said where nothing follows.
 */
export function explainCall(call: Call, host: HostIdentity, abi: SyscallAbi, story: ObservedStory | null): string[] {
  if (call.result === null) return [];
  const sentences = call.errno === 'EFAULT' ? badAddress(call, host, abi) : [];
  const step = story?.steps[story.current];
  if (step?.explains) sentences.push(step.describe());
  if (call.result >= 0 && TRANSFERS.has(call.syscall)) sentences.push(...transfer(call, call.result, host, abi));
  return sentences.map(visibleText);
}

function badAddress(call: Call, host: HostIdentity, abi: SyscallAbi): string[] {
  const pointers = pointersOf(call, host, abi);
  const wrong = pointers.filter((pointer) => pointer.wrong);
  if (wrong.length > 0) {
    return [
      ...wrong.map((pointer) => `${pointerText(pointer)}, a ${areaText(pointer.pointer.area)}, but ${call.syscall}() takes it for an address of user space.`),
      ...wrong.slice(0, 1).map((pointer) => `${checkOf(pointer, call, abi)} refuses it whoever calls: ${whyNoUserAddress(host.arch, versionCode(host.kernel))}. User space ends at ${describeUserLimit(addressSpaceOf(host))}. That is what -EFAULT says.`),
    ];
  }
  const users = pointers.filter(({ pointer }) => pointer.user);
  if (users.length === 0) return [];
  return [`${users.map(pointerText).join(' and ')}: the address is one of user space, but what lies there could not be ${users.length === 1 ? 'accessed' : 'accessed by at least one of them'}.`];
}

/** The function that an address of the kernel fails in. */
function checkOf({ argument }: PlacedPointer, call: Call, abi: SyscallAbi): string {
  const syscall = abi.byName(call.syscall);
  const index = syscall?.arguments?.findIndex(({ name }) => name === argument.name) ?? -1;
  return syscall ? userCheck(syscall, index) : 'the kernel';
}

function pointerText({ argument }: PlacedPointer): string {
  return `${argument.name} (register ${argument.register}) is 0x${argument.value.toString(16)}`;
}

function transfer(call: Call, result: number, host: HostIdentity, abi: SyscallAbi): string[] {
  const length = decodeArguments(call, addressSpaceOf(host), abi)?.find(({ name }) => LENGTHS.has(name));
  if (!length) return [];
  const verb = /read|recv/.test(call.syscall) ? 'read' : 'written';
  return [BigInt(result) === length.value ? `All ${result.toLocaleString('en')} bytes were ${verb}: the result is their number.` : `${result.toLocaleString('en')} of ${length.value.toLocaleString('en')} bytes were ${verb}.`];
}

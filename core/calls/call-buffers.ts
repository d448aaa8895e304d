// SPDX-License-Identifier: MIT
import type { SyscallAbi } from '../abi';
import type { AddressSpace } from '../abi/address-space';
import type { Host } from '../hosts/host';
import type { Call, CallBuffers } from '../model';
import type { ElfFile } from '../modules/elf';
import { decodeArguments } from './decode';

export interface BufferRequest {
  readonly host: Pick<Host, 'script'>;
  /** The module's name as the kernel knows it. */
  readonly moduleName: string;
  /** The unstripped .ko. */
  readonly elf: ElfFile;
  readonly calls: readonly Call[];
  readonly space: AddressSpace;
  readonly abi: SyscallAbi;
  readonly signal?: AbortSignal | undefined;
}

interface Span {
  readonly callId: string;
  readonly argument: number;
  readonly address: bigint;
  readonly bytes: number;
}

interface Segment {
  readonly address: bigint;
  readonly offset: bigint;
  readonly bytes: bigint;
}

/** Bytes that are read of a buffer: as many as strace prints. */
const MAX_BYTES = 32;
const MAX_BUFFERS = 16;
const BLOCK = 64n;
const PT_LOAD = 1;

/** Arguments: /sys/module/NAME/sections. Prints `FILE:ADDRESS` of each section and the beginning of /proc/kcore. */
const LAYOUT = `grep '' "$1"/.* 2>/dev/null
echo core
dd if=/proc/kcore bs=4096 count=2 2>/dev/null | base64
`;

/** Arguments: blocks of 64 bytes to pass over in /proc/kcore, for each buffer. Prints the two that follow, a line each. */
const READ = `for skip do
  dd if=/proc/kcore bs=${BLOCK} skip="$skip" count=2 2>/dev/null | base64 | tr -d '\\n'
  echo
done
`;

/**
 * The first bytes of the buffers that the calls were given, where they lie in the module's own data: that stays mapped while
 * the module is loaded, so that it can be read from /proc/kcore without a fault. They are what lies there now, not when the
 * call was made. Memory of init functions, of the heap and of stacks is left alone: it may be somebody else's by now.
 * @returns nothing where /proc/kcore cannot be read @throws Failure when the host is lost
 */
export async function readBuffers(request: BufferRequest): Promise<CallBuffers[]> {
  const { host, signal } = request;
  const spans = request.calls.flatMap((call) => spansOf(call, request)).slice(0, MAX_BUFFERS);
  if (spans.length === 0) return [];
  const options = { asRoot: true, ...(signal ? { signal } : {}) };
  const layout = await host.script(LAYOUT, [`/sys/module/${request.moduleName}/sections`], options);
  const [sections = '', core = ''] = layout.stdout.split(/^core$/m);
  const data = dataSections(sections, request.elf);
  const segments = loadSegments(Buffer.from(core, 'base64'));
  const readable = spans.flatMap((span) => {
    const end = span.address + BigInt(span.bytes);
    if (!data.some(({ address, bytes }) => span.address >= address && end <= address + bytes)) return [];
    const segment = segments.find(({ address, bytes }) => span.address >= address && end <= address + bytes);
    return segment ? [{ ...span, offset: segment.offset + span.address - segment.address }] : [];
  });
  if (readable.length === 0) return [];
  const { stdout } = await host.script(READ, readable.map(({ offset }) => String(offset / BLOCK)), options);
  const lines = stdout.split('\n');
  return readable.flatMap(({ callId, argument, bytes, offset }, index) => {
    const from = Number(offset % BLOCK);
    const read = Buffer.from(lines[index] ?? '', 'base64').subarray(from, from + bytes);
    return read.length === bytes ? [{ callId, argument, bytes: read.toString('hex') }] : [];
  });
}

/** The buffers of a call that may lie in the module's data and whose length is known. */
function spansOf(call: Call, { space, abi }: BufferRequest): Span[] {
  const decoded = decodeArguments(call, space, abi) ?? [];
  return decoded.flatMap(({ pointer, value }, argument): Span[] => {
    if (pointer?.area !== 'module' && pointer?.area !== 'kernel') return []; // arm64 shuffles its areas: which of them it is cannot be told there
    const length = abi.byName(call.syscall)?.arguments?.[argument]?.length;
    const size = length?.unit === 'bytes' ? (decoded[length.argument]?.value ?? 0n) : 0n;
    const bytes = Number(size < BigInt(MAX_BYTES) ? size : BigInt(MAX_BYTES));
    return bytes > 0 ? [{ callId: call.id, argument, address: value, bytes }] : [];
  });
}

/** Where the sections lie that stay while the module is loaded. */
function dataSections(text: string, elf: ElfFile): { address: bigint; bytes: bigint }[] {
  return [...text.matchAll(/^.*\/(\.[^/:\s]{1,128}):0x([0-9a-f]{1,16})$/gm)].flatMap(([, name = '', address = '0']) => {
    const size = elf.sections.find((section) => section.name === name)?.size ?? 0;
    return name.startsWith('.init') || size === 0 ? [] : [{ address: BigInt(`0x${address}`), bytes: BigInt(size) }];
  });
}

/** The program headers of a 64-bit little-endian core file (elf(5)); none where they cannot be read. */
function loadSegments(core: Buffer): Segment[] {
  if (core.length < 64 || core.readUInt32BE(0) !== 0x7f454c46 || core[4] !== 2 || core[5] !== 1) return [];
  const table = Number(core.readBigUInt64LE(0x20));
  const entry = core.readUInt16LE(0x36);
  const segments: Segment[] = [];
  for (let index = 0; index < core.readUInt16LE(0x38); index++) {
    const at = table + index * entry;
    if (entry < 56 || at + entry > core.length) break;
    if (core.readUInt32LE(at) === PT_LOAD) segments.push({ offset: core.readBigUInt64LE(at + 8), address: core.readBigUInt64LE(at + 16), bytes: core.readBigUInt64LE(at + 40) });
  }
  return segments;
}

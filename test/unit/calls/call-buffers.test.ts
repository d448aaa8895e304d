// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { syscallAbi } from '../../../core/abi';
import { readBuffers } from '../../../core/calls/call-buffers';
import { formatCall } from '../../../core/calls/format-calls';
import type { Call, CallBuffers } from '../../../core/model';

const ABI = syscallAbi('x86_64');
const SPACE = { arch: 'x86_64', levels: 4 } as const;
const DATA = 0xffffffffc0284000n;
const MEMORY = Buffer.from('a text that is longer than what is read of it, and goes on\n'.padEnd(4096, '.'));
const CORE_OFFSET = 8192n;

function write(address: bigint, count: bigint): Call {
  const values = [1n, address, count, 0n, 0n, 0n];
  return {
    id: 'call-1', parentId: null, syscall: 'write', nr: 1, registers: ABI.registers.map((name, index) => ({ name, value: `0x${(values[index] ?? 0n).toString(16)}` })), result: -14, unknownBecause: null, errno: 'EFAULT',
    source: null, caller: null, task: 'insmod', pid: 251, usec: 0, durationUsec: null, status: 'returned', evidence: 'probe', predictionId: null, recordSeq: null, action: null,
  };
}

/** The beginning of a core file with one segment that holds the module's data. */
function coreHeader(phentsize = 56): Buffer {
  const core = Buffer.alloc(8192);
  core.write('\x7fELF\x02\x01', 'latin1');
  core.writeBigUInt64LE(64n, 0x20);
  core.writeUInt16LE(phentsize, 0x36);
  core.writeUInt16LE(1, 0x38);
  core.writeUInt32LE(1, 64);
  core.writeBigUInt64LE(CORE_OFFSET, 64 + 8);
  core.writeBigUInt64LE(DATA, 64 + 16);
  core.writeBigUInt64LE(4096n, 64 + 40);
  return core;
}

const SECTIONS = `/sys/module/m/sections/.rodata:0x${DATA.toString(16)}\n/sys/module/m/sections/.init.data:0x${(DATA + 0x800n).toString(16)}\n`;

async function read(call: Call, { sections = SECTIONS, core = coreHeader() }: { sections?: string; core?: Buffer } = {}): Promise<{ buffers: CallBuffers[]; scripts: number }> {
  let scripts = 0;
  const script = (_: string, args: readonly string[]): Promise<never> => {
    scripts++;
    const block = (skip: string): string => {
      const from = Number(BigInt(skip) * 64n - CORE_OFFSET);
      return `${MEMORY.subarray(from, from + 128).toString('base64')}\n`;
    };
    const stdout = scripts === 1 ? `${sections}core\n${core.toString('base64')}\n` : args.map(block).join('');
    return Promise.resolve({ stdout, stderr: '', exitCode: 0 } as never);
  };
  const elf = { machine: 62, wide: true, little: true, sections: [{ name: '.rodata', type: 1, size: 0x400, data: new Uint8Array() }, { name: '.init.data', type: 1, size: 0x400, data: new Uint8Array() }] };
  const buffers = await readBuffers({ host: { script }, moduleName: 'm', elf, calls: [call], space: SPACE, abi: ABI });
  return { buffers, scripts };
}

const shown = (call: Call, buffers: readonly CallBuffers[]): string => formatCall({ ...call, buffers: buffers.map(({ argument, bytes }) => ({ argument, bytes })) }, SPACE, ABI);

describe('the bytes of a buffer', () => {
  it('are read where the module keeps its data, wherever the buffer begins', async () => {
    for (const at of [0n, 2n, 63n, 100n]) {
      const call = write(DATA + at, 20n);
      const { buffers } = await read(call);
      assert.equal(Buffer.from(buffers[0]?.bytes ?? '', 'hex').toString(), MEMORY.subarray(Number(at), Number(at) + 20).toString());
    }
  });

  it('are shown as strace shows them: 32 at most', async () => {
    const long = write(DATA, 59n);
    assert.match(shown(long, (await read(long)).buffers), /"a text that is longer than what "\.\.\. \*\//);
    const short = write(DATA + 49n, 10n);
    assert.match(shown(short, (await read(short)).buffers), /"d goes on\\n" \*\//);
  });

  it('are left alone in memory that goes: of init functions, beyond a section, of the stack, of user space', async () => {
    for (const address of [DATA + 0x800n, DATA + 0x3f8n, 0xffffc90000123000n, 0x7ffe0000n]) assert.deepEqual((await read(write(address, 20n))).buffers, []);
  });

  it('are not asked for when no call has such a buffer', async () => {
    assert.equal((await read(write(0x7ffe0000n, 20n))).scripts, 0);
    assert.equal((await read(write(DATA, 0n))).scripts, 0);
  });

  it('are not read when the kernel does not show its memory, or shows what cannot be understood', async () => {
    for (const core of [Buffer.alloc(0), Buffer.from('no core file'), coreHeader(8), coreHeader(9000), coreHeader().subarray(0, 100)]) assert.deepEqual((await read(write(DATA, 20n), { core })).buffers, []);
    assert.deepEqual((await read(write(DATA, 20n), { sections: 'core\ncore\nnonsense:0x1\n' })).buffers, []);
  });
});

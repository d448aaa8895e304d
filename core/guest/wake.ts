// SPDX-License-Identifier: MIT
// What makes a guest another one than all others that begin from the same saved state: its clock, its randomness, its keys.

/** Without a program that makes these calls there is no way to have a kernel take up fresh entropy at once: a write to
 * /dev/urandom is used only at the next reseeding, which is up to a minute away. x86-64; instructions beside their bytes. */
const CODE = [
  ['4883ec40', 'sub rsp, 64'],
  ['31c0', 'xor eax, eax          ; read(0, rsp, 56)'],
  ['31ff', 'xor edi, edi'],
  ['4889e6', 'mov rsi, rsp'],
  ['ba38000000', 'mov edx, 56'],
  ['0f05', 'syscall'],
  ['83f838', 'cmp eax, 56'],
  ['754f', 'jne fail'],
  ['b8e3000000', 'mov eax, 227         ; clock_settime(CLOCK_REALTIME, rsp)'],
  ['31ff', 'xor edi, edi'],
  ['4889e6', 'mov rsi, rsp'],
  ['0f05', 'syscall'],
  ['85c0', 'test eax, eax'],
  ['753f', 'jne fail'],
  ['b802000000', 'mov eax, 2           ; open(path, O_RDONLY)'],
  ['488d3d41000000', 'lea rdi, [path]'],
  ['31f6', 'xor esi, esi'],
  ['0f05', 'syscall'],
  ['85c0', 'test eax, eax'],
  ['782b', 'js fail'],
  ['89c3', 'mov ebx, eax'],
  ['b810000000', 'mov eax, 16          ; ioctl(fd, RNDADDENTROPY, rsp + 16)'],
  ['89df', 'mov edi, ebx'],
  ['be03520840', 'mov esi, 0x40085203'],
  ['488d542410', 'lea rdx, [rsp + 16]'],
  ['0f05', 'syscall'],
  ['85c0', 'test eax, eax'],
  ['7512', 'jne fail'],
  ['b810000000', 'mov eax, 16          ; ioctl(fd, RNDRESEEDCRNG)'],
  ['89df', 'mov edi, ebx'],
  ['be07520000', 'mov esi, 0x5207'],
  ['0f05', 'syscall'],
  ['f7d8', 'neg eax'],
  ['eb05', 'jmp end'],
  ['b801000000', 'fail: mov eax, 1'],
  ['89c7', 'end: mov edi, eax    ; exit(error)'],
  ['b83c000000', 'mov eax, 60'],
  ['0f05', 'syscall'],
  [Buffer.from('/dev/urandom\0').toString('hex'), 'path: .asciz "/dev/urandom"'],
] as const;

const HEADERS = 64 + 56;
const LOAD_ADDRESS = 0x400000;

/**
 * A static ELF program that reads 56 bytes ({@link wakeInput}) from its standard input, sets the clock, credits the entropy and
 * has the kernel reseed its generator. Exits with 0 when all of that succeeded.
 */
export const WAKE_PROGRAM: Buffer = elfProgram(Buffer.from(CODE.map(([bytes]) => bytes).join(''), 'hex'));

/** One read-only, executable segment that holds headers and code (ELF-64 object file format, version 1.5). */
function elfProgram(code: Buffer): Buffer {
  const header = Buffer.alloc(HEADERS);
  Buffer.from('7f454c46020101', 'hex').copy(header);
  header.writeUInt16LE(2, 16); // ET_EXEC
  header.writeUInt16LE(62, 18); // EM_X86_64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS + HEADERS), 24); // entry
  header.writeBigUInt64LE(64n, 32); // program headers
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // PT_LOAD
  header.writeUInt32LE(5, 68); // PF_R | PF_X
  for (const at of [80, 88]) header.writeBigUInt64LE(BigInt(LOAD_ADDRESS), at);
  for (const at of [96, 104]) header.writeBigUInt64LE(BigInt(HEADERS + code.length), at);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, code]);
}

/** struct timespec, then struct rand_pool_info with 32 bytes. */
export function wakeInput(nowMs: number, entropy: Buffer): Buffer {
  if (entropy.length !== 32) throw new RangeError('32 bytes of entropy are wanted');
  const head = Buffer.alloc(24);
  head.writeBigInt64LE(BigInt(Math.floor(nowMs / 1000)), 0);
  head.writeBigInt64LE(BigInt(Math.round((nowMs % 1000) * 1e6)), 8);
  head.writeInt32LE(256, 16); // bits
  head.writeInt32LE(32, 20); // bytes
  return Buffer.concat([head, entropy]);
}

/** Any bytes as an argument of printf(1), in one line. */
export function printfEscapes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

// SPDX-License-Identifier: MIT
// Programs of a few system calls for x86-64, without a compiler: Intel's manual, volume 2; ELF-64 object file format, version 1.5.

/** An argument of a system call. `at`: address of a label; `stack`: address in the program's buffer; `kept`: what {@link keep} kept. */
export type Argument = number | { readonly at: string } | { readonly stack: number } | 'kept';

/** A piece of a program: bytes, a distance from its end to a label (32 bits), or the label itself. */
type Piece = Buffer | { readonly distanceTo: string } | { readonly label: string };
export type Instruction = readonly Piece[];

const BUFFER_BYTES = 4096;
const HEADERS = 64 + 56;
const LOAD_ADDRESS = 0x400000;

/** Registers of the first three arguments: their number, and with it how instructions name them. */
const RDI = 7;
const RSI = 6;
const RDX = 2;

const bytes = (...values: number[]): Buffer => Buffer.from(values);
function imm32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value >>> 0);
  return buffer;
}

function load(register: number, argument: Argument): Piece[] {
  if (typeof argument === 'number') return [bytes(0xb8 + register), imm32(argument)]; // mov r32, imm32
  if (argument === 'kept') return [bytes(0x89, 0xd8 + register)]; // mov r32, ebx
  if ('at' in argument) return [bytes(0x48, 0x8d, 0x05 + (register << 3)), { distanceTo: argument.at }]; // lea r64, [rip + distance]
  return [bytes(0x48, 0x8d, 0x84 + (register << 3), 0x24), imm32(argument.stack)]; // lea r64, [rsp + offset]
}

/** A system call by its number; its result is what conditions look at. */
export function call(number: number, ...args: readonly Argument[]): Instruction {
  const registers = [RDI, RSI, RDX];
  return [...args.flatMap((argument, index) => load(registers[index] ?? RDX, argument)), bytes(0xb8), imm32(number), bytes(0x0f, 0x05)];
}

/** Goes on at a label where the result of the last call is so. */
export function jumpIf(condition: 'negative' | 'not negative' | 'not positive' | 'not zero', to: string): Instruction {
  const jump = { negative: 0x88, 'not negative': 0x89, 'not positive': 0x8e, 'not zero': 0x85 }[condition];
  return [bytes(0x85, 0xc0, 0x0f, jump), { distanceTo: to }]; // test eax, eax; jcc
}

export function jumpUnless(result: number, to: string): Instruction {
  return [bytes(0x3d), imm32(result), bytes(0x0f, 0x85), { distanceTo: to }]; // cmp eax, imm32; jne
}

export function jump(to: string): Instruction {
  return [bytes(0xe9), { distanceTo: to }];
}

/** Keeps the result of the last call. */
export const keep: Instruction = [bytes(0x89, 0xc3)]; // mov ebx, eax

export function label(name: string): Instruction {
  return [{ label: name }];
}

export function data(name: string, content: string | Buffer): Instruction {
  return [{ label: name }, Buffer.from(content)];
}

/** A static program that begins with its first instruction and has a buffer of 4096 bytes. It must end by a call. */
export function elfProgram(instructions: readonly Instruction[]): Buffer {
  return withHeaders(assemble([[bytes(0x48, 0x81, 0xec), imm32(BUFFER_BYTES)], ...instructions])); // sub rsp, 4096
}

function assemble(instructions: readonly Instruction[]): Buffer {
  const pieces = instructions.flat();
  const sizeOf = (piece: Piece): number => (Buffer.isBuffer(piece) ? piece.length : 'label' in piece ? 0 : 4);
  const labels = new Map<string, number>();
  let end = 0;
  for (const piece of pieces) {
    end += sizeOf(piece);
    if ('label' in piece) labels.set(piece.label, end);
  }
  let at = 0;
  const code = pieces.map((piece) => {
    at += sizeOf(piece);
    if (Buffer.isBuffer(piece)) return piece;
    if ('label' in piece) return Buffer.alloc(0);
    const target = labels.get(piece.distanceTo);
    if (target === undefined) throw new RangeError(`there is no label ${piece.distanceTo}`);
    return imm32(target - at);
  });
  return Buffer.concat(code);
}

/** One read-only, executable segment that holds headers and code. */
function withHeaders(code: Buffer): Buffer {
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

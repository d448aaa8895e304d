// SPDX-License-Identifier: MIT

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  /** In memory; `data` is empty where the file holds nothing of it (.bss). */
  readonly size: number;
  readonly data: Uint8Array;
}

export interface ElfFile {
  /** e_machine */
  readonly machine: number;
  /** ELFCLASS64 */
  readonly wide: boolean;
  /** ELFDATA2LSB */
  readonly little: boolean;
  readonly sections: readonly ElfSection[];
}

/** Why a file is not an ELF file that can be read. */
export class ElfError extends Error {}

const SHT_NOBITS = 8;
const MAX_SECTIONS = 65_279;

interface Header {
  readonly name: number;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

/** Reads numbers at checked offsets. */
class ElfView {
  private readonly view: DataView;
  readonly wide: boolean;
  readonly little: boolean;

  constructor(private readonly bytes: Uint8Array) {
    const magic = [0x7f, 0x45, 0x4c, 0x46];
    if (bytes.length < 52 || magic.some((byte, at) => bytes[at] !== byte)) throw new ElfError('it does not begin with an ELF header');
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.wide = bytes[4] === 2;
    this.little = bytes[5] === 1;
    if (this.wide && bytes.length < 64) throw new ElfError('its ELF header is cut off');
  }

  half(at: number): number {
    this.need(at, 2);
    return this.view.getUint16(at, this.little);
  }

  word(at: number): number {
    this.need(at, 4);
    return this.view.getUint32(at, this.little);
  }

  /** A word of the file's class: 8 or 4 bytes. */
  address(at: number): number {
    if (!this.wide) return this.word(at);
    this.need(at, 8);
    const value = this.view.getBigUint64(at, this.little);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ElfError('an offset in it is too large');
    return Number(value);
  }

  slice(at: number, size: number): Uint8Array {
    this.need(at, size);
    return this.bytes.subarray(at, at + size);
  }

  private need(at: number, size: number): void {
    if (at < 0 || size < 0 || at + size > this.bytes.length) throw new ElfError('a section of it lies outside the file');
  }
}

/** Text from `at` to the next NUL or the end. */
export function textAt(data: Uint8Array, at: number): string {
  if (at >= data.length) return '';
  const end = data.indexOf(0, at);
  return Buffer.from(data.subarray(at, end < 0 ? data.length : end)).toString('utf8');
}

/** Reads the section table of an ELF file. Every offset is checked against the file. @throws ElfError */
export function readElf(bytes: Uint8Array): ElfFile {
  const view = new ElfView(bytes);
  const tableAt = view.address(view.wide ? 0x28 : 0x20);
  const entrySize = view.half(view.wide ? 0x3a : 0x2e);
  const count = view.half(view.wide ? 0x3c : 0x30);
  const namesIndex = view.half(view.wide ? 0x3e : 0x32);
  if (count > MAX_SECTIONS || entrySize < (view.wide ? 64 : 40)) throw new ElfError('its section table cannot be read');
  const headers: Header[] = [];
  for (let index = 0; index < count; index++) {
    const at = tableAt + index * entrySize;
    headers.push({
      name: view.word(at),
      type: view.word(at + 4),
      offset: view.address(at + (view.wide ? 0x18 : 0x10)),
      size: view.address(at + (view.wide ? 0x20 : 0x14)),
    });
  }
  const dataOf = (header: Header): Uint8Array => (header.type === SHT_NOBITS ? new Uint8Array() : view.slice(header.offset, header.size));
  const namesHeader = headers[namesIndex];
  const names = namesHeader ? dataOf(namesHeader) : new Uint8Array();
  const sections = headers.map((header) => ({ name: textAt(names, header.name), type: header.type, size: header.size, data: dataOf(header) }));
  return { machine: view.half(0x12), wide: view.wide, little: view.little, sections };
}

/** The descriptor of the first note of an owner and type in a note section; null when it has none. */
export function noteDescriptor(section: Uint8Array, owner: string, type: number): Uint8Array | null {
  const view = new DataView(section.buffer, section.byteOffset, section.byteLength);
  const align = (value: number): number => (value + 3) & ~3;
  let at = 0;
  while (at + 12 <= section.length) {
    const nameSize = view.getUint32(at, true);
    const descriptorSize = view.getUint32(at + 4, true);
    const descriptorAt = at + 12 + align(nameSize);
    if (nameSize > section.length || descriptorSize > section.length || descriptorAt + descriptorSize > section.length) return null;
    if (view.getUint32(at + 8, true) === type && textAt(section.subarray(at + 12, at + 12 + nameSize), 0) === owner) {
      return section.subarray(descriptorAt, descriptorAt + descriptorSize);
    }
    at = descriptorAt + align(descriptorSize);
  }
  return null;
}

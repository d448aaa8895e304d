// SPDX-License-Identifier: MIT

const BLOCK = 512;
const NAME_BYTES = 100;

function octal(value: number, width: number): string {
  return value.toString(8).padStart(width - 1, '0') + '\0';
}

function header(name: Buffer, size: number, type: '0' | 'L'): Buffer {
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0, 0, NAME_BYTES);
  block.write(octal(0o600, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write('        ', 148); // the checksum counts as blanks
  block.write(type, 156);
  block.write('ustar  \0', 257);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(content: Buffer): Buffer[] {
  const rest = content.length % BLOCK;
  return rest === 0 ? [content] : [content, Buffer.alloc(BLOCK - rest)];
}

/** Regular files as an archive that GNU tar, bsdtar and busybox unpack; names longer than 100 bytes as GNU tar writes them. */
export function tarOf(files: ReadonlyMap<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  for (const [file, content] of files) {
    const name = Buffer.from(file);
    if (name.length > NAME_BYTES) {
      const long = Buffer.concat([name, Buffer.from([0])]);
      parts.push(header(Buffer.from('././@LongLink'), long.length, 'L'), ...padded(long));
    }
    parts.push(header(name, content.length, '0'), ...padded(content));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

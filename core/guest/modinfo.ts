// SPDX-License-Identifier: MIT

/** What `.modinfo` of a module says, by key; keys that repeat (`alias`, `parm`) keep every value. */
export type ModInfo = ReadonlyMap<string, readonly string[]>;

const ELF64_LITTLE_ENDIAN = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);

/**
 * Reads the `.modinfo` section of an uncompressed module (ELF64, little endian; see elf(5)).
 * @throws RangeError when the file is not such a module
 */
export function readModInfo(ko: Buffer): ModInfo {
  if (ko.length < 64 || !ko.subarray(0, 6).equals(ELF64_LITTLE_ENDIAN)) throw new RangeError('not an ELF64 module');
  const table = Number(ko.readBigUInt64LE(40));
  const entrySize = ko.readUInt16LE(58);
  const count = ko.readUInt16LE(60);
  const section = (index: number): { name: number; bytes: Buffer } => {
    const at = table + index * entrySize;
    const offset = Number(ko.readBigUInt64LE(at + 24));
    return { name: ko.readUInt32LE(at), bytes: ko.subarray(offset, offset + Number(ko.readBigUInt64LE(at + 32))) };
  };
  const names = section(ko.readUInt16LE(62)).bytes;
  const info = new Map<string, string[]>();
  for (let index = 0; index < count; index++) {
    const { name, bytes } = section(index);
    if (names.toString('latin1', name, name + 9) !== '.modinfo\0') continue;
    for (const entry of bytes.toString('utf8').split('\0')) {
      const equals = entry.indexOf('=');
      if (equals <= 0) continue;
      const key = entry.slice(0, equals);
      info.set(key, [...(info.get(key) ?? []), entry.slice(equals + 1)]);
    }
  }
  return info;
}

/** Names of the modules that this one needs, as written by modpost. */
export function dependsOf(info: ModInfo): string[] {
  return (info.get('depends')?.[0] ?? '').split(',').filter((name) => name !== '');
}

// SPDX-License-Identifier: MIT
// The "newc" cpio format, as the kernel reads it: Documentation/driver-api/early-userspace/buffer-format.rst.

const TYPE = { file: 0o100000, directory: 0o040000, symlink: 0o120000, characterDevice: 0o020000 } as const;

interface Entry {
  readonly type: number;
  readonly mode: number;
  readonly data: Uint8Array;
  readonly major: number;
  readonly minor: number;
}

/**
 * A cpio archive that becomes an initramfs. Everything belongs to root and has time 0, so equal contents give equal
 * bytes; device nodes are entries like any other, so nobody needs to be root here.
 */
export class NewcArchive {
  private readonly entries = new Map<string, Entry>();

  /** `path` is absolute in the guest; parent folders are added with mode 0755. */
  file(path: string, data: Uint8Array | string, mode = 0o644): this {
    return this.add(path, TYPE.file, mode, typeof data === 'string' ? Buffer.from(data) : data);
  }

  directory(path: string, mode = 0o755): this {
    return this.add(path, TYPE.directory, mode, Buffer.alloc(0));
  }

  symlink(path: string, target: string): this {
    return this.add(path, TYPE.symlink, 0o777, Buffer.from(target));
  }

  characterDevice(path: string, major: number, minor: number, mode = 0o600): this {
    return this.add(path, TYPE.characterDevice, mode, Buffer.alloc(0), major, minor);
  }

  /** The archive, padded to 512 bytes, so that another one can follow it. */
  bytes(): Buffer {
    const parts: Buffer[] = [];
    let inode = 1;
    for (const [name, entry] of this.entries) parts.push(...record(name, entry, inode++));
    parts.push(...record('TRAILER!!!', { type: 0, mode: 0, data: Buffer.alloc(0), major: 0, minor: 0 }, 0));
    const archive = Buffer.concat(parts);
    return Buffer.concat([archive, padding(archive.length, 512)]);
  }

  private add(path: string, type: number, mode: number, data: Uint8Array, major = 0, minor = 0): this {
    const names = path.split('/').filter((name) => name !== '');
    if (names.length === 0 || names.some((name) => name === '.' || name === '..' || name.includes('\0'))) throw new RangeError(`bad path in an archive: ${path}`);
    for (let depth = 1; depth < names.length; depth++) {
      const parent = names.slice(0, depth).join('/');
      if (!this.entries.has(parent)) this.entries.set(parent, { type: TYPE.directory, mode: 0o755, data: Buffer.alloc(0), major: 0, minor: 0 });
    }
    this.entries.set(names.join('/'), { type, mode, data, major, minor });
    return this;
  }
}

function record(name: string, entry: Entry, inode: number): Buffer[] {
  const nameBytes = Buffer.from(`${name}\0`);
  const links = entry.type === TYPE.directory ? 2 : 1;
  const fields = [inode, entry.type | entry.mode, 0, 0, links, 0, entry.data.length, 0, 0, entry.major, entry.minor, nameBytes.length, 0];
  const header = Buffer.from(`070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`);
  return [header, nameBytes, padding(header.length + nameBytes.length, 4), Buffer.from(entry.data), padding(entry.data.length, 4)];
}

function padding(length: number, unit: number): Buffer {
  return Buffer.alloc((unit - (length % unit)) % unit);
}

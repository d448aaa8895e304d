// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { KernelModules } from '../../../core/guest/kernel-modules';
import { temporaryFolder } from './support';

/** The smallest ELF64 file with a .modinfo section: header, names, .modinfo, section table. */
function moduleFile(depends: string): Buffer {
  const names = Buffer.from('\0.modinfo\0.shstrtab\0');
  const info = Buffer.from(`license=GPL\0depends=${depends}\0`);
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(62, 18);
  header.writeBigUInt64LE(BigInt(64 + names.length + info.length), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(3, 60);
  header.writeUInt16LE(2, 62);
  const section = (name: number, offset: number, size: number): Buffer => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(name, 0);
    bytes.writeUInt32LE(1, 4);
    bytes.writeBigUInt64LE(BigInt(offset), 24);
    bytes.writeBigUInt64LE(BigInt(size), 32);
    return bytes;
  };
  return Buffer.concat([header, names, info, section(0, 0, 0), section(1, 64 + names.length, info.length), section(10, 64, names.length)]);
}

describe("a kernel's modules", () => {
  let folder: string;
  let remove: () => void;
  before(() => ({ folder, remove } = temporaryFolder()));
  after(() => remove());
  const put = (file: string, bytes: Buffer): void => {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), bytes);
  };

  before(() => {
    put('kernel/drivers/virtio/virtio.ko', moduleFile('virtio-ring'));
    put('kernel/drivers/virtio/virtio_ring.ko', moduleFile(''));
    put('kernel/drivers/net/virtio-net.ko', moduleFile('virtio,failover,virtio_ring'));
    put('kernel/drivers/net/wants.ko', moduleFile('nowhere'));
    put('modules.builtin', Buffer.from('kernel/net/core/failover.ko\nkernel/drivers/char/hw-random.ko\n'));
    fs.writeFileSync(path.join(folder, 'plain'), moduleFile('virtio'));
    execFileSync('xz', [path.join(folder, 'plain')]);
    fs.renameSync(path.join(folder, 'plain.xz'), path.join(folder, 'kernel/drivers/net/packed.ko.xz'));
  });

  const order = async (...wanted: string[]): Promise<string[]> => {
    const modules = await KernelModules.open(folder, ['xz', '-dc']);
    return (await modules.inLoadingOrder(wanted)).map(({ name }) => name);
  };

  it('come after what they depend on, each once, however their names are spelt', async () => {
    assert.deepEqual(await order('virtio_net', 'virtio'), ['virtio_ring', 'virtio', 'virtio_net']);
  });

  it('are left out when built in', async () => {
    assert.deepEqual(await order('hw_random', 'virtio_ring'), ['virtio_ring']);
  });

  it('are decompressed', async () => {
    const modules = await (await KernelModules.open(folder, ['xz', '-dc'])).inLoadingOrder(['packed']);
    assert.deepEqual(
      modules.map(({ name }) => name),
      ['virtio_ring', 'virtio', 'packed'],
    );
    assert.ok(modules[2]!.ko.equals(moduleFile('virtio')));
  });

  it('that are nowhere are an error that names them', async () => {
    await assert.rejects(order('wants'), /no module nowhere/);
  });
});

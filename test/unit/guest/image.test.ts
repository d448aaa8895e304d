// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { provideImage } from '../../../core/guest/image';
import type { KernelOffer, ProvidedUserland } from '../../../core/packages';
import { temporaryFolder } from './support';

describe("the guest's image", () => {
  let remove: () => void;
  let images: string;
  let modulesDir: string;
  const offer: KernelOffer = { id: '6.1-cloud', series: '6.1', flavour: 'cloud', release: '6.1.0-1-cloud-amd64', version: '6.1.1-1', suite: 'bookworm', packages: [] };
  let userland: ProvidedUserland;

  before(() => {
    let folder: string;
    ({ folder, remove } = temporaryFolder());
    images = path.join(folder, 'images');
    modulesDir = path.join(folder, 'modules');
    fs.mkdirSync(path.join(modulesDir, 'kernel'), { recursive: true });
    fs.writeFileSync(path.join(modulesDir, 'modules.builtin'), 'kernel/a/virtio_pci.ko\nkernel/b/virtio_net.ko\nkernel/c/virtio_console.ko\n');
    const busybox = path.join(folder, 'busybox');
    fs.writeFileSync(busybox, 'the one program');
    userland = { files: [{ from: busybox, to: '/bin/busybox', mode: 0o755 }], contentId: 'one' };
  });
  after(() => remove());

  it('holds the programs and the start script, and is not built twice', async () => {
    const image = await provideImage({ offer, modulesDir }, userland, images);
    const text = gunzipSync(fs.readFileSync(image)).toString('latin1');
    for (const part of ['the one program', 'etc/inittab', 'dropbear -R', 'dev/console']) assert.ok(text.includes(part), part);
    const { ino, mtimeMs } = fs.statSync(image);
    assert.equal(await provideImage({ offer, modulesDir: '/nowhere' }, userland, images), image);
    assert.deepEqual([fs.statSync(image).ino, fs.statSync(image).mtimeMs], [ino, mtimeMs]);
  });

  it('is another one for other packages', async () => {
    const base = await provideImage({ offer, modulesDir }, userland, images);
    assert.notEqual(await provideImage({ offer: { ...offer, version: '6.1.1-2' }, modulesDir }, userland, images), base);
    assert.notEqual(await provideImage({ offer, modulesDir }, { ...userland, contentId: 'two' }, images), base);
  });

  it('leaves nothing half written when it cannot be built', async () => {
    const broken = { files: [{ from: '/nowhere', to: '/bin/busybox', mode: 0o755 }], contentId: 'broken' };
    const before = fs.readdirSync(images);
    await assert.rejects(provideImage({ offer, modulesDir }, broken, images));
    assert.deepEqual(fs.readdirSync(images), before);
  });
});

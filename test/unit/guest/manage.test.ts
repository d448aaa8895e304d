// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { deleteGuest, endGuests, guestsFolder, imagesFolder, listGuestKernels, pruneGuests, resetGuest, statesFolder } from '../../../core/guest/manage';
import { diskBytes } from '../../../core/platform/disk-bytes';
import { PackageStore } from '../../../core/packages';
import type { Dirs } from '../../../core/platform/dirs';
import { kmodlab } from '../../support/cli';
import { temporaryFolder } from './support';

describe('what is kept of guests', () => {
  let dirs: Dirs;
  let packages: PackageStore;
  let remove: () => void;
  beforeEach(() => {
    const { folder, remove: removeFolder } = temporaryFolder();
    remove = removeFolder;
    dirs = { cache: path.join(folder, 'cache'), state: path.join(folder, 'state'), runtime: path.join(folder, 'run') };
    packages = new PackageStore(dirs);
    for (const [index, release] of ['6.1.0-1-cloud-amd64', '6.1.0-10-cloud-amd64'].entries()) keep(release, index);
    fs.writeFileSync(path.join(statesFolder(dirs), 'abc.xyz123'), 'no state');
  });
  afterEach(() => remove());

  /** Packages of 40 kB, an image of 8 kB, a state of 12 kB with a hole in it. */
  function keep(release: string, index: number): void {
    const write = (file: string, bytes: number): void => {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, Buffer.alloc(bytes, 'x'));
    };
    write(path.join(dirs.cache, 'packages', 'sets', `kernel-${release}-0123456789abcde${index}`, 'boot', 'vmlinuz'), 40_960);
    write(path.join(imagesFolder(dirs), `${release}_1.cpio.gz`), 8192);
    const state = path.join(statesFolder(dirs), `abc${index}`);
    write(path.join(state, 'memory'), 12_288);
    fs.truncateSync(path.join(state, 'memory'), 256 * 1024 * 1024);
    fs.writeFileSync(path.join(state, 'info.json'), JSON.stringify({ release, memoryMiB: 256, cpus: 1, accelerator: 'tcg', savedAt: '2026-01-01T00:00:00.000Z' }));
  }
  const releases = async (): Promise<string[]> => (await listGuestKernels(dirs, packages)).map(({ release }) => release);
  const cli = (...args: string[]): ReturnType<typeof kmodlab> => kmodlab(['guest', ...args], { env: { KMODLAB_CACHE_DIR: dirs.cache, KMODLAB_RUNTIME_DIR: dirs.runtime } });

  it('is listed by kernel, the newest first, with what it takes on disk', async () => {
    const kernels = await listGuestKernels(dirs, packages);
    assert.deepEqual(kernels.map(({ release }) => release), ['6.1.0-10-cloud-amd64', '6.1.0-1-cloud-amd64']);
    for (const { running, saved, diskBytes } of kernels) {
      assert.deepEqual([running.length, saved.length, saved[0]?.memoryMiB], [0, 1, 256]);
      assert.ok(diskBytes >= 61_440 && diskBytes < 200_000, String(diskBytes));
    }
    const { stdout } = await cli('list', '--json');
    const shown = JSON.parse(stdout) as { release: string; saved: unknown[] }[];
    assert.deepEqual(shown.map(({ release, saved }) => [release, saved.length]), [['6.1.0-10-cloud-amd64', 1], ['6.1.0-1-cloud-amd64', 1]]);
    assert.match((await cli('list')).stdout, /^6\.1\.0-10-cloud-amd64 +0 MB  saved$/m);
  });

  it('is deleted with all that belongs to a kernel, and nothing else', async () => {
    assert.ok((await deleteGuest(dirs, packages, '6.1.0-1-cloud-amd64')) >= 61_440);
    assert.deepEqual(await releases(), ['6.1.0-10-cloud-amd64']);
    assert.deepEqual(fs.readdirSync(imagesFolder(dirs)), ['6.1.0-10-cloud-amd64_1.cpio.gz']);
    await assert.rejects(deleteGuest(dirs, packages, '6.1.0-1-cloud-amd64'), { code: 'no-guest' });
    assert.match((await cli('delete', '6.1.0-10-cloud-amd64')).stdout, /deleted/);
    assert.deepEqual(await releases(), []);
  });

  it('is measured alone when it is deleted', async () => {
    const asked: (string | undefined)[] = [];
    const spied = {
      storedKernels: (only?: string) => {
        asked.push(only);
        return packages.storedKernels(only);
      },
      removeKernel: (release: string) => packages.removeKernel(release),
    };
    await deleteGuest(dirs, spied, '6.1.0-1-cloud-amd64');
    await pruneGuests(dirs, spied, []);
    assert.deepEqual(asked, ['6.1.0-1-cloud-amd64', undefined]);
    assert.deepEqual(await releases(), []);
  });

  it('counts nothing that is not there', async () => {
    assert.equal(await diskBytes([]), 0);
    const missing = path.join(dirs.cache, 'missing');
    assert.equal(await diskBytes([missing, imagesFolder(dirs)]), await diskBytes([imagesFolder(dirs)]));
  });

  it('goes when the archive has something newer', async () => {
    assert.deepEqual((await pruneGuests(dirs, packages, ['6.1.0-10-cloud-amd64'])).releases, ['6.1.0-1-cloud-amd64']);
    assert.deepEqual(await releases(), ['6.1.0-10-cloud-amd64']);
  });

  it('cannot be reset or ended where no guest runs', async () => {
    await assert.rejects(resetGuest(guestsFolder(dirs), '6.1-cloud'), { code: 'no-guest' });
    await assert.rejects(endGuests(guestsFolder(dirs)), { code: 'no-guest' });
    assert.equal((await cli('reset', '6.1-cloud')).exitCode, 3);
  });

  it('is asked for in words that are known', async () => {
    for (const args of [[], ['lsit'], ['list', 'x'], ['delete'], ['stop', 'a', 'b']]) assert.equal((await cli(...args)).exitCode, 2, args.join(' '));
    const { exitCode, stderr } = await kmodlab(['guest', 'list'], { env: { KMODLAB_GUEST_MEMORY: '12' } });
    assert.equal(exitCode, 2);
    assert.match(stderr, /KMODLAB_GUEST_MEMORY cannot be used.*whole number from 128 to/s);
  });
});

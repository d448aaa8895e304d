// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PackageStore } from '../../core/packages';
import { userDirs } from '../../core/platform/dirs';
import { run } from '../../core/platform/process';
import { SpoilingProxy } from '../support/proxy';

/** Real apt against its real mirror, through a proxy that spoils the answers. */
describe('packages that cannot be had', () => {
  let folder: string;
  let proxy: SpoilingProxy;
  let address: string;

  const isPackage = (url: string): boolean => url.endsWith('.deb');
  const cache = (): string => path.join(folder, 'packages');
  const store = (): PackageStore =>
    new PackageStore({ cache: folder, state: folder, runtime: folder }, { env: { ...process.env, http_proxy: address } });
  /** Nothing half-made is left, and nothing that looks whole. */
  const nothingLeft = (): void => {
    assert.deepEqual(fs.readdirSync(path.join(cache(), 'making')), []);
    assert.deepEqual(fs.readdirSync(path.join(cache(), 'sets')), []);
  };

  before(async function () {
    await new PackageStore(userDirs()).provideUserland();
    const sources = fs.readFileSync(path.join(userDirs().cache, 'packages/apt/bookworm/sources.list'), 'utf8');
    const own = await run(['apt-config', 'shell', 'proxy', 'Acquire::http::Proxy']);
    if (own.stdout !== '' || process.env['http_proxy'] !== undefined || !sources.includes(' http:')) {
      console.log('      skipped: the mirror of this machine is reached by another proxy or not by plain http');
      this.skip();
    }
  });

  beforeEach(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-failures-'));
    fs.cpSync(path.join(userDirs().cache, 'packages/apt/bookworm'), path.join(cache(), 'apt/bookworm'), { recursive: true });
    proxy = new SpoilingProxy();
    address = await proxy.listen();
  });

  afterEach(async () => {
    await proxy.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('gone from the pool: the lists are read anew and the fetch is tried again', async () => {
    let renewed = false;
    proxy.verdict = (url) => {
      if (url.endsWith('/InRelease')) renewed = true;
      return isPackage(url) && !renewed ? 'gone' : 'pass';
    };
    const { files } = await store().provideUserland();
    assert.ok(renewed);
    assert.ok(files.length > 3);
  });

  it('gone for good: said so', async () => {
    proxy.verdict = (url) => (isPackage(url) ? 'gone' : 'pass');
    await assert.rejects(store().provideUserland(), { code: 'package-gone' });
    nothingLeft();
  });

  it('changed on the way: refused', async () => {
    proxy.verdict = (url) => (isPackage(url) ? 'corrupt' : 'pass');
    await assert.rejects(store().provideUserland(), { code: 'package-corrupt' });
    nothingLeft();
  });

  it('a cancel in the middle ends apt and leaves nothing', async () => {
    const cancel = new AbortController();
    const left = new Promise<void>((resolve) => (proxy.onLeft = resolve));
    proxy.verdict = (url) => {
      if (!isPackage(url)) return 'pass';
      cancel.abort();
      return 'hang';
    };
    await assert.rejects(store().provideUserland({ signal: cancel.signal }), { code: 'cancelled', exitCode: 130 });
    await left;
    nothingLeft();
  });

  it('two at once fetch them once', async () => {
    const both = await Promise.all([store().provideUserland(), store().provideUserland()]);
    assert.equal(both[0].contentId, both[1].contentId);
    const fetched = proxy.urls.filter(isPackage);
    assert.equal(new Set(fetched).size, fetched.length);
  });

  it('no network: said so where nothing is cached, and no hindrance where it is', async () => {
    const { contentId } = await store().provideUserland();
    const stamp = path.join(cache(), 'apt/bookworm/updated.json');
    fs.writeFileSync(stamp, JSON.stringify({ updatedAt: 0 }));
    await proxy.close();
    assert.equal((await store().provideUserland()).contentId, contentId);
    fs.rmSync(path.join(cache(), 'apt'), { recursive: true });
    await assert.rejects(store().provideUserland(), { code: 'packages-unreachable' });
    proxy = new SpoilingProxy();
    address = await proxy.listen();
  });

});

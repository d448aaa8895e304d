// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packageFailure } from '../../../core/packages/apt-failures';
import { withFileLock } from '../../../core/platform/file-lock';
import { PackageStore } from '../../../core/packages';
import { start, type ProcessResult } from '../../../core/platform/process';

let folder: string;

/** A folder of its own for every test of a suite. */
function withFolder(): void {
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-store-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
}

/** A store whose apt is the given shell script. */
function storeWith(apt: string | null): PackageStore {
  const bin = path.join(folder, 'bin');
  fs.mkdirSync(bin);
  if (apt !== null) fs.writeFileSync(path.join(bin, 'apt-get'), `#!/bin/sh\n${apt}\n`, { mode: 0o755 });
  const dirs = { cache: path.join(folder, 'cache'), state: path.join(folder, 'state'), runtime: path.join(folder, 'runtime') };
  return new PackageStore(dirs, { env: { PATH: bin } });
}

describe('a system that Debian packages cannot be had on', () => {
  withFolder();

  it('without apt is refused in one sentence', async () => {
    await assert.rejects(storeWith(null).provideKernel('6.1-cloud'), { code: 'unsupported-system', why: /^Debian's package tools .* not installed\.$/ });
  });

  it('whose sources name no Debian archive is refused', async () => {
    const uri = 'http://mirror.invalid/ubuntu/dists/noble';
    const apt = `echo "'${uri}/InRelease' x 0"; echo "'${uri}/main/binary-amd64/Packages.xz' x 0"`;
    await assert.rejects(storeWith(apt).provideUserland(), { code: 'unsupported-system', why: /no Debian archive/ });
  });

  it('whose sources cannot be read is told so, with the output as detail', async () => {
    await assert.rejects(storeWith('echo "E: Malformed entry 1" >&2; exit 100').listKernels(), { code: 'apt-failed', what: /apt sources/, detail: /Malformed entry 1/ });
  });
});

describe('a cache folder', () => {
  withFolder();

  it('that cannot be made is said to be so', async () => {
    const file = path.join(folder, 'file');
    fs.writeFileSync(file, '');
    const store = new PackageStore({ cache: path.join(file, 'cache'), state: folder, runtime: folder });
    await assert.rejects(store.provideUserland(), { code: 'cache-not-writable' });
  });
});

describe('a tool on PATH', () => {
  withFolder();

  it('is asked for its version once, and again when it has changed', async () => {
    const store = storeWith(null);
    const log = path.join(folder, 'log');
    const install = (version: string): void => fs.writeFileSync(path.join(folder, 'bin', 'ssh'), `#!/bin/sh\necho asked >> ${log}\necho "OpenSSH_${version} Debian, OpenSSL 3" >&2\n`, { mode: 0o755 });
    install('9.2p1');
    for (let time = 0; time < 2; time++) assert.equal((await store.provideTool('ssh')).version, '9.2p1');
    assert.equal(fs.readFileSync(log, 'utf8'), 'asked\n');
    install('10.0p2');
    assert.equal((await store.provideTool('ssh')).version, '10.0p2');
  });

  it('that does not start is asked again, since it may be mended', async () => {
    const store = storeWith('exit 1');
    const ssh = path.join(folder, 'bin', 'ssh');
    fs.writeFileSync(ssh, '#!/bin/sh\nexit 127\n', { mode: 0o755 });
    await assert.rejects(store.provideTool('ssh'), { code: 'apt-failed' });
    fs.writeFileSync(ssh, '#!/bin/sh\necho "OpenSSH_9.2p1 Debian, OpenSSL 3"\n');
    assert.equal((await store.provideTool('ssh')).version, '9.2p1');
  });
});

describe('the failure of a package tool', () => {
  const ended = (stderr: string, rest: Partial<ProcessResult> = {}): ProcessResult => ({
    exitCode: 100,
    signal: null,
    stdout: '',
    stderr,
    truncated: false,
    timedOut: false,
    cancelled: false,
    startError: null,
    ...rest,
  });
  const cases: readonly (readonly [string, string])[] = [
    ['E: Failed to fetch http://m.invalid/pool/x.deb  404  Not Found [IP: 192.0.2.1 80]', 'package-gone'],
    ['E: Failed to fetch http://m.invalid/pool/x.deb  Hash Sum mismatch', 'package-corrupt'],
    ['dpkg-deb: error: unexpected end of file in archive magic version number', 'package-corrupt'],
    ['tar: ./usr/x: Cannot write: No space left on device\ntar: Exiting\ndpkg-deb: unexpected end of file', 'disk-full'],
    ['W: Failed to fetch http://m.invalid/InRelease  Could not connect to 127.0.0.1:9 (127.0.0.1)', 'packages-unreachable'],
    ["W: Failed to fetch http://m.invalid/InRelease  Temporary failure resolving 'm.invalid'", 'packages-unreachable'],
    ["The following signatures couldn't be verified because the public key is not available: NO_PUBKEY 0E98404D386FA1D9", 'archive-keys-too-old'],
    ['E: something new', 'apt-failed'],
  ];
  for (const [stderr, code] of cases) {
    it(`${code}: ${stderr.slice(0, 50)}…`, () => assert.equal(packageFailure('It failed.', ended(stderr)).code, code));
  }

  it('is a cancel when the terminal interrupted it', () => {
    const failure = packageFailure('It failed.', ended('', { exitCode: null, signal: 'SIGINT' }));
    assert.deepEqual([failure.code, failure.exitCode], ['cancelled', 130]);
  });

  it('keeps a bounded detail', () => {
    assert.ok((packageFailure('It failed.', ended('x'.repeat(1_000_000))).detail?.length ?? 0) <= 8000);
  });
});

describe('the lock of a folder', () => {
  withFolder();
  const file = (): string => path.join(folder, 'lock');
  const quiet = (): void => undefined;

  it('lets one in after the other', async () => {
    const order: string[] = [];
    let firstMayEnd = quiet;
    let first: Promise<void> = Promise.resolve();
    await new Promise<void>((firstIsIn) => {
      first = withFileLock(file(), undefined, quiet, async () => {
        order.push('first in');
        firstIsIn();
        await new Promise<void>((resolve) => (firstMayEnd = resolve));
        order.push('first out');
      });
    });
    const waiting = new Promise<void>((resolve) => {
      void withFileLock(file(), undefined, resolve, () => Promise.resolve(order.push('second in'))).then(() => order.push('second out'));
    });
    await waiting;
    firstMayEnd();
    await first;
    await withFileLock(file(), undefined, quiet, () => Promise.resolve());
    assert.deepEqual(order.slice(0, 3), ['first in', 'first out', 'second in']);
  });

  it('is free again when its holder was killed', async () => {
    const script = `
      const { withFileLock } = require(${JSON.stringify(path.resolve(__dirname, '../../../core/platform/file-lock.ts'))});
      void withFileLock(process.argv[1], undefined, () => {}, () => new Promise(() => { console.log('held'); setInterval(() => {}, 1000); }));`;
    await new Promise<void>((resolve, reject) => {
      const holder = start([process.execPath, '--import', 'tsx', '-e', script, file()], { onStdoutLine: () => process.kill(holder.pid ?? 0, 'SIGKILL') });
      holder.result.then((result) => (result.signal === 'SIGKILL' ? resolve() : reject(new Error(result.stderr))), reject);
    });
    assert.equal(await withFileLock(file(), undefined, quiet, () => Promise.resolve('in')), 'in');
  });

  it('is not waited for after a cancel', async () => {
    const cancel = new AbortController();
    await withFileLock(file(), undefined, quiet, async () => {
      const second = withFileLock(file(), cancel.signal, () => cancel.abort(), () => Promise.resolve('in'));
      await assert.rejects(second, { code: 'cancelled' });
    });
  });

  it('is given back when the work fails', async () => {
    await assert.rejects(withFileLock(file(), undefined, quiet, () => Promise.reject(new Error('no'))), /no/);
    assert.equal(await withFileLock(file(), undefined, quiet, () => Promise.resolve(1)), 1);
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { provideHostHeaders } from '../../../core/packages/host-headers';
import { readHostArchives, SOURCES_SCRIPT, type ArchiveEntry } from '../../../core/packages/host-sources';
import { copyKeyring } from '../../../core/packages/keyrings';
import { PackageSets } from '../../../core/packages/deb';
import { start } from '../../../core/platform/process';

const UBUNTU = 'build=/lib/modules/x/build\nNAME="Ubuntu"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=noble\n';
const DEBIAN = 'NAME="Debian GNU/Linux"\nVERSION_CODENAME=bookworm\nID=debian\n';
const MINT = 'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n';
const lines = (text: string): string => `\nkmodlab-sources line\n${text}\n`;
const stanzas = (text: string): string => `\nkmodlab-sources deb822\n${text}\n`;
const entriesOf = (text: string, ownKeys = false): readonly ArchiveEntry[] | undefined => readHostArchives(text, ownKeys)?.entries;

describe("a host's apt sources", () => {
  it('are read in the one-line form, the components of a suite together', () => {
    const text = 'deb http://mirror.invalid/ubuntu/ noble main restricted # the installer\n  deb [arch=amd64,i386 signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg] http://mirror.invalid/ubuntu noble universe\ndeb-src http://mirror.invalid/ubuntu noble main\n# deb http://mirror.invalid/ubuntu noble-backports main\ndeb http://security.invalid/ubuntu noble-security main';
    assert.deepEqual(readHostArchives(UBUNTU + lines(text), false), {
      system: 'ubuntu',
      codename: 'noble',
      entries: [
        { uri: 'http://mirror.invalid/ubuntu', suite: 'noble', components: ['main', 'restricted', 'universe'] },
        { uri: 'http://security.invalid/ubuntu', suite: 'noble-security', components: ['main'] },
      ],
    });
  });

  it('are read as stanzas, with values that go on in the next line', () => {
    const text = '# See the manual\nTypes: deb deb-src\nURIs: https://mirror.invalid/ubuntu\nSuites: noble\n noble-updates\nComponents: main universe\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n\nTypes: deb\nEnabled: no\nURIs: http://off.invalid/ubuntu\nSuites: noble\nComponents: main\n';
    assert.deepEqual(entriesOf(UBUNTU + stanzas(text)), ['noble', 'noble-updates'].map((suite) => ({ uri: 'https://mirror.invalid/ubuntu', suite, components: ['main', 'universe'] })));
  });

  it('of somebody else, for another machine, or of another release, are left out', () => {
    const others = [
      'deb http://ppa.invalid/ubuntu jammy main',
      'deb [signed-by=/etc/apt/keyrings/somebody.gpg] http://private.invalid/ubuntu noble main',
      'deb [signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg,/etc/apt/keyrings/somebody.gpg] http://mixed.invalid/ubuntu noble main',
      'deb [arch=arm64] http://arm.invalid/ubuntu noble main',
      'deb http://other.invalid/linux noble stable',
    ];
    assert.deepEqual(entriesOf(UBUNTU + lines(others.join('\n'))), []);
    assert.deepEqual(entriesOf(UBUNTU + lines(others.join('\n')), true)?.map(({ uri }) => uri), ['http://private.invalid/ubuntu', 'http://mixed.invalid/ubuntu']);
    assert.deepEqual(entriesOf(UBUNTU + stanzas('Types: deb\nURIs: http://ppa.invalid/x\nSuites: noble\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n')), []);
  });

  it('cannot smuggle anything into ours', () => {
    const bad = ['file:/cdrom', 'mirror+file:/etc/apt/mirrors.txt', 'ftp://mirror.invalid/ubuntu', 'http://user:secret@mirror.invalid/ubuntu', 'http://mirror.invalid/$(touch x)', 'http://mirror.invalid/a?b#c', 'http://[::1]/ubuntu', 'http:///ubuntu', 'http://mirror.invalid:99999/ubuntu', `http://mirror.invalid/${'x'.repeat(400)}`, 'copy:/etc', 'http://mirror.invalid/\u0000', '-oDir=/'];
    assert.deepEqual(entriesOf(UBUNTU + lines(bad.map((uri) => `deb ${uri} noble main`).join('\n'))), []);
    for (const suite of ['../noble', 'noble/', 'noble]', '[trusted=yes]', 'Noble', '-x', './']) assert.deepEqual(entriesOf(UBUNTU + lines(`deb http://mirror.invalid/ubuntu ${suite} main`)), [], suite);
    assert.deepEqual(entriesOf(UBUNTU + lines('deb [trusted=yes allow-insecure=yes] http://mirror.invalid/ubuntu noble main ../../x $(x) universe')), [{ uri: 'http://mirror.invalid/ubuntu', suite: 'noble', components: ['main', 'universe'] }]);
  });

  it('are bounded', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `deb http://m${index}.invalid/ubuntu noble main`).join('\n');
    assert.equal(entriesOf(UBUNTU + lines(many))?.length, 24);
    const components = Array.from({ length: 500 }, (_, index) => `c${index}`).join(' ');
    assert.equal(entriesOf(UBUNTU + lines(`deb http://m.invalid/ubuntu noble main ${components}`))?.[0]?.components.length, 8);
  });

  it('belong to the system that it is, or is like', () => {
    const mirror = lines('deb http://mirror.invalid/x noble main\ndeb http://mirror.invalid/y bookworm-proposed-updates main\ndeb http://mirror.invalid/z stable main');
    const found = (osRelease: string): unknown => [readHostArchives(osRelease + mirror, false)?.system, entriesOf(osRelease + mirror)?.map(({ suite }) => suite)];
    assert.deepEqual(found(MINT), ['ubuntu', ['noble']]);
    assert.deepEqual(found(DEBIAN), ['debian', ['bookworm-proposed-updates', 'stable']]);
    assert.equal(readHostArchives(`ID=fedora\n${mirror}`, false), null);
    assert.equal(readHostArchives('', true), null);
  });

  it('are printed by a script that ends well without any', async () => {
    const { exitCode, stderr } = await start(['sh', '-s'], { stdin: SOURCES_SCRIPT, env: { PATH: '/bin:/usr/bin' } }).result;
    assert.deepEqual([exitCode, stderr], [0, '']);
  });
});

describe('headers from an archive of a host', () => {
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-host-headers-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('are not looked for by a name that is none of a package', async () => {
    const tools = { dir: folder, env: { PATH: '/nowhere' }, log: () => undefined, sets: new PackageSets(folder, {}), keyrings: [] };
    for (const release of ['6.8.0-45-generic*', '--help', '6.8.0 -y', '6.8.0-45-generic+', '6.8.0;x', '']) {
      const archives = { system: 'ubuntu', codename: 'noble', entries: [{ uri: 'http://mirror.invalid/ubuntu', suite: 'noble', components: ['main'] }] } as const;
      await assert.rejects(provideHostHeaders(archives, release, tools, {}), { code: 'kernel-not-offered', why: 'No package can have the name of that kernel.' }, release);
    }
  });

  it('are trusted by a copy of the keyring whose name says what is in it', () => {
    const armored = path.join(folder, 'my keys, [all]');
    fs.writeFileSync(armored, '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxjME\n');
    const binary = path.join(folder, 'binary');
    fs.writeFileSync(binary, Buffer.from([0x98, 0x33, 0x04]));
    const copies = [armored, binary].map((file) => copyKeyring(file, path.join(folder, 'copies')));
    assert.deepEqual(copies.map((file) => path.extname(file)), ['.asc', '.gpg']);
    assert.deepEqual(fs.readFileSync(copies[1] ?? ''), fs.readFileSync(binary));
    assert.match(path.basename(copies[0] ?? ''), /^[0-9a-f]{16}\.asc$/);
    for (const bad of [path.join(folder, 'none'), folder]) assert.throws(() => copyKeyring(bad, folder), { code: 'keyring-unreadable', exitCode: 2 });
  });
});

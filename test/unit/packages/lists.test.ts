// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { parseUris, setName } from '../../../core/packages/deb';
import { kernelsIn, matches, notOffered, parseStanzas } from '../../../core/packages/kernels';
import { archivesFromUris } from '../../../core/packages/machine';
import { archiveOfSuite, familiesForSeries, suiteFamilies } from '../../../core/packages/suites';
import { parseLibraries } from '../../../core/packages/userland';
import { compareVersions } from '../../../core/packages/versions';
import { run } from '../../../core/platform/process';

describe('Debian versions', () => {
  const ascending = ['1.0~rc1-1', '1.0-1', '1.0-1+b1', '1.0-1.1', '1.0-2~bpo12+1', '1.0-2', '1.0+dfsg-1', '1.2', '1.10', '6.12.117-1~deb12u1', '6.12.117-1', '1:0.1'];

  it('are ordered as Debian Policy orders them', () => {
    const shuffled = [...ascending].reverse();
    assert.deepEqual(shuffled.sort(compareVersions), ascending);
    assert.equal(compareVersions('1.00-1', '1.0-1'), 0);
  });

  it('are ordered as dpkg orders them, where there is one', async function () {
    for (const [index, older] of ascending.slice(0, -1).entries()) {
      const newer = ascending[index + 1]!;
      const { exitCode, startError } = await run(['dpkg', '--compare-versions', older, 'lt', newer]);
      if (startError) this.skip();
      assert.equal(exitCode, 0, `dpkg does not say that ${older} is older than ${newer}`);
    }
  });
});

describe("the machine's archives", () => {
  const source = (base: string, suite: string, component = 'main'): string =>
    `'${base}/dists/${suite}/InRelease' mirror_dists_${suite}_InRelease 0 \n'${base}/dists/${suite}/${component}/binary-amd64/Packages.xz' x 0 \n`;

  it('are taken from every kind of source, without trailing slashes and doubles', () => {
    const uris =
      source('http://mirror.invalid/debian', 'bookworm') +
      source('http://mirror.invalid/debian', 'bookworm-updates') +
      source('mirror+file:/etc/apt/mirrors/list', 'stable') +
      source('https://user:secret@mirror.invalid/debian-security', 'bookworm-security') +
      source('http://old.invalid/', 'bullseye/updates');
    assert.deepEqual(archivesFromUris(uris), {
      main: ['http://mirror.invalid/debian', 'mirror+file:/etc/apt/mirrors/list'],
      security: ['https://user:secret@mirror.invalid/debian-security', 'http://old.invalid'],
    });
  });

  it("leave out other people's: another component, another suite", () => {
    const uris =
      source('https://containers.invalid/linux/debian', 'bookworm', 'stable') +
      source('https://database.invalid/pub', 'bookworm-pgdg') +
      source('http://ubuntu.invalid/ubuntu', 'noble') +
      source('http://ubuntu.invalid/ubuntu', 'noble-security');
    assert.deepEqual(archivesFromUris(uris), { main: [], security: [] });
    assert.equal(archiveOfSuite('noble-security'), null);
  });

  it('are looked through from the release that ships the series', () => {
    const released = suiteFamilies.filter((family) => !family.unreleased);
    assert.deepEqual(familiesForSeries('6.1', released).map((family) => family.codename), ['bookworm', 'trixie', 'bullseye']);
    assert.deepEqual(familiesForSeries('7.3', released).map((family) => family.codename), ['trixie', 'bookworm', 'bullseye']);
  });
});

describe('package lists', () => {
  it('name packages whatever their version holds', () => {
    const output = [
      "'http://mirror.invalid/pool/b/busybox-static_1.35.0-4%2bb1_amd64.deb' busybox-static_1%3a1.35.0-4+b1_amd64.deb 928188 MD5Sum:f6f1",
      "'http://mirror.invalid/pool/l/libpcre2-8-0_10.42-1_amd64.deb' libpcre2-8-0_10.42-1_amd64.deb 261628 ",
      'Reading package lists...',
    ].join('\n');
    const debs = parseUris(output);
    assert.deepEqual(debs, [
      { name: 'busybox-static', version: '1:1.35.0-4+b1', arch: 'amd64', size: 928188 },
      { name: 'libpcre2-8-0', version: '10.42-1', arch: 'amd64', size: 261628 },
    ]);
    assert.equal(setName('x', debs), setName('x', [...debs].reverse()));
    assert.notEqual(setName('x', debs), setName('x', debs.slice(1)));
  });

  const stanza = (name: string, version: string, depends = ''): string =>
    `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\n${depends === '' ? '' : `Depends: ${depends}\n`}Size: 1000\nDescription: text\n Package: not a field\n`;
  const headersOf = (release: string, base: string, version: string, gcc: string): string[] => [
    stanza(
      `linux-headers-${release}`,
      version,
      `linux-headers-${base}-common (= ${version}), linux-image-${release} (= ${version}) | linux-image-${release}-unsigned (= ${version}), linux-kbuild-${base} (>= ${version}), ${gcc}`,
    ),
    stanza(`linux-headers-${base}-common`, version),
    stanza(`linux-kbuild-${base}`, version, 'libc6 (>= 2.34)'),
  ];
  const lists = [
    stanza('linux-image-6.1.0-55-cloud-amd64', '6.1.190-1', 'kmod, linux-base (>= 4.3~)'), // its headers have left the pool
    stanza('linux-image-6.1.0-56-cloud-amd64', '6.1.192-2', 'kmod, linux-base (>= 4.3~)'),
    ...headersOf('6.1.0-56-cloud-amd64', '6.1.0-56', '6.1.192-2', 'linux-compiler-gcc-12-x86'),
    stanza('linux-image-7.2.1+deb13-amd64', '7.2.1-1', 'linux-binary-7.2.1+deb13-amd64 (= 7.2.1-1)'), // split, one part is missing
    ...headersOf('7.2.1+deb13-amd64', '7.2.1+deb13', '7.2.1-1', 'gcc-14-for-host'),
    stanza('linux-image-7.3.4+deb13-amd64', '7.3.4-1', 'linux-binary-7.3.4+deb13-amd64 (= 7.3.4-1)'),
    stanza('linux-binary-7.3.4+deb13-amd64', '7.3.4-1'),
    ...headersOf('7.3.4+deb13-amd64', '7.3.4+deb13', '7.3.4-1', 'gcc-14-for-host'),
    stanza('linux-image-6.1-cloud-amd64', '6.1.192-2', 'linux-image-6.1.0-56-cloud-amd64 (= 6.1.192-2)'),
  ].join('\n');

  it('offer the kernels whose image and headers are both there, newest first', () => {
    const kernels = kernelsIn(parseStanzas(lists), 'trixie', () => 'trixie-backports');
    assert.deepEqual(kernels.map(({ offer, gcc }) => [offer.id, offer.release, offer.version, gcc]), [
      ['7.3-generic', '7.3.4+deb13-amd64', '7.3.4-1', 14],
      ['6.1-cloud', '6.1.0-56-cloud-amd64', '6.1.192-2', 12],
    ]);
    assert.deepEqual(kernels[0]?.offer.packages, [
      'linux-image-7.3.4+deb13-amd64',
      'linux-headers-7.3.4+deb13-amd64',
      'linux-binary-7.3.4+deb13-amd64',
      'linux-headers-7.3.4+deb13-common',
      'linux-kbuild-7.3.4+deb13',
    ]);
  });

  it('answer a specification by id, release or age', () => {
    const [newest, older] = kernelsIn(parseStanzas(lists), 'trixie', () => 'trixie').map(({ offer }) => offer);
    assert.ok(newest && older);
    const fits = (spec: string): boolean[] => [matches(spec, newest), matches(spec, older)];
    assert.deepEqual(fits('newest'), [true, true]);
    assert.deepEqual(fits('newest-cloud'), [false, true]);
    assert.deepEqual(fits('6.1-cloud'), [false, true]);
    assert.deepEqual(fits('7.3.4+deb13-amd64'), [true, false]);
    assert.deepEqual(fits('4.19-cloud'), [false, false]);
    const failure = notOffered('4.19-cloud', [newest, older]);
    assert.equal(failure.code, 'kernel-not-offered');
    assert.match(failure.next, /7\.3-generic, 6\.1-cloud/);
  });
});

it('the loader says which libraries a program has and which are missing', () => {
  const output = '\tlinux-vdso.so.1 (0x00007ffd)\n\tlibz.so.1 => /x/libz.so.1 (0x00007f04)\n\tlibgone.so.2 => not found\n';
  assert.deepEqual(parseLibraries(output), [
    { name: 'libz.so.1', path: '/x/libz.so.1' },
    { name: 'libgone.so.2', path: null },
  ]);
});

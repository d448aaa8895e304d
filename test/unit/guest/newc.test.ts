// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { NewcArchive } from '../../../core/guest/newc';

interface Member {
  name: string;
  mode: number;
  data: string;
  major: number;
  minor: number;
  links: number;
}

/** Reads an archive by the format's description. */
function members(archive: Buffer): Member[] {
  const found: Member[] = [];
  for (let at = 0; ; ) {
    assert.equal(archive.toString('latin1', at, at + 6), '070701');
    assert.equal(at % 4, 0);
    const field = (index: number): number => parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const nameEnd = at + 110 + field(11);
    const name = archive.toString('utf8', at + 110, nameEnd - 1);
    assert.equal(archive[nameEnd - 1], 0);
    if (name === 'TRAILER!!!') return found;
    const dataAt = Math.ceil(nameEnd / 4) * 4;
    found.push({ name, mode: field(1), data: archive.toString('utf8', dataAt, dataAt + field(6)), major: field(9), minor: field(10), links: field(4) });
    at = Math.ceil((dataAt + field(6)) / 4) * 4;
  }
}

describe('the cpio writer', () => {
  it('writes files, links, folders and device nodes with their modes', () => {
    const archive = new NewcArchive().file('/etc/motd', 'hello', 0o640).symlink('/init', 'bin/busybox').directory('/tmp', 0o1777).characterDevice('/dev/console', 5, 1);
    const found = members(archive.bytes());
    assert.deepEqual(
      found.map(({ name, mode, data }) => [name, mode.toString(8), data]),
      [
        ['etc', '40755', ''],
        ['etc/motd', '100640', 'hello'],
        ['init', '120777', 'bin/busybox'],
        ['tmp', '41777', ''],
        ['dev', '40755', ''],
        ['dev/console', '20600', ''],
      ],
    );
    const console = found.at(-1)!;
    assert.deepEqual([console.major, console.minor], [5, 1]);
  });

  it('puts parent folders before what is in them, once', () => {
    const names = members(new NewcArchive().file('/a/b/c', '1').file('/a/b/d', '2').bytes()).map(({ name }) => name);
    assert.deepEqual(names, ['a', 'a/b', 'a/b/c', 'a/b/d']);
  });

  it('keeps the mode of a folder that was named before', () => {
    const found = members(new NewcArchive().directory('/root', 0o700).file('/root/x', '').bytes());
    assert.equal(found[0]?.mode, 0o40700);
  });

  it('pads, so that a second archive can follow', () => {
    for (const text of ['', 'a', 'ab', 'abc', 'abcd']) assert.equal(new NewcArchive().file('/f', text).bytes().length % 512, 0);
  });

  it('writes the same bytes for the same contents', () => {
    const make = (): Buffer => new NewcArchive().file('/f', 'x').bytes();
    assert.ok(make().equals(make()));
  });

  it('refuses paths that lead out', () => {
    for (const path of ['/', '', '../x', '/a/../b', 'a\0b']) assert.throws(() => new NewcArchive().file(path, ''), RangeError);
  });
});

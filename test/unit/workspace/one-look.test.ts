// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { FilesOfOneLook, type SourceFiles } from '../../../server/src/workspace/source-files';

/** A disk that counts what it is asked; what changes while a look goes on is not seen by it. */
class CountedFiles implements SourceFiles {
  readonly asked: string[] = [];
  readonly texts = new Map<string, string>();

  read(file: string): Promise<string | undefined> {
    this.asked.push(`read ${file}`);
    return Promise.resolve(this.texts.get(file));
  }

  exists(file: string): Promise<boolean> {
    this.asked.push(`exists ${file}`);
    return Promise.resolve(this.texts.has(file));
  }
}

describe('the files of one look', () => {
  it('are asked for once, and see one state of the disk', async () => {
    const disk = new CountedFiles();
    disk.texts.set('/a', 'before');
    const look = new FilesOfOneLook(disk);
    assert.deepEqual([await look.read('/a'), await look.exists('/b')], ['before', false]);
    disk.texts.set('/a', 'after').set('/b', '');
    assert.deepEqual([await look.read('/a'), await look.exists('/b')], ['before', false]);
    assert.deepEqual(disk.asked, ['read /a', 'exists /b']);
  });

  it('are asked for at once where the look before asked for them, and are of now', async () => {
    const disk = new CountedFiles();
    disk.texts.set('/a', 'before');
    const first = new FilesOfOneLook(disk);
    await Promise.all([first.read('/a'), first.exists('/b')]);
    disk.asked.length = 0;
    disk.texts.set('/a', 'after');
    const second = new FilesOfOneLook(disk, first.asked);
    assert.deepEqual(disk.asked, ['read /a', 'exists /b']);
    assert.deepEqual([await second.read('/a'), await second.read('/c'), disk.asked.length], ['after', undefined, 3]);
    assert.deepEqual(second.asked, { texts: ['/a', '/c'], presences: [] }, 'what is not asked for any more is not asked for ahead');
  });
});

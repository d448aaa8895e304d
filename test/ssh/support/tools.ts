// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { PackageStore, ProvidedTree } from '../../../core/packages';
import { withFileLock } from '../../../core/platform/file-lock';
import { run } from '../../../core/platform/process';

/** What a Debian host has on which modules are built; e2fsprogs makes the disk. */
const PACKAGES = ['gcc', 'make', 'base-files', 'tar', 'findutils', 'grep', 'sed', 'mawk', 'e2fsprogs'];
/** Of the file system; what is not used is a hole in its file. */
const DISK_SIZE = '1G';

const say = (text: string): boolean => process.stdout.write(`      ${text}\n`);

/** A tree of what a Debian host has to build modules for this kernel with. */
export function toolsTree(packages: PackageStore, release: string): Promise<ProvidedTree> {
  return packages.provideTree({ packages: [`linux-headers-${release}`, ...PACKAGES], suite: 'bookworm' }, { progress: { step: say, log: () => undefined } });
}

/**
 * A disk whose root is the /usr of a host with GCC, make and the headers of this kernel: ext4, made once and kept in the cache.
 * @param folder the cache
 */
export async function toolsDisk(packages: PackageStore, release: string, folder: string): Promise<string> {
  const tree = await toolsTree(packages, release);
  const disks = path.join(folder, 'test-disks');
  const disk = path.join(disks, `${path.basename(tree.root)}.ext4`);
  fs.mkdirSync(disks, { recursive: true });
  await withFileLock(`${disk}.lock`, undefined, () => undefined, async () => {
    if (fs.existsSync(disk)) return;
    say('Making a disk of these packages');
    const making = `${disk}.part`;
    const { argv, env } = tree.wrap(['mke2fs', '-q', '-F', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-d', '/usr', making, DISK_SIZE], { bind: [disks] });
    const { exitCode, stderr } = await run(argv, { env });
    if (exitCode !== 0) throw new Error(`mke2fs has failed:\n${stderr}`);
    fs.renameSync(making, disk);
  });
  return disk;
}

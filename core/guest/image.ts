// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ProvidedKernel, ProvidedUserland } from '../packages';
import { AGENT_PROGRAM } from './agent-program';
import { AGENT_PROGRAM_PATH, AGENT_SCRIPT, GUEST_MODULE_DIR, GUEST_MODULES, INITTAB, START_SCRIPT } from './init';
import { KernelModules } from './kernel-modules';
import { NewcArchive } from './newc';

/** Change it when this file makes another archive of the same inputs. */
const IMAGE_FORMAT = 2;
const BUSYBOX = '/bin/busybox';

/**
 * The guest's root file system for one kernel, as a gzipped cpio archive that holds no secret and is shared by all
 * guests of this user. Cached by content: the same packages and scripts give the same file, which is then not built again.
 * @returns path of the archive
 * @throws Failure `guest-kernel-unsuitable` when the kernel lacks a module that the guest needs
 */
export async function provideImage(kernel: Pick<ProvidedKernel, 'offer' | 'modulesDir'>, userland: ProvidedUserland, imagesDir: string): Promise<string> {
  const { release, version } = kernel.offer;
  const inputs = JSON.stringify([IMAGE_FORMAT, release, version, userland.contentId, INITTAB, START_SCRIPT, AGENT_SCRIPT, AGENT_PROGRAM.toString('hex'), GUEST_MODULES]);
  const image = path.join(imagesDir, `${release}_${createHash('sha256').update(inputs).digest('hex').slice(0, 32)}.cpio.gz`);
  const exists = await fs.access(image).then(
    () => true,
    () => false,
  );
  if (exists) return image;
  await fs.mkdir(imagesDir, { recursive: true, mode: 0o700 });
  const temporary = `${image}.${process.pid}`;
  try {
    await fs.writeFile(temporary, await promisify(gzip)(await rootArchive(kernel.modulesDir, userland)));
    await fs.rename(temporary, image);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
  return image;
}

/** A command that writes an .xz file, its last argument, to standard output, decompressed. */
export function unxzOf(userland: ProvidedUserland): [string, ...string[]] {
  const busybox = userland.files.find((file) => file.to === BUSYBOX);
  if (busybox === undefined) throw new RangeError(`the userland has no ${BUSYBOX}`);
  return [busybox.from, 'unxz', '-c'];
}

async function rootArchive(modulesDir: string, userland: ProvidedUserland): Promise<Buffer> {
  const archive = new NewcArchive();
  for (const folder of ['/proc', '/sys', '/dev', '/mnt', '/var/run', '/run']) archive.directory(folder);
  archive.directory('/tmp', 0o1777).directory('/root', 0o700).directory('/root/.ssh', 0o700);
  archive.characterDevice('/dev/console', 5, 1).characterDevice('/dev/null', 1, 3, 0o666);
  archive.file('/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n').file('/etc/group', 'root:x:0:\n').file('/etc/shells', '/bin/sh\n');
  archive.file('/etc/inittab', INITTAB).file('/etc/kmodlab/start', START_SCRIPT, 0o755);
  archive.file('/etc/kmodlab/agent', AGENT_SCRIPT, 0o755).file(AGENT_PROGRAM_PATH, AGENT_PROGRAM, 0o755);
  archive.symlink('/init', BUSYBOX).symlink('/bin/sh', 'busybox');
  for (const file of userland.files) archive.file(file.to, await fs.readFile(file.from), file.mode);

  const modules = await (await KernelModules.open(modulesDir, unxzOf(userland))).inLoadingOrder(GUEST_MODULES);
  for (const module of modules) archive.file(`${GUEST_MODULE_DIR}/${module.name}.ko`, module.ko);
  archive.file(`${GUEST_MODULE_DIR}/order`, modules.map((module) => `${module.name}\n`).join(''));
  return archive.bytes();
}

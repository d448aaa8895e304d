// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { READY_LINE } from '../../../core/guest/agent-program';
import { GUEST_ADDRESS, GUEST_MODULE_DIR, GUEST_MODULES } from '../../../core/guest/init';
import { KernelModules } from '../../../core/guest/kernel-modules';
import { NewcArchive } from '../../../core/guest/newc';
import { sudoersLine } from '../../../core/hosts/sudo';
import type { PackageStore, ProvidedKernel } from '../../../core/packages';
import { run } from '../../../core/platform/process';
import { PAM_PERMIT, PAM_UNIX, serverFiles, SSHD, type PackedFile, type ServerPackages } from './programs';

/** Accounts of the host, by how they become root there. All are plain users and have the same key. */
export const ACCOUNTS = ['free', 'asks', 'stranger', 'terminal'] as const;
export type Account = (typeof ACCOUNTS)[number];
export const PASSWORD = "correct horse 'battery' $taple";

/** `free` gets exactly the line that the product prints. */
const SUDOERS = `Defaults env_reset
Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
Defaults:terminal requiretty
root ALL=(ALL) ALL
${sudoersLine('free')}
asks ALL=(root) ALL
terminal ALL=(root) ALL
`;

const SSHD_CONFIG = `HostKey /etc/ssh/host_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PasswordAuthentication no
UsePAM no
UseDNS no
PidFile /run/sshd.pid
Subsystem sftp /usr/lib/openssh/sftp-server
`;

/** The disk, where there is one, is the host's /usr below the files of the image. */
const MOUNT_DISK = `if [ -e /dev/vda ]; then
  mkdir /mnt/disk
  mount -t ext4 -o ro /dev/vda /mnt/disk
  mount -t overlay -o lowerdir=/usr:/mnt/disk overlay /usr
  ln -s /usr/lib/modules /lib/modules
  ln -sf /usr/bin/dash /bin/sh
fi`;
const DISK_MODULES = ['virtio_blk', 'overlay'];

/** As Debian has it: the kernel log and its addresses are for root. */
const START = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/pts /dev/shm /run/sshd
mount -t devpts pts /dev/pts
ln -s /proc/self/fd /dev/fd
for name in $(cat ${GUEST_MODULE_DIR}/order); do insmod ${GUEST_MODULE_DIR}/$name.ko; done
${MOUNT_DISK}
hostname testbox
ip link set lo up
ip addr add ${GUEST_ADDRESS}/24 dev eth0
ip link set eth0 up
echo 1 >/proc/sys/kernel/kptr_restrict
echo 1 >/proc/sys/kernel/dmesg_restrict
for name in ${ACCOUNTS.join(' ')}; do chown $name:$name /home/$name; done
chmod 755 /
${SSHD}
echo ${READY_LINE}
echo ${READY_LINE}
`;

export interface HostKeys {
  /** Private key of the host, as ssh-keygen writes it. */
  readonly host: string;
  /** Public key of the user. */
  readonly user: string;
}

/** The file system of a Linux host with Debian's openssh-server and sudo, as an archive that the kernel unpacks. */
export async function hostImage(kernel: Pick<ProvidedKernel, 'modulesDir'>, packages: PackageStore, server: ServerPackages, keys: HostKeys, more: readonly PackedFile[]): Promise<Buffer> {
  const userland = await packages.provideUserland();
  const busybox = userland.files.find(({ to }) => to === '/bin/busybox');
  if (!busybox) throw new Error('the userland has no busybox');
  const archive = new NewcArchive();
  for (const folder of ['/proc', '/sys', '/dev', '/mnt', '/var/run', '/run', '/var/empty']) archive.directory(folder);
  archive.directory('/tmp', 0o1777).directory('/root', 0o700);
  archive.characterDevice('/dev/console', 5, 1).characterDevice('/dev/null', 1, 3, 0o666);
  archive.symlink('/init', '/bin/busybox').symlink('/bin/sh', 'busybox').file('/bin/busybox', await fs.readFile(busybox.from), 0o755);
  for (const { from, to, mode } of [...(await serverFiles(server)), ...more]) archive.file(to, await fs.readFile(from), mode);
  const hashed = await run([busybox.from, 'mkpasswd', '-m', 'sha512', '-P', '0'], { stdin: `${PASSWORD}\n` });
  addAccounts(archive, hashed.stdout.trim());
  archive.file('/etc/inittab', '::sysinit:/etc/kmodlab/start\n::ctrlaltdel:/bin/busybox reboot -f\n').file('/etc/kmodlab/start', START, 0o755).file('/etc/hosts', '127.0.0.1 localhost testbox\n').file('/etc/shells', '/bin/sh\n');
  archive.file('/etc/ssh/sshd_config', SSHD_CONFIG).file('/etc/ssh/host_key', keys.host, 0o600).file('/etc/ssh/authorized_keys', keys.user);
  const modules = await (await KernelModules.open(kernel.modulesDir, [busybox.from, 'unxz', '-c'])).inLoadingOrder([...GUEST_MODULES, ...DISK_MODULES]);
  for (const module of modules) archive.file(path.posix.join(GUEST_MODULE_DIR, `${module.name}.ko`), module.ko);
  archive.file(`${GUEST_MODULE_DIR}/order`, modules.map(({ name }) => `${name}\n`).join(''));
  return archive.bytes();
}

function addAccounts(archive: NewcArchive, password: string): void {
  const users = ACCOUNTS.map((name, index) => ({ name, id: 1000 + index }));
  const passwd = users.map(({ name, id }) => `${name}:x:${id}:${id}::/home/${name}:/bin/sh\n`).join('');
  archive.file('/etc/passwd', `root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/false\n${passwd}`);
  archive.file('/etc/group', `root:x:0:\nnogroup:x:65534:\n${users.map(({ name, id }) => `${name}:x:${id}:\n`).join('')}`);
  archive.file('/etc/shadow', `root:*:20000:0:99999:7:::\n${users.map(({ name }) => `${name}:${password}:20000:0:99999:7:::\n`).join('')}`, 0o600);
  archive.file('/etc/sudoers', SUDOERS, 0o440).file('/etc/sudo.conf', 'Set disable_coredump false\n');
  archive.file('/etc/pam.d/sudo', `auth required ${PAM_UNIX} nodelay\naccount required ${PAM_PERMIT}\nsession required ${PAM_PERMIT}\n`);
  archive.file('/etc/pam.d/other', `auth required ${PAM_UNIX}\naccount required ${PAM_PERMIT}\n`);
  for (const { name } of users) archive.directory(`/home/${name}`, 0o755);
}

// SPDX-License-Identifier: MIT

/** The line that the guest's init writes to its console when all that every guest has in common is done. */
export const WAITING_LINE = 'KMODLAB-WAITING';
/** The line that it writes when SSH answers. */
export const READY_LINE = 'KMODLAB-READY';

/** What the guest asks of its agent's port when it has its keys, so that the clock is not late. */
export const WAKE_REQUEST = 'wake';

export const GUEST_ADDRESS = '10.0.2.15';

const HOST_KEY = '/etc/dropbear/host_key';
const AUTHORIZED_KEYS = '/root/.ssh/authorized_keys';

/** Loaded before the network is set up; their dependencies come along. */
export const GUEST_MODULES = ['virtio_pci', 'virtio_net', 'virtio_console'] as const;
export const GUEST_MODULE_DIR = '/lib/kmodlab';

/** Where {@link WAKE_PROGRAM} lies in the guest. */
export const WAKE_PATH = '/etc/kmodlab/wake';

/** busybox init's table: one script at the start, one program that says that we live, and else it only reaps. */
export const INITTAB = `::sysinit:/etc/kmodlab/start
::respawn:/etc/kmodlab/agent
::ctrlaltdel:/bin/busybox reboot -f
`;

/**
 * Runs once, as root, with the console as its output. Every step that a kernel may lack is allowed to fail.
 * Behind its first line it waits for what makes this guest another one than all that begin from the same state: its keys, then
 * clock and entropy, each a line of printf escapes on the agent's port. No program that needs randomness runs before that.
 */
export const START_SCRIPT = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
mount -t debugfs debug /sys/kernel/debug 2>/dev/null
mkdir -p /dev/pts /dev/shm /etc/dropbear
mount -t devpts pts /dev/pts
ln -s /proc/self/fd /dev/fd
for name in $(cat ${GUEST_MODULE_DIR}/order); do
  insmod ${GUEST_MODULE_DIR}/$name.ko
done
hostname kmodlab-guest
ip link set lo up
ip addr add ${GUEST_ADDRESS}/24 dev eth0
ip link set eth0 up
echo 0 > /proc/sys/kernel/kptr_restrict
# From here on the whole kernel log also goes to the console: after a panic that is all that is left of it.
echo 8 > /proc/sys/kernel/printk
until [ -e /dev/vport*p1 ]; do sleep 0.01; done
ln -s /dev/vport*p1 /dev/kmodlab-agent
umask 077
# Twice: a kernel message may run into one of them.
echo ${WAITING_LINE}
echo ${WAITING_LINE}
exec 3<> /dev/kmodlab-agent
read -r host_key <&3
read -r authorized_keys <&3
printf "$host_key" > ${HOST_KEY}
printf "$authorized_keys" > ${AUTHORIZED_KEYS}
echo ${WAKE_REQUEST} >&3
read -r wake <&3
printf "$wake" > /run/wake
exec 3<&-
${WAKE_PATH} < /run/wake || poweroff -f
umask 022
dropbear -r ${HOST_KEY} -s -j -k -m || poweroff -f
echo ${READY_LINE}
echo ${READY_LINE}
`;

/** Answers each line that comes over its port, for as long as the kernel runs programs. */
export const AGENT_SCRIPT = `#!/bin/busybox sh
echo -1000 > /proc/self/oom_score_adj
exec <> /dev/kmodlab-agent >&0 || exit
while read -r line; do echo "$line"; done
`;

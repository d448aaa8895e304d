// SPDX-License-Identifier: MIT

export const GUEST_ADDRESS = '10.0.2.15';

/** Loaded before the network is set up; their dependencies come along. */
export const GUEST_MODULES = ['virtio_pci', 'virtio_net', 'virtio_console'] as const;
export const GUEST_MODULE_DIR = '/lib/kmodlab';

/** Where {@link AGENT_PROGRAM} lies in the guest. */
export const AGENT_PROGRAM_PATH = '/etc/kmodlab/agent-program';

/** busybox init's table: one script at the start, one program that takes the guest's introduction and then says that we live, and else it only reaps. */
export const INITTAB = `::sysinit:/etc/kmodlab/start
::respawn:/etc/kmodlab/agent
::ctrlaltdel:/bin/busybox reboot -f
`;

/**
 * Runs once, as root, with the console as its output. Every step that a kernel may lack is allowed to fail. Nothing here needs
 * randomness: dropbear reads its host key, and seeds its generator from the kernel's, when a connection comes.
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
echo N > /sys/module/cryptomgr/parameters/notests
# From here on the whole kernel log also goes to the console: after a panic that is all that is left of it.
echo 8 > /proc/sys/kernel/printk
until [ -e /dev/vport*p1 ]; do sleep 0.01; done
ln -s /dev/vport*p1 /dev/kmodlab-agent
dropbear -R -s -j -k -m || poweroff -f
`;

/** Starts {@link AGENT_PROGRAM}, which nothing that runs out of memory may take away. */
export const AGENT_SCRIPT = `#!/bin/busybox sh
echo -1000 > /proc/self/oom_score_adj
exec ${AGENT_PROGRAM_PATH} <> /dev/kmodlab-agent
`;

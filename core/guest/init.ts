// SPDX-License-Identifier: MIT

/** The line that the guest's init writes to its console when SSH answers. */
export const READY_LINE = 'KMODLAB-READY';

export const GUEST_ADDRESS = '10.0.2.15';

/** Where the instance's own archive puts what belongs to one guest alone. */
export const GUEST_HOST_KEY = '/etc/dropbear/host_key';
export const GUEST_AUTHORIZED_KEYS = '/root/.ssh/authorized_keys';

/** Loaded before the network is set up; their dependencies come along. */
export const GUEST_MODULES = ['virtio_pci', 'virtio_net'] as const;
export const GUEST_MODULE_DIR = '/lib/kmodlab';

/** busybox init's table: one script at the start, then it only reaps and waits. */
export const INITTAB = `::sysinit:/etc/kmodlab/start
::ctrlaltdel:/bin/busybox reboot -f
`;

/** Runs once, as root, with the console as its output. Every step that a kernel may lack is allowed to fail. */
export const START_SCRIPT = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox --install -s /bin
export PATH=/bin:/sbin:/usr/bin:/usr/sbin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
mount -t debugfs debug /sys/kernel/debug 2>/dev/null
mkdir -p /dev/pts /dev/shm
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
dropbear -r ${GUEST_HOST_KEY} -s -j -k -m || poweroff -f
# From here on the whole kernel log also goes to the console: after a panic that is all that is left of it.
echo 8 > /proc/sys/kernel/printk
# Twice: a kernel message may run into one of them.
echo ${READY_LINE}
echo ${READY_LINE}
`;

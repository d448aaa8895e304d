// SPDX-License-Identifier: MIT
import { z } from 'zod';

export const Accelerator = z.enum(['tcg', 'kvm']);
export type Accelerator = z.infer<typeof Accelerator>;

export const Program = z.object({ argv: z.array(z.string()).min(1), env: z.record(z.string(), z.string()) });

/** Everything that decides how QEMU is started. Paths are absolute. */
export const MachineConfig = z.object({
  qemu: Program,
  accelerator: Accelerator,
  memoryMiB: z.int().positive(),
  kernel: z.string(),
  initrd: z.string(),
  consoleLog: z.string(),
  bootTimeoutMs: z.int().positive(),
});
export type MachineConfig = z.infer<typeof MachineConfig>;

/**
 * The kernel's command line: silent while booting; an oops, a panic or a soft lockup ends the machine at once
 * (with `-no-reboot`); the log buffer large enough that a reader over SSH keeps up.
 */
export const KERNEL_COMMAND_LINE = [
  'console=ttyS0',
  'quiet',
  'loglevel=4',
  'random.trust_cpu=1',
  'oops=panic',
  'panic=-1',
  'softlockup_panic=1',
  'log_buf_len=1M',
  'printk.devkmsg=on',
].join(' ');

/** QEMU's arguments after the program: no disk, no default device, a network that leads nowhere but to our SSH port. */
export function qemuArguments(config: MachineConfig, port: number): string[] {
  return [
    ...['-machine', 'q35', '-accel', config.accelerator === 'tcg' ? 'tcg,thread=multi' : 'kvm', '-cpu', config.accelerator === 'tcg' ? 'max' : 'host'],
    ...['-m', String(config.memoryMiB), '-smp', '1'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', config.kernel, '-initrd', config.initrd, '-append', KERNEL_COMMAND_LINE],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-netdev', `user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:22`],
    ...['-device', 'virtio-net-pci,netdev=net,romfile='],
  ];
}

// SPDX-License-Identifier: MIT
import * as z from 'zod';

export const Accelerator = z.enum(['tcg', 'kvm']);
export type Accelerator = z.infer<typeof Accelerator>;

export const Program = z.object({ argv: z.array(z.string()).min(1), env: z.record(z.string(), z.string()) });

/** Everything that decides what machine QEMU makes. Paths are absolute. */
export const MachineConfig = z.object({
  qemu: Program,
  /** As QEMU says itself, e.g. `7.2.22`: a saved state belongs to one version. */
  qemuVersion: z.string(),
  accelerator: Accelerator,
  memoryMiB: z.int().positive(),
  cpus: z.int().positive(),
  kernel: z.string(),
  /** The shared image. It holds no key: those are handed in when the guest waits for them. */
  initrd: z.string(),
  bootTimeoutMs: z.int().positive(),
});
export type MachineConfig = z.infer<typeof MachineConfig>;

/**
 * Where a machine's memory and its beginning come from. `plain`: it boots, in memory of its own. `template`: it boots in memory
 * that can be copied to a file ({@link MEMORY_FD}). `saved`: it goes on from
 * such a file and a saved state, and writes to neither; of the kernel's file QEMU then reads a head.
 */
export type Beginning = { readonly kind: 'plain' } | { readonly kind: 'template' } | { readonly kind: 'saved'; readonly memoryFile: string; readonly kernelHead: string };

/** File descriptors that QEMU finds open: our end of the guest's agent, of QMP, the saved state, and a template's memory. */
export const AGENT_FD = 3;
export const QMP_FD = 4;
export const STATE_FD = 5;
export const MEMORY_FD = 6;

/**
 * The kernel's command line: silent while booting; an oops, a panic or a soft lockup ends the machine at once
 * (with `-no-reboot`); the log buffer large enough that a reader over SSH keeps up. The built-in ciphers are not tested, which takes
 * a tenth of a boot; init turns that on again for what modules register.
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
  'cryptomgr.notests',
].join(' ');

/** In an option's value QEMU takes a comma for itself unless it is doubled. */
const value = (text: string): string => text.replaceAll(',', ',,');

/** What a saved state rests on: the machine as the guest sees it. */
export function machineArguments(config: MachineConfig): string[] {
  return [
    ...['-accel', config.accelerator === 'tcg' ? 'tcg,thread=multi' : 'kvm', '-cpu', config.accelerator === 'tcg' ? 'max' : 'host'],
    ...['-m', String(config.memoryMiB), '-smp', String(config.cpus)],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-kernel', config.kernel, '-initrd', config.initrd, '-append', KERNEL_COMMAND_LINE],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-chardev', `socket,id=agent,fd=${AGENT_FD}`, '-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=agent,name=kmodlab'],
    ...['-device', 'virtio-net-pci,netdev=net,romfile='],
  ];
}

function memoryArguments(config: MachineConfig, beginning: Beginning): string[] {
  if (beginning.kind === 'plain') return ['-machine', 'q35'];
  const backend = beginning.kind === 'template' ? `memory-backend-file,share=on,mem-path=/proc/self/fd/${MEMORY_FD}` : `memory-backend-file,share=off,mem-path=${value(beginning.memoryFile)}`;
  return [
    ...['-machine', 'q35,memory-backend=memory'],
    ...['-object', `${backend},id=memory,size=${config.memoryMiB}M`],
    ...['-chardev', `socket,id=qmp,fd=${QMP_FD}`, '-mon', 'chardev=qmp,mode=control'],
    ...(beginning.kind === 'template' ? [] : ['-incoming', 'defer']),
  ];
}

/** QEMU's arguments after the program: no disk, no default device, a network that leads nowhere but to our SSH port. */
export function qemuArguments(config: MachineConfig, beginning: Beginning, port: number | null): string[] {
  const forward = port === null ? '' : `,hostfwd=tcp:127.0.0.1:${port}-:22`;
  const machine = beginning.kind === 'saved' ? { ...config, kernel: beginning.kernelHead } : config;
  return [...memoryArguments(config, beginning), '-netdev', `user,id=net,restrict=on${forward}`, ...machineArguments(machine)];
}

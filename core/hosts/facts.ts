// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { Architecture, Failure, type HostKind } from '../model';
import type { ProcessResult } from '../platform/process';
import type { HostFacts } from './host';

/** Prints what {@link readFacts} reads, `key=value` a line. POSIX shell, no argument. */
export const FACTS_SCRIPT = `kernel=$(uname -r)
echo "kernel=$kernel"
echo "arch=$(uname -m)"
echo "bootId=$(cat /proc/sys/kernel/random/boot_id)"
echo "uid=$(id -u)"
echo "tainted=$(cat /proc/sys/kernel/tainted)"
if [ "$(uname -m)" = x86_64 ]; then if grep -qw la57 /proc/cpuinfo; then echo levels=5; else echo levels=4; fi; fi
build=/lib/modules/$kernel/build
if [ -e "$build/Makefile" ]; then echo "build=$build"; fi
`;

const Facts = z.object({
  kernel: z.string().min(1).max(200),
  arch: z.string().transform((machine) => (machine === 'aarch64' ? 'arm64' : /^i[3-6]86$/.test(machine) ? 'i386' : machine)).pipe(Architecture),
  bootId: z.string().min(1).max(100),
  uid: z.coerce.number().int().nonnegative(),
  tainted: z.coerce.number().int().nonnegative(),
  /** x86-64: the kernel shows `la57` only while it uses five levels (Documentation/arch/x86/x86_64/5level-paging.rst). */
  levels: z.enum(['4', '5']).transform((levels) => (levels === '5' ? 5 : 4)).nullable().default(null),
  build: z.string().max(4096).nullable().default(null),
});

/** @throws Failure `host-unsupported` when the host is no Linux that the product knows */
export function readFacts(result: ProcessResult, name: string, kind: HostKind): HostFacts {
  const pairs = result.stdout.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  const parsed = Facts.safeParse(Object.fromEntries(pairs));
  if (!parsed.success) {
    throw new Failure({
      code: 'host-unsupported',
      what: `${name} cannot be used to load modules.`,
      why: 'It did not answer as a Linux machine of a known architecture does.',
      next: 'Choose another host; x86_64, arm64 and i386 Linux are known.',
      detail: `${z.prettifyError(parsed.error)}\n${result.stdout.slice(0, 4096)}\n${result.stderr.slice(0, 4096)}`,
    });
  }
  const { build, ...facts } = parsed.data;
  return { name, kind, ...facts, kernelBuildDir: build };
}

// SPDX-License-Identifier: MIT
import * as z from 'zod';
import { Architecture, Failure, type HostKind } from '../model';
import type { ProcessResult } from '../platform/process';
import type { HostFacts } from './host';

/** Prints `build=` and `compiler=` for what the host has of them; `$kernel` is its release. */
export const LOOK_FOR_TOOLS = `build=/lib/modules/$kernel/build
if [ -e "$build/Makefile" ]; then echo "build=$build"; fi
for compiler in gcc cc; do
  command -v "$compiler" >/dev/null || continue
  echo "compiler=$(LC_ALL=C "$compiler" --version 2>/dev/null | head -n 1)"
  break
done
`;

/**
 * Prints what {@link readFacts} reads, `key=value` a line. POSIX shell, no argument. What the kernel does not have, or this
 * user may not read, is left out. `sudo -k` leaves cached credentials aside, so that the answer holds for later, too.
 * Read by `cat`, as a shell reads byte by byte and most of /proc/sys answers the first read only.
 */
export const FACTS_SCRIPT = `show() {
  value=$(cat "$2" 2>/dev/null)
  [ -z "$value" ] || echo "$1=$value"
}
kernel=$(uname -r) arch=$(uname -m) uid=$(id -u)
echo "kernel=$kernel"
echo "arch=$arch"
echo "uid=$uid"
show bootId /proc/sys/kernel/random/boot_id
show tainted /proc/sys/kernel/tainted
show kptrRestrict /proc/sys/kernel/kptr_restrict
show dmesgRestrict /proc/sys/kernel/dmesg_restrict
show modulesDisabled /proc/sys/kernel/modules_disabled
show sigEnforce /sys/module/module/parameters/sig_enforce
show lockdown /sys/kernel/security/lockdown
if grep -qw nomodule /proc/cmdline; then echo nomodule=1; fi
if grep -qw tracefs /proc/filesystems; then echo tracefs=1; fi
if [ "$arch" = x86_64 ]; then if grep -qw la57 /proc/cpuinfo; then echo levels=5; else echo levels=4; fi; fi
${LOOK_FOR_TOOLS}[ "$uid" != 0 ] || exit 0
echo "user=$(id -un)"
command -v sudo >/dev/null || exit 0
if said=$(LC_ALL=C sudo -k -n -- /bin/sh -c : 2>&1 </dev/null); then echo sudo=free; exit 0; fi
case $said in
*"password is required"* | *"authentication is required"*) echo sudo=password ;;
*) echo "sudoSaid=$(echo "$said" | tail -n 1)" ;;
esac
`;

const Flag = z.enum(['0', '1', 'N', 'Y']).transform((value) => value === '1' || value === 'Y');
const Count = z.coerce.number().int().nonnegative();
const Line = z.string().transform((line) => line.slice(0, 200));

const Facts = z.object({
  kernel: z.string().min(1).max(200),
  arch: z.string().transform((machine) => (machine === 'aarch64' ? 'arm64' : /^i[3-6]86$/.test(machine) ? 'i386' : machine)).pipe(Architecture),
  bootId: z.string().min(1).max(100),
  uid: Count,
  user: Line.default('root'),
  tainted: Count,
  kptrRestrict: Count.nullable().default(null).catch(null),
  dmesgRestrict: Flag.nullable().default(null).catch(null),
  modulesDisabled: Flag.default(false).catch(false),
  sigEnforce: Flag.nullable().default(null).catch(null),
  /** `none [integrity] confidentiality`: the state is in brackets (security/lockdown/lockdown.c). */
  lockdown: z.string().transform((states) => /\[(\w+)\]/.exec(states)?.[1]).pipe(z.enum(['none', 'integrity', 'confidentiality'])).nullable().default(null).catch(null),
  nomodule: Flag.default(false),
  tracefs: Flag.default(false),
  /** x86-64: the kernel shows `la57` only while it uses five levels (Documentation/arch/x86/x86_64/5level-paging.rst). */
  levels: z.enum(['4', '5']).transform((levels) => (levels === '5' ? 5 : 4)).nullable().default(null),
  build: z.string().max(4096).nullable().default(null),
  compiler: Line.nullable().default(null),
  sudo: z.enum(['free', 'password']).nullable().default(null),
  sudoSaid: Line.nullable().default(null),
});

function rightsOf(uid: number, sudo: 'free' | 'password' | null): HostFacts['rights'] {
  if (uid === 0) return 'root';
  return sudo === 'free' ? 'sudo' : sudo === 'password' ? 'sudoPassword' : 'none';
}

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
  const { build, sudo, ...facts } = parsed.data;
  return { name, kind, ...facts, rights: rightsOf(facts.uid, sudo), kernelBuildDir: build };
}

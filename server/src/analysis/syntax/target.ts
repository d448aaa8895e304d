// SPDX-License-Identifier: MIT
import { versionCode } from '../../../../core/abi/kernel-version';
import type { AnalysisTarget, Architecture } from '../../../../core/model/analysis';

/** Taken when the target's kernel is not known: a current long-term series, newer than every boundary used here but one. */
const ASSUMED_KERNEL = 0x060c00;

const OTHER_ARCHITECTURES = /^(?:ALPHA|ARC|ARM|CSKY|HEXAGON|IA64|LOONGARCH|M68K|MICROBLAZE|MIPS|NIOS2|OPENRISC|PARISC|PPC|PPC32|PPC64|POWERPC|RISCV|S390|SH|SPARC|SPARC64|SUPERH|TILE|UML|XTENSA)$/;
const RARELY_SET = /DEBUG|KASAN|KCSAN|KMSAN|UBSAN|PREEMPT_RT|^SET_FS$|_MODULE$|^X86_PAE$|^UML$|^MMU_LESS$|^NOMMU$/;
const ARCHITECTURE_CONFIG: Readonly<Record<Architecture, readonly string[]>> = {
  x86_64: ['X86', 'X86_64', '64BIT'],
  i386: ['X86', 'X86_32'],
  arm64: ['ARM64', '64BIT'],
};
const ARCHITECTURE_MACRO: Readonly<Record<Architecture, readonly string[]>> = {
  x86_64: ['__x86_64__', '__x86_64', '__amd64__', '_LP64', '__LP64__'],
  i386: ['__i386__', '__i386'],
  arm64: ['__aarch64__', '_LP64', '__LP64__'],
};
const DECIDED_BY_ARCHITECTURE = new Set(Object.values(ARCHITECTURE_CONFIG).flat());

/** What the preprocessor knows of the kernel that the module is built for. */
export class TargetFacts {
  readonly arch: Architecture;
  /** As LINUX_VERSION_CODE. */
  readonly version: number;
  readonly versionIsKnown: boolean;
  /** The release names the stable patch level: not a series (`6.1`), nor a distribution's own count (`6.1.0-56-amd64`). */
  readonly patchIsKnown: boolean;
  /** What the kernel's own symbols say. */
  readonly dispatch: AnalysisTarget['dispatch'];
  private readonly configuration: Readonly<Record<string, string>> | null;

  constructor(target: AnalysisTarget) {
    const version = versionCode(target.version ?? target.kernel);
    this.arch = target.arch;
    this.version = version ?? ASSUMED_KERNEL;
    this.versionIsKnown = version !== null;
    this.patchIsKnown = target.version !== undefined || /^\d+\.\d+\.(?:0$|[1-9])/.test(target.kernel ?? '');
    this.dispatch = target.dispatch;
    this.configuration = target.config ?? null;
  }

  /** Syscall entries take one `struct pt_regs *`: x86-64 since 4.17, i386 since 5.7, arm64 since 4.19. */
  get entriesTakeRegs(): boolean {
    const since = this.arch === 'x86_64' ? 0x041100 : this.arch === 'arm64' ? 0x041300 : 0x050700;
    return this.version >= since;
  }

  /** The kernel is known to have set_fs(): x86 until 5.9, arm64 until 5.10 (docs/rules/set-fs-buffer.md). */
  get hasSetFs(): boolean {
    return this.versionIsKnown && this.version < (this.arch === 'arm64' ? 0x050b00 : 0x050a00);
  }

  /** What `CONFIG_name` is set to, `y`, `m` or a value; null when it is not set. */
  config(name: string): string | null {
    if (this.configuration && Object.hasOwn(this.configuration, name)) return this.configuration[name] ?? null;
    return this.configuration === null && this.isUsuallySet(name) ? 'y' : null;
  }

  /** Without a configuration the architecture decides, else what a distribution's kernel has (most are set). */
  private isUsuallySet(name: string): boolean {
    if (DECIDED_BY_ARCHITECTURE.has(name)) return ARCHITECTURE_CONFIG[this.arch].includes(name);
    if (name === 'ARCH_HAS_SYSCALL_WRAPPER') return this.entriesTakeRegs;
    return !OTHER_ARCHITECTURES.test(name) && !RARELY_SET.test(name);
  }

  /** The number that a macro `CONFIG_NAME` of the configuration stands for. */
  configNumber(macro: string): bigint {
    const value = this.config(macro.slice('CONFIG_'.length)) ?? '1';
    return /^(?:0[xX][0-9a-fA-F]+|\d+)$/.test(value) ? BigInt(value) : 1n;
  }

  /** Whether a macro that no file of the module defines is defined all the same. */
  defines(name: string): boolean {
    if (name.startsWith('CONFIG_')) return this.definesConfig(name.slice('CONFIG_'.length));
    if (/^__NR_\w|^KERN_[A-Z]/.test(name)) return true;
    return ['MODULE', '__KERNEL__', '__GNUC__', 'LINUX_VERSION_CODE', 'KERNEL_VERSION', 'IS_ENABLED'].includes(name) || ARCHITECTURE_MACRO[this.arch].includes(name);
  }

  /** As autoconf.h: what is a module has `_MODULE` at its end. */
  private definesConfig(name: string): boolean {
    const value = this.config(name);
    if (value !== null) return value !== 'm';
    return name.endsWith('_MODULE') && this.config(name.slice(0, -'_MODULE'.length)) === 'm';
  }
}

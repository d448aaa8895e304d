// SPDX-License-Identifier: MIT
import type { BuildEnvironment } from '../hosts/host';
import type { Dirs } from '../platform/dirs';
import type { Progress } from '../platform/progress';

/** What long work takes along. */
export interface WorkOptions {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** A kernel that can be had now: image and headers of one version are both in the package lists. */
export interface KernelOffer {
  /** `<series>-<flavour>`, e.g. `6.1-cloud`; the newest release of a series. */
  readonly id: string;
  readonly series: string;
  readonly flavour: 'cloud' | 'generic';
  /** `uname -r`, e.g. `6.1.0-56-cloud-amd64`. */
  readonly release: string;
  /** Debian package version, e.g. `6.1.192-2`. */
  readonly version: string;
  /** Suite it comes from, e.g. `bookworm-security`. */
  readonly suite: string;
  /** Package names that are fetched for it. */
  readonly packages: readonly string[];
}

export interface ProvidedKernel {
  readonly offer: KernelOffer;
  readonly vmlinuz: string;
  /** `…/lib/modules/<release>`: holds `kernel/…/*.ko[.xz]`. */
  readonly modulesDir: string;
  readonly buildEnvironment: BuildEnvironment;
}

export type ToolName = 'qemu-system-x86_64' | 'ssh' | 'ssh-keygen' | 'chromium';

export interface ProvidedTool {
  /** Program and its leading arguments: append yours. For QEMU these already hold the `-L` folders. */
  readonly argv: readonly string[];
  /** Variables to add to the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** As the tool says itself, e.g. `7.2.22`. */
  readonly version: string;
  readonly from: 'system' | 'private';
}

export interface TreeRequest {
  readonly packages: readonly string[];
  /** Debian suite that they come from, e.g. `bookworm`. */
  readonly suite: string;
}

export interface TreeWrapOptions {
  /** Folders made visible inside at the same paths, writable. */
  readonly bind?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A private root file system made of packages, entered through a user namespace. */
export interface ProvidedTree {
  readonly root: string;
  wrap(argv: readonly string[], options?: TreeWrapOptions): { argv: string[]; env: NodeJS.ProcessEnv };
}

export interface UserlandFile {
  /** Path on this machine. */
  readonly from: string;
  /** Absolute path in the guest, e.g. `/bin/busybox`. */
  readonly to: string;
  /** Permission bits, e.g. 0o755. */
  readonly mode: number;
}

export interface ProvidedUserland {
  readonly files: readonly UserlandFile[];
  /** Changes whenever a file does: the package versions, hashed. */
  readonly contentId: string;
}

/**
 * What the product needs of Debian's packages, fetched privately as an ordinary user and cached by content.
 * Methods reject with {@link Failure}.
 */
export class PackageStore {
  constructor(
    private readonly dirs: Dirs,
    private readonly options: { log?: (line: string) => void } = {},
  ) {}

  /** Kernels that can be had now, newest first. */
  listKernels(_options?: WorkOptions): Promise<KernelOffer[]> {
    return this.todo('listKernels');
  }

  /** `spec`: `6.1-cloud`, `newest-cloud`, `newest`, or an exact release. @throws Failure `kernel-not-offered` */
  resolveKernel(_spec: string, _options?: WorkOptions): Promise<KernelOffer> {
    return this.todo('resolveKernel');
  }

  /** Fetches a kernel, its modules and headers, and the toolchain that it wants. */
  provideKernel(_spec: string, _options?: WorkOptions): Promise<ProvidedKernel> {
    return this.todo('provideKernel');
  }

  /** The tool on PATH, else a private copy. */
  provideTool(_name: ToolName, _options?: WorkOptions): Promise<ProvidedTool> {
    return this.todo('provideTool');
  }

  provideTree(_request: TreeRequest, _options?: WorkOptions): Promise<ProvidedTree> {
    return this.todo('provideTree');
  }

  /** Files for the guest's initramfs: busybox, dropbear, sftp-server and their libraries. */
  provideUserland(_options?: WorkOptions): Promise<ProvidedUserland> {
    return this.todo('provideUserland');
  }

  /** Bytes on disk. */
  diskUse(): Promise<number> {
    return this.todo('diskUse');
  }

  private todo<T>(what: string): Promise<T> {
    this.options.log?.(`${what} in ${this.dirs.cache}`);
    return Promise.reject(new Error(`${what} is not there yet`));
  }
}

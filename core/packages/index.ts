// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import type { BuildEnvironment } from '../hosts/host';
import { Failure } from '../model/failure';
import { ensurePrivateDir, type Dirs } from '../platform/dirs';
import { AptRoot } from './apt';
import { fileFailure } from './apt-failures';
import { debianSource } from './debian-source';
import { PackageSets, resolveNamed, withFreshLists } from './deb';
import { provideHostHeaders } from './host-headers';
import { readHostArchives, type ArchiveSystem, type HostArchives } from './host-sources';
import { kernelsOf, matches, newestFirst, notOffered, type KernelOffer, type KernelSource } from './kernels';
import { copyKeyring, UBUNTU_KEYRING } from './keyrings';
import { debianKeyring } from './machine';
import { listStoredKernels, removeStoredKernel, type StoredKernel } from './stored-kernels';
import { familiesForSeries, familyNamed, suiteFamilies, type SuiteFamily } from './suites';
import { buildEnvironmentFor, checkCachePath, debianBuild, relocateHeaders } from './toolchain';
import { privateTool, systemTool, type ProvidedTool, type ToolName } from './tools';
import { provideTree, type ProvidedTree, type TreeRequest } from './tree';
import { userlandFrom, userlandPackages, type ProvidedUserland } from './userland';
import type { WorkOptions } from './work';

export { SOURCES_SCRIPT, systemIds, type HostArchives } from './host-sources';
export type { KernelOffer } from './kernels';
export { ARCHIVE_KEYRING } from './keyrings';
export type { ProvidedTool, ToolName } from './tools';
export type { ProvidedTree, TreeRequest } from './tree';
export type { ProvidedUserland } from './userland';
export type { WorkOptions } from './work';

export interface ProvidedKernel {
  readonly offer: KernelOffer;
  readonly vmlinuz: string;
  /** `…/lib/modules/<release>`: holds `kernel/…/*.ko[.xz]`. */
  readonly modulesDir: string;
  readonly buildEnvironment: BuildEnvironment;
}

/** A kernel's headers alone, for hosts that run it. */
export type ProvidedHeaders = Pick<ProvidedKernel, 'offer' | 'buildEnvironment'>;

export interface PackageStoreOptions {
  /** Output of the package tools, and suites that were skipped. */
  readonly log?: (line: string) => void;
  /** Default `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Consults Debian's releases to come as well (testing, unstable). */
  readonly unreleased?: boolean;
  /** A file of keys that the archives of hosts may be signed by, besides Debian's and Ubuntu's, else empty; asked when it is needed. */
  readonly archiveKeyring?: () => string;
}

/** The archive, or the machine's keyring, knows nothing of that release. */
function isReleaseMissing(error: unknown): error is Failure {
  return error instanceof Failure && ['suite-not-offered', 'archive-keys-too-old'].includes(error.code);
}

/** Release that private tools come from. */
const toolsRelease = 'bookworm';

/**
 * Releases that the guest's programs and Ubuntu's keys come from, the first that can be had. Bookworm's dropbear (2022.83) drops a
 * connection when one command begins while another ends (mkj/dropbear#321, mended in 2025.87); its keys are a backport.
 */
const newestReleases = ['trixie', 'bookworm'] as const;

/**
 * What the product needs of Debian's packages, fetched privately as an ordinary user and cached by content.
 * Nothing of the system is changed. Methods reject with {@link Failure}.
 */
export class PackageStore {
  private readonly dir: string;
  private readonly env: NodeJS.ProcessEnv;
  private readonly log: (line: string) => void;
  private readonly sets: PackageSets;
  private readonly families: readonly SuiteFamily[];
  private readonly archiveKeyring: () => string;
  private readonly roots = new Map<string, AptRoot>();

  constructor(dirs: Dirs, options: PackageStoreOptions = {}) {
    this.dir = path.join(dirs.cache, 'packages');
    this.env = options.env ?? process.env;
    this.log = options.log ?? (() => undefined);
    this.archiveKeyring = options.archiveKeyring ?? (() => '');
    this.sets = new PackageSets(this.dir, this.env);
    this.families = suiteFamilies.filter((family) => options.unreleased === true || !family.unreleased);
  }

  /** The newest release of every series and flavour that can be had now, newest first. */
  async listKernels(work: WorkOptions = {}): Promise<KernelOffer[]> {
    const newest = new Map<string, KernelOffer>();
    const all: KernelSource[] = [];
    for (const family of this.families) all.push(...(await this.kernelsOf(family, work)));
    for (const { offer } of all.sort(newestFirst)) if (!newest.has(offer.id)) newest.set(offer.id, offer);
    return [...newest.values()];
  }

  /**
   * @param spec An id such as `6.1-cloud`, `newest-cloud`, `newest-generic`, `newest`, or an exact release.
   * @throws Failure `kernel-not-offered`
   */
  async resolveKernel(spec: string, work: WorkOptions = {}): Promise<KernelOffer> {
    return (await this.findKernel(spec, work)).offer;
  }

  /** Fetches a kernel, its modules and headers, and the toolchain that it wants. @throws Failure `kernel-not-offered`, … */
  async provideKernel(spec: string, work: WorkOptions = {}): Promise<ProvidedKernel> {
    checkCachePath(this.dir);
    const apt = this.apt((await this.findKernel(spec, work)).codename);
    return withFreshLists(apt, work, async () => {
      const source = await this.findKernel(spec, work); // lists that were read anew may name another release
      const { release } = source.offer;
      const root = await this.sets.provide(apt, `kernel-${release}`, source.debs, work, (made, final) => relocateHeaders(made, final, release));
      const modulesDir = path.join(root, 'usr/lib/modules', release);
      const images = [path.join(root, 'boot', `vmlinuz-${release}`), path.join(modulesDir, 'vmlinuz')];
      const vmlinuz = images.find((file) => fs.existsSync(file));
      if (vmlinuz === undefined) throw incompleteKernel(release);
      return { offer: source.offer, vmlinuz, modulesDir, buildEnvironment: await buildEnvironmentFor(debianBuild(source), root, apt, this.sets, this.env, work) };
    });
  }

  /** As {@link provideKernel}, without the kernel itself, for a machine that runs that release. @throws Failure `kernel-not-offered`, … */
  async provideHeaders(release: string, work: WorkOptions = {}): Promise<ProvidedHeaders> {
    checkCachePath(this.dir);
    const apt = this.apt((await this.findKernel(release, work)).codename);
    return withFreshLists(apt, work, async () => {
      const source = await this.findKernel(release, work);
      const debs = source.debs.filter(({ name }) => /^linux-(?:headers|kbuild)-/.test(name));
      const root = await this.sets.provide(apt, `headers-${release}`, debs, work, (made, final) => relocateHeaders(made, final, release));
      return { offer: source.offer, buildEnvironment: await buildEnvironmentFor(debianBuild(source), root, apt, this.sets, this.env, work) };
    });
  }

  /** Where a host's kernels come from, by what it printed of itself: os-release(5), and {@link SOURCES_SCRIPT} behind it. */
  hostArchives(text: string): HostArchives | null {
    return readHostArchives(text, this.archiveKeyring() !== '');
  }

  /** As {@link provideHeaders}, from the archives that a host's own apt sources name. @throws Failure as `provideHostHeaders`, `keyring-unreadable` */
  async provideHostHeaders(archives: HostArchives, release: string, work: WorkOptions = {}): Promise<BuildEnvironment> {
    checkCachePath(this.dir);
    const keyrings = await this.keyringsOf(archives.system, work);
    return provideHostHeaders(archives, release, { dir: path.join(this.dir, 'apt'), env: this.env, log: this.log, sets: this.sets, keyrings }, work);
  }

  private async keyringsOf(system: ArchiveSystem, work: WorkOptions): Promise<string[]> {
    const own = this.archiveKeyring();
    const copies = own === '' ? [] : [copyKeyring(own, path.join(this.dir, 'keyrings'))];
    try {
      return [system === 'ubuntu' ? await this.ubuntuKeyring(work) : debianKeyring(), ...copies];
    } catch (error) {
      if (!(error instanceof Failure) || error.code === 'cancelled' || copies.length === 0) throw error;
      this.log(`packages: the keys of the archive of ${system} cannot be had, the keyring of the settings alone is trusted: ${error.message}`);
      return copies;
    }
  }

  /** The keys of Ubuntu's archive, which Debian has a package of. */
  private async ubuntuKeyring(work: WorkOptions): Promise<string> {
    if (fs.existsSync(UBUNTU_KEYRING)) return UBUNTU_KEYRING;
    return this.fromNewest(async (release) => {
      const apt = this.apt(release);
      const root = await withFreshLists(apt, work, async () => this.sets.provide(apt, 'ubuntu-keyring', await resolveNamed(apt, ['ubuntu-keyring'], work), work));
      return path.join(root, UBUNTU_KEYRING);
    });
  }

  /** The tool on PATH, else a private copy. @throws Failure `tool-does-not-start`, … */
  async provideTool(name: ToolName, work: WorkOptions = {}): Promise<ProvidedTool> {
    const asking = { env: this.env, versionsDir: path.join(this.dir, 'versions'), work };
    const own = await systemTool(name, asking);
    if (own) return own;
    const apt = this.apt(toolsRelease);
    return withFreshLists(apt, work, () => privateTool(name, apt, this.sets, asking));
  }

  /** A private root file system with these packages and all that they depend on. @throws Failure `user-namespaces-forbidden`, … */
  async provideTree(request: TreeRequest, work: WorkOptions = {}): Promise<ProvidedTree> {
    const apt = this.apt(request.suite);
    return withFreshLists(apt, work, () => provideTree(apt, this.sets, request.packages, work));
  }

  /** Files for the guest's first file system: busybox, dropbear, sftp-server and their libraries. */
  async provideUserland(work: WorkOptions = {}): Promise<ProvidedUserland> {
    return this.fromNewest((release) => {
      const apt = this.apt(release);
      return withFreshLists(apt, work, async () => {
        const debs = await resolveNamed(apt, userlandPackages, work);
        return userlandFrom(await this.sets.provide(apt, 'userland', debs, work), work);
      });
    });
  }

  /** What the newer release has, or the older one where that cannot be had. */
  private async fromNewest<T>(take: (release: string) => Promise<T>): Promise<T> {
    const [newer, older] = newestReleases;
    try {
      return await take(newer);
    } catch (error) {
      if (!isReleaseMissing(error)) throw error;
      return take(older);
    }
  }

  /** The kernels whose packages are in the cache, offered still or not. `only`: the one release that is asked for. */
  storedKernels(only?: string): Promise<StoredKernel[]> {
    return listStoredKernels(path.join(this.dir, 'sets'), only);
  }

  /** Takes a kernel out of the cache. `release`: as {@link storedKernels} gives it. */
  removeKernel(release: string): Promise<void> {
    return removeStoredKernel(path.join(this.dir, 'sets'), path.join(this.dir, 'making'), release);
  }

  /** Bytes of the files that the store keeps. */
  async diskUse(): Promise<number> {
    if (!fs.existsSync(this.dir)) return 0;
    let bytes = 0;
    for (const entry of await fs.promises.readdir(this.dir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      // A file that another process has just removed counts nothing.
      const stat = await fs.promises.lstat(path.join(entry.parentPath, entry.name)).catch(() => null);
      bytes += stat?.size ?? 0;
    }
    return bytes;
  }

  private apt(codename: string): AptRoot {
    let root = this.roots.get(codename);
    if (!root) {
      const dir = path.join(this.dir, 'apt', codename);
      try {
        ensurePrivateDir(this.dir);
      } catch (error) {
        throw fileFailure('The package cache cannot be used.', error);
      }
      root = new AptRoot(debianSource(familyNamed(codename), this.env), dir, this.env, this.log);
      this.roots.set(codename, root);
    }
    return root;
  }

  /**
   * Looks in the release that ships the series first, else in the newest, so that only the lists that are needed are
   * fetched: what a release has from its backports, no older release has in a newer version.
   */
  private async findKernel(spec: string, work: WorkOptions): Promise<KernelSource> {
    const series = /^\d+\.\d+/.exec(spec)?.[0];
    const seen: KernelSource[] = [];
    const found = (): KernelSource | undefined => seen.sort(newestFirst).find(({ offer }) => matches(spec, offer));
    for (const family of series === undefined ? this.families : familiesForSeries(series, this.families)) {
      seen.push(...(await this.kernelsOf(family, work)));
      if (!family.unreleased && found()) break;
    }
    const source = found();
    if (!source) {
      throw notOffered(
        spec,
        seen.map(({ offer }) => offer),
      );
    }
    return source;
  }

  /** A release that the mirror does not carry, or that the installed keys do not cover, offers nothing. */
  private async kernelsOf(family: SuiteFamily, work: WorkOptions): Promise<KernelSource[]> {
    try {
      return await kernelsOf(this.apt(family.codename), work);
    } catch (error) {
      if (!isReleaseMissing(error)) throw error;
      this.log(`packages: Debian ${family.codename} is skipped: ${error.message}`);
      return [];
    }
  }
}

function incompleteKernel(release: string): Failure {
  return new Failure({
    code: 'kernel-incomplete',
    what: `The kernel ${release} cannot be used.`,
    why: 'Its packages hold no bootable image where it is looked for.',
    next: 'Choose another kernel, and report this one.',
  });
}

// SPDX-License-Identifier: MIT
import { Failure } from '../model/failure';
import type { AptRoot } from './apt';
import { packageFailure } from './apt-failures';
import type { Deb } from './deb';
import { compareVersions } from './versions';
import { cancelOf, type WorkOptions } from './work';

/** A kernel that can be had now: image and headers of one version are both in the package lists. */
export interface KernelOffer {
  /** `<series>-<flavour>`, e.g. `6.1-cloud`; several releases of a series share it. */
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

/** An offer with what is needed to fetch and to use it. */
export interface KernelSource {
  readonly offer: KernelOffer;
  readonly codename: string;
  readonly debs: readonly Deb[];
  /** GCC's major version that the headers package asks for. */
  readonly gcc: number;
}

/** A stanza of the package lists, as far as it is needed. */
export interface Stanza extends Deb {
  readonly depends: readonly string[];
}

/** Packages that belong to one kernel build; `linux-base` and the compiler markers do not. */
const ofKernel = /^linux-(?:image|headers|binary|modules|base|kbuild)-\d\S*$/;

/** Parses the stanzas that `apt-cache show` prints. */
export function parseStanzas(text: string): Stanza[] {
  return text.split(/\n\n+/).flatMap((stanza) => {
    const field = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'm').exec(stanza)?.[1] ?? '';
    const name = field('Package');
    if (name === '') return [];
    const depends = field('Depends')
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '');
    return [{ name, version: field('Version'), arch: field('Architecture'), size: Number(field('Size')), depends }];
  });
}

/** The newest version of a package that a dependency such as `linux-kbuild-6.1 (>= 6.1.192-2)` allows. */
function satisfy(dependency: string, stanzas: ReadonlyMap<string, readonly Stanza[]>): Stanza | undefined {
  const match = /^(\S+?)(?::any)?(?: \((=|>=) ([^)]+)\))?$/.exec(dependency);
  if (!match) return undefined;
  const [, name = '', relation, version = ''] = match;
  const fits = (stanza: Stanza): boolean => {
    if (relation === undefined) return true;
    const difference = compareVersions(stanza.version, version);
    return relation === '=' ? difference === 0 : difference >= 0;
  };
  return (stanzas.get(name) ?? []).filter(fits).sort((a, b) => compareVersions(b.version, a.version))[0];
}

/** Image, headers and what both need of the same kernel build; null when one of them is not in the lists. */
function collect(roots: readonly Stanza[], stanzas: ReadonlyMap<string, readonly Stanza[]>): Stanza[] | null {
  const found = new Map<string, Stanza>();
  const queue = [...roots];
  for (let stanza = queue.shift(); stanza; stanza = queue.shift()) {
    if (found.has(stanza.name)) continue;
    found.set(stanza.name, stanza);
    for (const dependency of stanza.depends) {
      const alternatives = dependency.split('|').map((one) => one.trim());
      if (!alternatives.some((one) => ofKernel.test(one.split(' ')[0] ?? ''))) continue;
      const next = alternatives.map((one) => satisfy(one, stanzas)).find((one) => one !== undefined);
      if (!next) return null;
      queue.push(next);
    }
  }
  return [...found.values()];
}

/**
 * The kernels that can be built for, newest first: `linux-image-<release>` with `linux-headers-<release>` of the same
 * version. Facts of the package names: Debian's kernel packages 5.10 to 7.x (from 7.x on the image is split into
 * linux-binary, linux-modules and linux-base).
 */
export function kernelsIn(all: readonly Stanza[], codename: string, suiteOf: (name: string, version: string) => string): KernelSource[] {
  const stanzas = new Map<string, Stanza[]>();
  for (const stanza of all) stanzas.set(stanza.name, [...(stanzas.get(stanza.name) ?? []), stanza]);
  const sources: KernelSource[] = [];
  for (const image of all) {
    const release = /^linux-image-(\d+\.\d+\.\S+?-(?:cloud-)?amd64)$/.exec(image.name)?.[1];
    if (release === undefined || release.includes('-rt-')) continue;
    const headers = satisfy(`linux-headers-${release} (= ${image.version})`, stanzas);
    const parts = headers && collect([image, headers], stanzas);
    const gcc = headers?.depends.map((one) => /gcc-(\d+)/.exec(one)?.[1]).find((one) => one !== undefined);
    if (!parts?.some(({ name }) => name.startsWith('linux-kbuild-')) || !parts.some(({ name }) => name.endsWith('-common')) || gcc === undefined) continue;
    const series = /^\d+\.\d+/.exec(release)?.[0] ?? '';
    const flavour = release.endsWith('-cloud-amd64') ? 'cloud' : 'generic';
    sources.push({
      offer: {
        id: `${series}-${flavour}`,
        series,
        flavour,
        release,
        version: image.version,
        suite: suiteOf(image.name, image.version),
        packages: parts.map(({ name }) => name),
      },
      codename,
      debs: parts.map(({ name, version, arch, size }) => ({ name, version, arch, size })),
      gcc: Number(gcc),
    });
  }
  return sources.sort(newestFirst);
}

/** Newest version first; of one version the smaller cloud flavour first. */
export function newestFirst(a: KernelSource, b: KernelSource): number {
  return compareVersions(b.offer.version, a.offer.version) || compareVersions(b.offer.release, a.offer.release) || (a.offer.flavour === 'cloud' ? -1 : 1);
}

/** Reads the kernels that one release offers from its package lists. */
export function kernelsOf(apt: AptRoot, work: WorkOptions): Promise<KernelSource[]> {
  return apt.memo('2 kernels', work, async () => {
    const ask = async (args: readonly string[]): Promise<string> => {
      const result = await apt.run('apt-cache', args, { ...cancelOf(work), maxOutputBytes: 64 * 1024 * 1024 });
      if (result.exitCode !== 0) throw packageFailure('The kernels that are offered cannot be listed.', result, work.signal);
      return result.stdout;
    };
    const names = (await ask(['pkgnames', 'linux-'])).split('\n').filter((name) => ofKernel.test(name) && !/-(dbg|unsigned|rt|rt-amd64)$|-rt-/.test(name));
    if (names.length === 0) return [];
    const suites = suiteTable(await ask(['madison', ...names.filter((name) => name.startsWith('linux-image-'))]));
    return kernelsIn(parseStanzas(await ask(['show', ...names])), apt.source.label, (name, version) => suites.get(`${name} ${version}`) ?? apt.source.label);
  });
}

/** `package | version | uri suite/component arch Packages`, one a line. */
function suiteTable(madison: string): Map<string, string> {
  const table = new Map<string, string>();
  for (const line of madison.split('\n')) {
    const [name = '', version = '', source = ''] = line.split('|').map((part) => part.trim());
    const suite = /^\S+ ([^/\s]+)\//.exec(source)?.[1];
    const key = `${name} ${version}`;
    if (suite !== undefined && !table.has(key)) table.set(key, suite);
  }
  return table;
}

/** Whether an offer is one that `spec` means: an id, an exact release, `newest-cloud`, `newest-generic` or `newest`. */
export function matches(spec: string, offer: KernelOffer): boolean {
  return spec === 'newest' || spec === `newest-${offer.flavour}` || spec === offer.id || spec === offer.release;
}

export function notOffered(spec: string, offers: readonly KernelOffer[]): Failure {
  const ids = [...new Set(offers.map((offer) => offer.id))];
  return new Failure({
    code: 'kernel-not-offered',
    what: `The kernel ${spec} is not offered.`,
    why: 'No Debian release that this machine can reach has both its image and its headers now.',
    next: ids.length === 0 ? 'Check the apt sources of this machine.' : `Choose one of ${ids.join(', ')}.`,
  });
}

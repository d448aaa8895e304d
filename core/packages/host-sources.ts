// SPDX-License-Identifier: MIT
import { archiveOfSuite } from './suites';

/** Whose archive keys sign a host's packages. */
export type ArchiveSystem = 'debian' | 'ubuntu';

/** A line of a host's apt sources that its kernels may come from. */
export interface ArchiveEntry {
  /** http or https, without a trailing slash. */
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

/** Where a host gets its packages from, as it says itself. */
export interface HostArchives {
  readonly system: ArchiveSystem;
  /** Of the release, e.g. `noble`; null where it does not say. */
  readonly codename: string | null;
  readonly entries: readonly ArchiveEntry[];
}

/** Begins each file that {@link SOURCES_SCRIPT} prints: the form of its lines follows. */
const FILE_MARK = 'kmodlab-sources ';
const MAX_ENTRIES = 24;
const MAX_COMPONENTS = 8;

/** Prints the apt sources of a host, at most 24 files of 16 KiB. POSIX shell without arguments. */
export const SOURCES_SCRIPT = `count=0
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
  [ -r "$file" ] && [ "$count" -lt 24 ] || continue
  count=$((count + 1))
  echo
  case $file in *.list) echo "${FILE_MARK}line" ;; *) echo "${FILE_MARK}deb822" ;; esac
  head -c 16384 "$file"
done
`;

/** A source before anything of it was looked at. */
interface RawSource {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly architectures: readonly string[];
  readonly signedBy: string | null;
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** `deb [option=value …] URI SUITE COMPONENT…` (sources.list(5)). */
function readLines(text: string): RawSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?([^#]*)/.exec(line);
    if (!match) return [];
    const options = new Map(words(match[1] ?? '').map((option) => [option.slice(0, option.indexOf('=')), option.slice(option.indexOf('=') + 1)] as const));
    const [uri = '', suite = '', ...components] = words(match[2] ?? '');
    return [{ uris: [uri], suites: [suite], components, architectures: (options.get('arch') ?? '').split(',').filter((one) => one !== ''), signedBy: options.get('signed-by') ?? null }];
  });
}

/** Stanzas of `Field: value`, a value going on in lines that begin with a blank. */
function readStanzas(text: string): RawSource[] {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const stanzas = lines.join('\n').split(/\n[ \t]*\n/);
  return stanzas.flatMap((stanza) => {
    const fields = new Map([...stanza.matchAll(/^([A-Za-z-]+):[ \t]*(.*(?:\n[ \t].*)*)/gm)].map(([, name = '', value = '']) => [name.toLowerCase(), value] as const));
    const list = (name: string): string[] => words(fields.get(name) ?? '');
    if (!list('types').includes('deb') || /^(?:no|false|0|off|without|disable)$/i.test((fields.get('enabled') ?? '').trim())) return [];
    return [{ uris: list('uris'), suites: list('suites'), components: list('components'), architectures: list('architectures'), signedBy: fields.get('signed-by') ?? null }];
  });
}

/** An address that stands in a line of sources.list as it is: no user, no password, no blank. */
function plainUri(text: string): string | null {
  if (text.length > 300 || !/^https?:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/[A-Za-z0-9._~%+/-]*)?$/.test(text) || !URL.canParse(text)) return null;
  return text.replace(/\/+$/, '');
}

/** Keys that the system's own archive is not signed by are somebody else's, who has nothing to do with its kernels. */
function isOfSystem(signedBy: string | null, system: ArchiveSystem): boolean {
  if (signedBy === null) return true;
  return words(signedBy.replaceAll(',', ' ')).every((file) => file.includes(`/${system}-archive-`));
}

function isSuite(suite: string, system: ArchiveSystem, codename: string | null): boolean {
  if (!/^[a-z][a-z0-9-]{0,60}$/.test(suite)) return false;
  return codename === null || suite === codename || suite.startsWith(`${codename}-`) || (system === 'debian' && archiveOfSuite(suite) !== null);
}

function readOsRelease(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^([A-Z_]+)=["']?([a-z0-9._ -]{1,200})["']?$/gm)].map(([, name = '', value = '']) => [name, value] as const));
}

function idsOf(osRelease: ReadonlyMap<string, string>): string[] {
  return words(`${osRelease.get('ID') ?? ''} ${osRelease.get('ID_LIKE') ?? ''}`);
}

/** `ID` of os-release(5), and the words of `ID_LIKE` behind it, in what a host printed of itself. */
export function systemIds(text: string): string[] {
  return idsOf(readOsRelease(text));
}

function systemOf(osRelease: ReadonlyMap<string, string>): ArchiveSystem | null {
  const ids = idsOf(osRelease);
  return ids.includes('ubuntu') ? 'ubuntu' : ids.includes('debian') ? 'debian' : null;
}

/**
 * Reads os-release(5) and what {@link SOURCES_SCRIPT} printed behind it; null for a system without archives of that kind. The text
 * is the host's: only what an apt source of ours may hold is taken over.
 * @param ownKeys the user names a keyring: sources that name one of their own count, too
 */
export function readHostArchives(text: string, ownKeys: boolean): HostArchives | null {
  const [head = '', ...files] = text.split(new RegExp(`^${FILE_MARK}`, 'm'));
  const osRelease = readOsRelease(head);
  const system = systemOf(osRelease);
  if (system === null) return null;
  const name = osRelease.get('UBUNTU_CODENAME') ?? osRelease.get('VERSION_CODENAME');
  const codename = name !== undefined && /^[a-z][a-z0-9-]{0,30}$/.test(name) ? name : null;
  const raw = files.flatMap((file) => (file.startsWith('line\n') ? readLines(file) : readStanzas(file.slice(file.indexOf('\n') + 1))));
  const found = new Map<string, ArchiveEntry>();
  for (const { uris, suites, components, architectures, signedBy } of raw) {
    if (!(ownKeys || isOfSystem(signedBy, system)) || (architectures.length > 0 && !architectures.includes('amd64'))) continue;
    const known = suites.filter((suite) => isSuite(suite, system, codename));
    for (const uri of uris.map(plainUri)) {
      if (uri === null) continue;
      for (const suite of known) {
        const key = `${uri} ${suite}`;
        const named = [...(found.get(key)?.components ?? []), ...components.filter((one) => /^[a-z][a-z0-9-]{0,40}$/.test(one))];
        if (found.has(key) || found.size < MAX_ENTRIES) found.set(key, { uri, suite, components: [...new Set(named)].slice(0, MAX_COMPONENTS) });
      }
    }
  }
  return { system, codename, entries: [...found.values()].filter(({ components }) => components.includes('main')) };
}

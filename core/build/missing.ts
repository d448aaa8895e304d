// SPDX-License-Identifier: MIT
import { Failure } from '../model';
import { ARCHIVE_KEYRING, systemIds } from '../packages';

/** What building a module needs of a host, as it answered. */
export interface HostTools {
  /** `/lib/modules/RELEASE/build`, when headers are there. */
  readonly build: string | null;
  /** First line of the compiler's `--version`. */
  readonly compiler: string | null;
  readonly hasMake: boolean;
  /** Text that holds its os-release(5), and its apt sources behind it. */
  readonly system: string;
}

/** Why a module cannot be built on this machine. */
export interface NotHere {
  readonly why: string;
  /** What became of fetching the headers at last; null where nobody has them. */
  readonly failure: Failure | null;
  /** That was tried with the archives that the host's own apt sources name. */
  readonly fromItsArchives: boolean;
}

interface PackageManager {
  /** `ID` or a word of `ID_LIKE` in os-release. */
  readonly ids: readonly string[];
  readonly install: string;
  /** Releases of its own kernels: no package carries the headers of another one. */
  readonly kernels: RegExp;
  headers(kernel: string): string;
}

/** Names of the packages that carry a kernel's headers, by the distributions' own package lists. */
const MANAGERS: readonly PackageManager[] = [
  { ids: ['debian', 'ubuntu'], install: 'apt install', kernels: /^\d+\.\d+\.\d+(?:-\d+|\+deb\d+)\S*-[a-z0-9]+$/, headers: (kernel) => `linux-headers-${kernel}` },
  { ids: ['fedora', 'rhel', 'centos'], install: 'dnf install', kernels: /\.(?:fc|el)\d+/, headers: (kernel) => `kernel-devel-${kernel}` },
  { ids: ['arch'], install: 'pacman -S', kernels: /-(?:arch\d|lts|zen|hardened|rt)/, headers: (kernel) => `linux${/-(lts|zen|hardened|rt)(?:-|$)/.exec(kernel)?.[1]?.replace(/^/, '-') ?? ''}-headers` },
  { ids: ['suse', 'opensuse'], install: 'zypper install', kernels: /-[a-z]+$/, headers: (kernel) => `kernel-${/-([a-z]+)$/.exec(kernel)?.[1] ?? 'default'}-devel` },
  { ids: ['alpine'], install: 'apk add', kernels: /-[a-z]+$/, headers: (kernel) => `linux-${/-([a-z]+)$/.exec(kernel)?.[1] ?? 'lts'}-dev` },
];

const list = (words: readonly string[]): string => (words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`);

/** What installs a kernel that the archive still has. Names of the packages that follow the newest one, by Debian's package lists. */
function newestKernel(kernel: string, isUbuntu: boolean, besides: readonly string[]): string {
  const flavour = kernel.endsWith('-cloud-amd64') ? 'cloud-amd64' : 'amd64';
  const packages = [`linux-image-${flavour}`, `linux-headers-${flavour}`, ...besides];
  return isUbuntu ? 'sudo apt update && sudo apt full-upgrade' : `sudo apt install ${packages.join(' ')}`;
}

export interface MissingInputs {
  readonly host: string;
  readonly isLocal: boolean;
  readonly kernel: string;
  readonly tools: HostTools;
  /** Why this machine cannot build for it. */
  readonly here: NotHere;
}

/** What a host lacks for building modules on it, with the command that installs it there. */
export function missingOnHost({ host, isLocal, kernel, tools, here }: MissingInputs): Failure {
  const missing = [
    ...(tools.build === null ? [`the headers of its kernel ${kernel}`] : []),
    ...(tools.compiler === null ? ['a C compiler'] : []),
    ...(tools.hasMake ? [] : ['make']),
  ];
  const ids = systemIds(tools.system);
  const manager = ids.map((id) => MANAGERS.find((one) => one.ids.includes(id))).find((found) => found !== undefined);
  const isOwnKernel = tools.build === null && manager?.kernels.test(kernel) === false;
  const besides = [...(tools.compiler === null ? ['gcc'] : []), ...(tools.hasMake ? [] : ['make'])];
  const packages = manager && !isOwnKernel && [...(tools.build === null ? [manager.headers(kernel)] : []), ...besides];
  const where = isLocal ? '' : ' on that host';
  const command = packages ? `run "sudo ${manager.install} ${packages.join(' ')}"${where}` : `install ${list(missing)}${where}${isOwnKernel ? ` (its build folder is looked for as /lib/modules/${kernel}/build)` : ''}`;
  const { failure, fromItsArchives } = here;
  const why = `${isLocal ? 'It' : 'That host'} lacks ${list(missing)}`;
  const isGone = failure?.code === 'kernel-not-offered' && tools.build === null && packages;
  const next = isGone
    ? `run "${newestKernel(kernel, ids.includes('ubuntu'), besides)}"${where} and restart it, because the archive does not have the headers of the kernel that it runs; then build again.`
    : `${fromItsArchives && failure ? remedyFor(failure) : ''}${command}, then build again.`;
  return new Failure({
    code: 'no-build-environment',
    what: `No module can be built for ${isLocal ? 'this machine' : host}.`,
    why: failure && fromItsArchives ? `${why}, and it cannot be built here: ${lowerFirst(failure.why)}` : `${why}.`,
    next: next.charAt(0).toUpperCase() + next.slice(1),
    detail: here.why,
  });
}

/** What else can be done than to install there what is missing: ends with "or". */
function remedyFor({ code }: Failure): string {
  if (['archive-untrusted', 'keyring-unreadable'].includes(code)) return `name the keyring of that archive in the setting kmodlab.build.archiveKeyring (${ARCHIVE_KEYRING}), or `;
  return code === 'suite-not-offered' ? 'correct the apt sources there, as their archive may have moved, or ' : '';
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

// SPDX-License-Identifier: MIT
import { Failure } from '../model';

/** What building a module needs of a host, as it answered. */
export interface HostTools {
  /** `/lib/modules/RELEASE/build`, when headers are there. */
  readonly build: string | null;
  /** First line of the compiler's `--version`. */
  readonly compiler: string | null;
  readonly hasMake: boolean;
  /** Text that holds its os-release(5). */
  readonly osRelease: string;
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

function managerOf(osRelease: string): PackageManager | undefined {
  const words = [...osRelease.matchAll(/^(?:ID|ID_LIKE)=["']?([a-z0-9._ -]{1,200})["']?$/gm)].flatMap(([, value = '']) => value.split(' '));
  return words.map((word) => MANAGERS.find(({ ids }) => ids.includes(word))).find((found) => found !== undefined);
}

const list = (words: readonly string[]): string => (words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`);

/** What to do where a Debian host runs a release that the archive has left behind. Names of the packages that follow the newest one. */
function newestKernel(kernel: string, besides: readonly string[], where: string): string {
  const flavour = kernel.endsWith('-cloud-amd64') ? 'cloud-amd64' : 'amd64';
  const packages = [`linux-image-${flavour}`, `linux-headers-${flavour}`, ...besides];
  return `Run "sudo apt install ${packages.join(' ')}"${where} and restart it, because the archive does not have the headers of the kernel that it runs; then build again.`;
}

export interface MissingInputs {
  readonly host: string;
  readonly isLocal: boolean;
  readonly kernel: string;
  readonly tools: HostTools;
  /** Why this machine cannot build for it. */
  readonly here: string;
  /** Debian's archive does not have the headers of that release of its kernel (any more). */
  readonly isGone?: boolean;
}

/** What a host lacks for building modules on it, with the command that installs it there. */
export function missingOnHost({ host, isLocal, kernel, tools, here, isGone = false }: MissingInputs): Failure {
  const missing = [
    ...(tools.build === null ? [`the headers of its kernel ${kernel}`] : []),
    ...(tools.compiler === null ? ['a C compiler'] : []),
    ...(tools.hasMake ? [] : ['make']),
  ];
  const manager = managerOf(tools.osRelease);
  const isOwnKernel = tools.build === null && manager?.kernels.test(kernel) === false;
  const besides = [...(tools.compiler === null ? ['gcc'] : []), ...(tools.hasMake ? [] : ['make'])];
  const packages = manager && !isOwnKernel && [...(tools.build === null ? [manager.headers(kernel)] : []), ...besides];
  const where = isLocal ? '' : ' on that host';
  const newer = isGone && tools.build === null && packages ? newestKernel(kernel, besides, where) : null;
  return new Failure({
    code: 'no-build-environment',
    what: `No module can be built for ${isLocal ? 'this machine' : host}.`,
    why: `${isLocal ? 'It' : 'That host'} lacks ${list(missing)}.`,
    next: newer ?? (packages ? `Run "sudo ${manager.install} ${packages.join(' ')}"${where}, then build again.` : `Install ${list(missing)}${where}${isOwnKernel ? ` (its build folder is looked for as /lib/modules/${kernel}/build)` : ''}, then build again.`),
    detail: here,
  });
}

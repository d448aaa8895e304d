// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../model/failure';
import { run } from '../platform/process';
import type { AptRoot } from './apt';
import { wasCancelled } from './apt-failures';
import { resolveClosure, type PackageSets } from './deb';
import { cancelOf, type WorkOptions } from './work';

export interface TreeRequest {
  readonly packages: readonly string[];
  /** Codename of the Debian release that they come from, e.g. `bookworm`. */
  readonly suite: string;
}

export interface TreeWrapOptions {
  /** Folders made visible inside at the same paths, writable. */
  readonly bind?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default `/`. */
  readonly cwd?: string;
}

/** A private root file system made of packages, entered through a user namespace. */
export interface ProvidedTree {
  readonly root: string;
  wrap(argv: readonly string[], options?: TreeWrapOptions): { argv: string[]; env: NodeJS.ProcessEnv };
}

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What {@link enterScript} itself needs inside. */
const basePackages = ['dash', 'coreutils'];

/** Names that maintainer scripts would set up, as `update-alternatives` does; made where the program is there. */
const alternatives: readonly (readonly [string, string])[] = [
  ['sh', 'dash'],
  ['awk', 'mawk'],
  ['cc', 'gcc'],
  ['c++', 'g++'],
];

/**
 * Runs in a mount namespace of its own: builds a root of the tree's /usr and /etc, this machine's /proc, /sys and
 * /dev and the given folders on a tmpfs, and changes into it. Arguments: tree, working folder, number of folders,
 * the folders, the command.
 */
const enterScript = `set -eu
tree=$1 work=$2 count=$3
shift 3
new=$tree/mnt
mount -t tmpfs -o mode=0755 kmodlab "$new"
for name in bin sbin lib lib32 libx32 lib64; do
  if [ -L "$tree/$name" ]; then ln -s "usr/$name" "$new/$name"; fi
done
bind() {
  mkdir -p "$2"
  mount --rbind "$1" "$2"
}
bind "$tree/usr" "$new/usr"
bind "$tree/etc" "$new/etc"
for name in proc sys dev; do bind "/$name" "$new/$name"; done
mkdir -m 1777 "$new/tmp"
while [ "$count" -gt 0 ]; do
  bind "$1" "$new$1"
  shift
  count=$((count - 1))
done
exec chroot "$new" /bin/sh -c 'cd "$1" && shift && exec "$@"' enter "$work" "$@"
`;

const probeScript = 'mount -t tmpfs kmodlab /mnt || mount -t tmpfs kmodlab /tmp';

/** How this process gets a mount namespace: as root without a user namespace, so that files keep their owners. */
async function namespaceArgv(work: WorkOptions): Promise<string[]> {
  const withUser = ['unshare', '--user', '--map-root-user', '--mount'];
  const ways = process.getuid?.() === 0 ? [['unshare', '--mount'], withUser] : [withUser];
  let detail = '';
  for (const way of ways) {
    const result = await run([...way, '--', '/bin/sh', '-c', probeScript], { ...cancelOf(work), env: { PATH: systemPath, LC_ALL: 'C' } });
    if (result.exitCode === 0) return way;
    if (wasCancelled(result, work.signal)) throw Failure.cancelled('The private build tree cannot be entered.');
    detail += result.startError?.message ?? result.stderr;
  }
  throw new Failure({
    code: 'user-namespaces-forbidden',
    what: 'The private build tree cannot be entered.',
    why: 'This system forbids user namespaces to ordinary users.',
    next: 'Allow them (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0), or install the compiler that the kernel wants and make.',
    detail,
  });
}

function finishTree(made: string): void {
  for (const folder of ['mnt', 'etc', 'usr/bin']) fs.mkdirSync(path.join(made, folder), { recursive: true });
  fs.writeFileSync(path.join(made, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  fs.writeFileSync(path.join(made, 'etc/group'), 'root:x:0:\n');
  for (const [name, program] of alternatives) {
    const at = path.join(made, 'usr/bin', name);
    const known = fs.lstatSync(at, { throwIfNoEntry: false });
    if (known === undefined && fs.existsSync(path.join(made, 'usr/bin', program))) fs.symlinkSync(program, at);
  }
}

/**
 * Fetches packages with all that they depend on and lays them out as a root file system.
 * @param keep Says which packages of the closure go in; default all.
 * @throws Failure `user-namespaces-forbidden` and those of the package tools
 */
export async function provideTree(
  apt: AptRoot,
  sets: PackageSets,
  packages: readonly string[],
  work: WorkOptions,
  keep: (name: string) => boolean = () => true,
): Promise<ProvidedTree> {
  const namespace = await namespaceArgv(work);
  const debs = (await resolveClosure(apt, [...new Set([...packages, ...basePackages])], work)).filter(({ name }) => keep(name));
  const root = await sets.provide(apt, `tree-${packages[0] ?? 'base'}-${apt.source.label}`, debs, work, finishTree);
  return {
    root,
    wrap(argv, options = {}) {
      const folders = options.bind ?? [];
      const entry = [...namespace, '--', '/bin/sh', '-c', enterScript, 'enter', root, options.cwd ?? '/', String(folders.length)];
      return {
        argv: [...entry, ...folders, ...argv],
        env: { HOME: '/', LC_ALL: 'C', ...options.env, PATH: systemPath },
      };
    },
  };
}

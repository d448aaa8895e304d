// SPDX-License-Identifier: MIT

/** A line of /proc/modules: `NAME SIZE REFCOUNT USER,USER,|- STATE ADDRESS` (m_show(), kernel/module/procfs.c). */
export interface LoadedLine {
  readonly count: number;
  /** Modules that use it. */
  readonly users: readonly string[];
  /** `Live`, `Loading` (its init runs) or `Unloading` (its exit runs). */
  readonly state: string;
}

/** What /proc/modules says of a module; null when it is not in the kernel. */
export function findLoaded(procModules: string, kernelName: string): LoadedLine | null {
  const line = procModules.split('\n').find((text) => text.startsWith(`${kernelName} `));
  if (line === undefined) return null;
  const [, , count = '0', users = '-', state = 'Live'] = line.split(' ');
  return { count: Number(count) || 0, users: users.split(',').filter((name) => name !== '' && name !== '-'), state };
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import type { Host, HostFacts } from '../hosts/host';
import { Failure, type Dependency } from '../model';
import { FIND_MODULE } from './host-scripts';
import { readModuleInfo } from './modinfo';
import { findLoaded } from './proc-modules';

/** A module that has to be loaded first, and where its file is: on this machine, in memory or on the host already. */
export interface NeededModule extends Dependency {
  readonly file: { readonly local: string } | { readonly ko: Buffer } | { readonly onHost: string };
}

export interface DependencyInputs {
  /** `depends=` of the module. */
  readonly depends: readonly string[];
  /** Path of the .ko of the workspace's module of that name; null when it has none. */
  readonly own: (name: string) => Promise<string | null>;
  readonly host: Host;
  readonly facts: HostFacts;
  /** Text of /proc/modules. */
  readonly procModules: string;
  readonly signal?: AbortSignal;
}

const MAX_MODULES = 200;
const canonical = (name: string): string => name.replaceAll('-', '_');

/**
 * What must be loaded before a module, in loading order: own modules, then those of the host's kernel. What is loaded already is
 * left out. @throws Failure `dependency-missing`, and what building throws
 */
export async function resolveDependencies(inputs: DependencyInputs): Promise<NeededModule[]> {
  const found = new Map<string, NeededModule | null>();
  const visit = async (name: string): Promise<void> => {
    if (found.has(name) || findLoaded(inputs.procModules, name) || found.size >= MAX_MODULES) return;
    found.set(name, null);
    const local = await inputs.own(name);
    const modules = local === null ? await ofKernel(inputs, name) : [];
    if (local !== null) {
      for (const dependency of readModuleInfo(await fs.readFile(local)).depends) await visit(canonical(dependency));
      modules.push({ name, from: 'workspace', file: { local } });
    }
    found.delete(name); // a Map keeps the order of insertion: after its dependencies
    for (const module of modules) if (!found.get(module.name) && !findLoaded(inputs.procModules, module.name)) found.set(module.name, module);
  };
  for (const name of inputs.depends) await visit(canonical(name));
  return [...found.values()].filter((module) => module !== null);
}

/** From the guest's kernel package, else from the host's own /lib/modules. */
async function ofKernel({ host, facts, signal }: DependencyInputs, name: string): Promise<NeededModule[]> {
  const missing = (lacking: string): Failure => dependencyMissing(lacking, host, facts);
  if (host.kernelModules) {
    const modules = await host.kernelModules([name], missing, signal);
    return modules.map((module) => ({ name: module.name, from: 'kernel', file: { ko: module.ko } }));
  }
  const result = await host.script(FIND_MODULE, [name], signal ? { signal } : {});
  if (result.cancelled) throw Failure.cancelled('The load was stopped.');
  if (result.exitCode !== 0) throw missing(name);
  return result.stdout.split('\n').flatMap((line) => {
    const [, file = '', base = ''] = /^insmod (\S*?([^/\s]+)\.ko(?:\.\w+)?)\s*$/.exec(line) ?? [];
    return file === '' ? [] : [{ name: canonical(base), from: 'kernel' as const, file: { onHost: file } }];
  });
}

function dependencyMissing(name: string, host: Host, { kernel }: HostFacts): Failure {
  const isCloud = kernel.includes('-cloud-');
  const generic = `guest:${/^\d+\.\d+/.exec(kernel)?.[0] ?? 'newest'}-generic`;
  return new Failure({
    code: 'dependency-missing',
    what: 'The module was not loaded.',
    why: `It needs ${name}, which is no module of the workspace and none of the kernel ${kernel} on ${host.name}.`,
    next: isCloud && host.kind === 'guest' ? `The cloud flavour leaves many modules out: load on ${generic}, whose flavour has more.` : `Install the package that holds ${name} on that host, or build it here.`,
  });
}

/** The names that these modules export, for those that are loaded behind them. */
export async function exportsOf(modules: readonly NeededModule[]): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const { from, file } of modules) {
    if (from !== 'workspace' || !('local' in file)) continue;
    for (const name of readModuleInfo(await fs.readFile(file.local)).symbols.exported) names.add(name);
  }
  return names;
}

/** Puts what is to be copied on a host's private folder; gives module and path by turns, as INSERT_DEPENDENCIES takes them. */
export async function stageDependencies(modules: readonly NeededModule[], folder: string, put: (content: string | Buffer, remote: string) => Promise<void>): Promise<string[]> {
  const args: string[] = [];
  for (const { name, file } of modules) {
    const remote = `${folder}/${name}.ko`;
    if ('local' in file) await put(file.local, remote);
    else if ('ko' in file) await put(file.ko, remote);
    args.push(name, 'onHost' in file ? file.onHost : remote);
  }
  return args;
}

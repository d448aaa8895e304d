// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { buildModule, type ModuleBuild } from '../build/build';
import type { BuildEnvironment, Host, HostFacts } from '../hosts/host';
import { ExitCode, Failure, type PreflightLine } from '../model';
import { silentProgress } from '../platform/progress';
import { exportsOf, resolveDependencies, type NeededModule } from './dependencies';
import type { ModuleDescription } from './discover';
import { PROC_MODULES, SHOW } from './host-scripts';
import { knowledgeFor, readHeadersOf } from './kernel-knowledge';
import { readModuleInfo, type ModuleInfo } from './modinfo';
import { preflight, type BuiltBefore, type KernelKnowledge } from './preflight';
import { wantsSignature } from './signing';
import type { SourceSnapshot } from './sources';
import type { LoadDeps, LoadPlan } from './types';

/** A module that is ready to be loaded, and what can be said of that beforehand. */
export interface Examined {
  readonly ko: Buffer;
  readonly info: ModuleInfo;
  readonly kernel: KernelKnowledge;
  readonly dependencies: readonly NeededModule[];
  readonly lines: PreflightLine[];
}

export interface ExamineInputs {
  readonly plan: LoadPlan;
  readonly facts: HostFacts;
  readonly environment: BuildEnvironment | null;
  /** Of the host's kernel; null when not known. */
  readonly config: KernelKnowledge['config'];
  readonly built: Built;
  readonly procModules: string;
}

/** The unstripped .ko, how its debug information names the folder of the sources, and what was built before it. */
export type Built = { readonly koPath: string } & Pick<ModuleBuild, 'sourceRoot' | 'dependencies'>;

/** Builds one module for a host's kernel. @throws Failure `build-failed`, and what `buildModule` throws */
export async function buildFor(module: ModuleDescription, environment: BuildEnvironment, plan: LoadPlan, deps: LoadDeps, more: { snapshot?: SourceSnapshot; onMake?: () => void; onBuilt?: (build: ModuleBuild) => void } = {}): Promise<Built> {
  const progress = deps.progress ?? silentProgress;
  const built = await buildModule({
    module,
    environment,
    dirs: deps.dirs,
    progress,
    ...(plan.workspace ? { workspace: plan.workspace } : {}),
    ...(more.snapshot ? { snapshot: more.snapshot } : {}),
    ...(more.onMake ? { onMake: more.onMake } : {}),
    onLine: (line) => {
      progress.log(line);
      deps.onBuildLine?.(line);
    },
    ...(deps.signal ? { signal: deps.signal } : {}),
  });
  more.onBuilt?.(built);
  if (built.koPath === null) throw buildFailed(module.name, built);
  return { koPath: built.koPath, sourceRoot: built.sourceRoot, dependencies: built.dependencies };
}

/** A .ko that somebody else has built. */
export function builtElsewhere(koPath: string): Built {
  return { koPath, sourceRoot: path.dirname(koPath), dependencies: [] };
}

/** Reads the .ko, finds what must be loaded first and asks everything that can be asked before insmod. */
export async function examine({ plan, facts, environment, config, built, procModules }: ExamineInputs, deps: LoadDeps): Promise<Examined> {
  const { module, host, parameters } = plan;
  const ko = await fs.readFile(built.koPath).catch((error: unknown) => {
    throw new Failure({ code: 'file-unreadable', what: `${built.koPath} was not loaded.`, why: 'It cannot be read here.', next: 'Check the path and its permissions.', exitCode: ExitCode.usage }, { cause: error });
  });
  const info = readModuleInfo(ko);
  deps.onModuleInfo?.(info);
  const kernel = await knowledgeFor(info, environment, config);
  const own = new OwnModules(plan, environment, built, deps);
  const dependencies = await resolveDependencies({ depends: info.depends, own: (name) => own.find(name), host, facts, procModules, ...(deps.signal ? { signal: deps.signal } : {}) });
  const lines = preflight({
    facts,
    info,
    kernelName: kernelNameOf(module),
    procModules,
    parameters,
    kernel,
    provided: await exportsOf(dependencies),
    willBeSigned: plan.signing !== undefined && wantsSignature(facts),
    replaces: plan.replaces !== undefined,
    builtBefore: plan.prebuilt === undefined ? null : await builtBefore(plan.prebuilt, module),
  });
  if (dependencies.length > 0) lines.push({ check: 'dependencies', verdict: 'ok', text: `Loaded before it: ${dependencies.map(({ name, from }) => `${name} (${from})`).join(', ')}.`, fix: null });
  return { ko, info, kernel, dependencies, lines };
}

/** The .ko files of the workspace's modules: what was built along the way, else built now. */
class OwnModules {
  constructor(
    private readonly plan: LoadPlan,
    private readonly environment: BuildEnvironment | null,
    private readonly built: Built,
    private readonly deps: LoadDeps,
  ) {}

  /** Path of the .ko of the module of that name; null when the workspace has none. */
  async find(name: string): Promise<string | null> {
    const before = this.built.dependencies.find(({ module }) => kernelNameOf(module) === name)?.build.koPath;
    if (before) return before;
    const { module, workspace } = this.plan;
    if (!this.environment || !workspace || kernelNameOf(module) === name) return null;
    const same = (await workspace()).filter((candidate) => kernelNameOf(candidate) === name);
    const other = same.find(({ folder }) => folder === module.folder) ?? same[0];
    return other ? (await buildFor(other, this.environment, this.plan, this.deps)).koPath : null;
  }
}

/**
 * The verdict alone: builds the module, or takes the given .ko, and asks the host, but loads nothing and begins no session.
 * @throws Failure as `startLoad` does before it inserts anything
 */
export async function checkLoad(plan: LoadPlan, deps: LoadDeps): Promise<PreflightLine[]> {
  const { host, module } = plan;
  const facts = await host.facts(deps.signal);
  const environment = await environmentFor(plan, deps);
  const { config = null } = await readHeadersOf(environment);
  const built = plan.prebuilt === undefined ? await buildFor(module, environment ?? missingEnvironment(host), plan, deps) : builtElsewhere(plan.prebuilt);
  const modules = await host.script(SHOW, [PROC_MODULES], deps.signal ? { signal: deps.signal } : {});
  if (modules.cancelled) throw Failure.cancelled('Nothing was checked.');
  return (await examine({ plan, facts, environment, config, built, procModules: modules.stdout }, deps)).lines;
}

export function kernelNameOf(module: Pick<ModuleDescription, 'name'>): string {
  return module.name.replaceAll('-', '_');
}

/** How a plan's module is built; null where that is not known, and where a .ko is loaded as it is on a host that none can be built for. */
export async function environmentFor({ host, prebuilt }: Pick<LoadPlan, 'host' | 'prebuilt'>, work: Pick<LoadDeps, 'progress' | 'signal'>): Promise<BuildEnvironment | null> {
  try {
    return await host.buildEnvironment(work);
  } catch (error) {
    if (prebuilt !== undefined && error instanceof Failure && error.code === 'no-build-environment') return null;
    throw error;
  }
}

/** @throws Failure `no-build-environment` */
export function missingEnvironment(host: Pick<Host, 'name'>): never {
  throw new Failure({
    code: 'no-build-environment',
    what: `The module was not built for ${host.name}.`,
    why: 'No kernel headers for that host are known on this machine.',
    next: 'Choose the guest, for which the headers are fetched.',
  });
}

async function builtBefore(koPath: string, module: ModuleDescription): Promise<BuiltBefore> {
  const writtenAt = async (file: string): Promise<number> => (await fs.stat(file).catch(() => null))?.mtimeMs ?? 0;
  const builtAt = await writtenAt(koPath);
  const newerSources: string[] = [];
  for (const name of [...module.sources, ...module.headers]) if ((await writtenAt(path.join(module.folder, name))) > builtAt) newerSources.push(name);
  return { builtAt, newerSources };
}

function buildFailed(name: string, build: ModuleBuild): Failure {
  const errors = build.diagnostics.filter(({ severity }) => severity === 'error');
  const first = errors[0];
  const place = first?.file ? `${first.file}:${first.line ?? 1}: ` : '';
  return new Failure({
    code: 'build-failed',
    what: `${name} does not build, so nothing was loaded.`,
    why: `${place}${first?.message ?? 'The build ended without saying why'}`,
    next: 'Correct the source, then load again.',
    detail: errors.map(({ file, line, message }) => `${file ?? ''}:${line ?? ''}: ${message}`).join('\n'),
    exitCode: ExitCode.findings,
  });
}

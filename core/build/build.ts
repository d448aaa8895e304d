// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { BuildEnvironment } from '../hosts/host';
import { type BuildDiagnostic, type BuildResult } from '../model';
import type { ModuleDescription } from '../modules/discover';
import { readSources, type SourceSnapshot } from '../modules/sources';
import type { Dirs } from '../platform/dirs';
import { takeLock } from '../platform/lock';
import type { Progress } from '../platform/progress';
import { exportersOf, namesIn } from './dependencies';
import { layOut } from './layout';
import type { Made, MakeJob } from './make';
import { makeHere } from './make-here';
import { makeOnHost } from './make-on-host';
import { buildFolder, diskFull } from './mirror';
import { BuildOutput } from './output';

export interface BuildRequest {
  readonly module: ModuleDescription;
  readonly environment: BuildEnvironment;
  readonly dirs: Dirs;
  /** The texts to build, read once; without it they are read from the module's folder now. */
  readonly snapshot?: SourceSnapshot;
  /** The modules of the workspace: those whose symbols this one uses are built before it. Asked only when it uses any. */
  readonly workspace?: () => Promise<readonly ModuleDescription[]>;
  /** Told when make begins. */
  readonly onMake?: () => void;
  /** Every line that the tools print, with the build folder's paths. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

export interface ModuleBuild extends BuildResult {
  /** The unstripped .ko on this machine, null when the build failed. */
  readonly koPath: string | null;
  /** Folder of the .ko. */
  readonly buildDir: string;
  /** How debug information names the folder of the module's sources. */
  readonly sourceRoot: string;
  /** What it exports, for modules that use it; null when nothing was made. */
  readonly symversPath: string | null;
  /** Modules of the workspace that this one uses, in the order in which they are loaded before it. */
  readonly dependencies: readonly BuiltDependency[];
}

export interface BuiltDependency {
  readonly module: ModuleDescription;
  readonly build: ModuleBuild;
}

/** The errors of a module that is built before another one, with paths as seen from that one's folder. */
function seenFrom(folder: string, { module, build }: BuiltDependency): BuildDiagnostic[] {
  const errors = build.diagnostics.filter(({ severity }) => severity === 'error');
  return errors.map((error) => ({ ...error, file: path.relative(folder, path.join(module.folder, error.file ?? module.kbuildFile)).split(path.sep).join('/') }));
}

/**
 * Builds a module for one kernel in a private folder, on the host or here as the environment says, so that the user's folder
 * stays as it is and builds for several kernels do not meet. A module that does not compile is a result with `ok: false` and
 * diagnostics, not an exception. @throws Failure `cancelled`, `make-missing`, `disk-full`, `build-folder-unwritable`,
 * `host-lost`, `host-disk-full`, `host-not-writable`, and those of {@link readSources}
 */
export async function buildModule(request: BuildRequest): Promise<ModuleBuild> {
  return new Build(request, []).run(request.snapshot);
}

interface Attempt {
  readonly made: Made;
  readonly output: BuildOutput;
  /** What to say when no parser understood an error. */
  readonly lastWords: string;
}

class Build {
  private readonly folder: string;

  constructor(
    private readonly request: Omit<BuildRequest, 'snapshot'>,
    /** Folders of the modules that wait for this one. */
    private readonly waiting: readonly string[],
  ) {
    const { dirs, environment, module } = request;
    const target = environment.host ? `${environment.kernel}@${environment.host.id}` : environment.kernel;
    this.folder = buildFolder(dirs.cache, module.folder, target);
  }

  async run(known?: SourceSnapshot): Promise<ModuleBuild> {
    const { module, environment, dirs, signal, progress } = this.request;
    const snapshot = known ?? (await readSources(module, signal));
    const lockFile = path.join(dirs.runtime, 'locks', `build-${createHash('sha256').update(this.folder).digest('hex').slice(0, 16)}`);
    const lock = await takeLock(lockFile, { purpose: `building ${module.name}`, subject: 'The build', onBusy: () => true, ...(signal ? { signal } : {}) });
    try {
      const where = environment.host ? ` on ${environment.host.name}` : '';
      progress?.step(`Building ${module.name} for ${environment.kernel}${where}`);
      return await this.build(snapshot);
    } finally {
      lock.release();
    }
  }

  private async build(snapshot: SourceSnapshot): Promise<ModuleBuild> {
    const known = await this.knownUses(snapshot);
    let dependencies = await this.buildDependencies(known);
    if (dependencies.some(({ build }) => !build.ok)) return this.stoppedBy(dependencies);
    let attempt = await this.make(snapshot, dependencies);
    const missing = attempt.output.undefinedSymbols;
    if (missing.size > 0) {
      const uses = new Set([...known, ...missing]);
      const all = await this.buildDependencies(uses);
      if (all.length > dependencies.length) {
        dependencies = all;
        if (dependencies.some(({ build }) => !build.ok)) return this.stoppedBy(dependencies);
        attempt = await this.make(snapshot, dependencies);
        await fs.writeFile(this.usesFile, JSON.stringify([...uses])).catch(() => undefined); // else make runs twice the next time, too
      }
    }
    return this.conclude(attempt, dependencies);
  }

  /** What is said when a module that this one uses does not build. */
  private stoppedBy(dependencies: readonly BuiltDependency[]): ModuleBuild {
    const { environment, module } = this.request;
    const diagnostics = dependencies.filter(({ build }) => !build.ok).flatMap((dependency) => seenFrom(module.folder, dependency));
    return { compiler: environment.compiler, argv: [], diagnostics, ok: false, koPath: null, symversPath: null, buildDir: this.folder, sourceRoot: this.folder, dependencies };
  }

  private conclude({ made, output, lastWords }: Attempt, dependencies: readonly BuiltDependency[]): ModuleBuild {
    if (output.diskFull) throw diskFull();
    const ok = made.exitCode === 0 && made.koPath !== null;
    if (!ok && !output.diagnostics.some(({ severity }) => severity === 'error')) output.push(`make: *** ${lastWords}`); // every failed build names an error
    const { argv, koPath, symversPath, buildDir, sourceRoot } = made;
    return { compiler: this.request.environment.compiler, argv: [...argv], diagnostics: output.diagnostics, ok, koPath: ok ? koPath : null, symversPath, buildDir, sourceRoot, dependencies };
  }

  /** Symbols of other modules that this one is known to use: from the last build, or because its Kbuild file asks for their Module.symvers. */
  private async knownUses(snapshot: SourceSnapshot): Promise<ReadonlySet<string>> {
    const kbuild = snapshot.buildFiles.get(this.request.module.kbuildFile)?.toString('utf8') ?? '';
    if (/^[^#]*\bKBUILD_EXTRA_SYMBOLS\b/m.test(kbuild)) return namesIn(snapshot.files);
    const text = await fs.readFile(this.usesFile, 'utf8').catch(() => '[]');
    try {
      const names: unknown = JSON.parse(text);
      return new Set(Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []);
    } catch {
      return new Set();
    }
  }

  private get usesFile(): string {
    return path.join(path.dirname(this.folder), `${this.request.module.name}.uses.json`);
  }

  /** Builds the modules of the workspace that export these symbols, and what those need, each before its users. */
  private async buildDependencies(symbols: ReadonlySet<string>): Promise<BuiltDependency[]> {
    const { module, workspace } = this.request;
    if (symbols.size === 0 || !workspace) return [];
    const others = (await workspace()).filter(({ folder }) => folder !== module.folder && !this.waiting.includes(folder));
    const built = new Map<string, BuiltDependency>();
    for (const other of await exportersOf(symbols, others, module.folder)) {
      const build = await new Build({ ...this.request, module: other }, [...this.waiting, module.folder]).run();
      for (const each of [...build.dependencies, { module: other, build }]) built.set(`${each.module.folder}/${each.module.name}`, each);
    }
    return [...built.values()];
  }

  private async make(snapshot: SourceSnapshot, dependencies: readonly BuiltDependency[]): Promise<Attempt> {
    const { module, environment, onLine, onMake, signal, progress } = this.request;
    const { place, files } = layOut(module.folder, snapshot.buildFiles);
    const output = new BuildOutput({ sources: snapshot.files, isBuildFile: (relative) => snapshot.buildFiles.has(relative), compiler: environment.compiler });
    let lastWords = 'The build ended without a word.';
    const symvers = await Promise.all(dependencies.flatMap(({ build }) => (build.symversPath === null ? [] : fs.readFile(build.symversPath))));
    const job: MakeJob = {
      name: module.name,
      environment,
      folder: this.folder,
      files,
      place,
      symvers,
      onFolder: (folder) => {
        output.runsIn(folder);
        onMake?.();
      },
      onLine: (line) => {
        onLine?.(line);
        output.push(line);
        if (line.trim() !== '' && !/: \*\*\* \[|: (?:Entering|Leaving) directory/.test(line)) lastWords = line.trim();
      },
      ...(signal ? { signal } : {}),
      ...(progress ? { progress } : {}),
    };
    const made = environment.host ? await makeOnHost(job, environment.host) : await makeHere(job);
    output.end();
    return { made, output, lastWords };
  }
}

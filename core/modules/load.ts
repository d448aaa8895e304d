// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { buildModule, type ModuleBuild } from '../build/build';
import { ModuleCode } from '../calls/module-code';
import { SourceLines } from '../calls/source-lines';
import type { BuildEnvironment, Host, HostFacts } from '../hosts/host';
import { KERNEL_LOG } from '../kernel-log/reader';
import { ExitCode, Failure, SESSION_VERSION, type LoadSession, type OpenDescriptor } from '../model';
import type { HeldLock } from '../platform/lock';
import { run, type ProcessResult } from '../platform/process';
import { silentProgress, type Progress } from '../platform/progress';
import { readDevices, newDevices } from './devices';
import { refuseForbiddenHost } from './forbid';
import { lockHost } from './host-lock';
import { CLEAN_UP, EXIT_NO_MARKER, INSERT, PROC_DEVICES, PROC_MODULES, SHOW, STAGE, SYS_MODULE, TEMPORARY } from './host-scripts';
import { readKernelHeaders } from './kernel-config';
import { InsertedModule } from './loaded';
import { readModuleInfo } from './modinfo';
import { parameterArguments } from './parameters';
import { preflight } from './preflight';
import { oopsFailure, SessionRecording } from './recording';
import { refusal } from './refusal';
import { readSources, type SourceSnapshot } from './sources';
import type { LoadDeps, LoadedModule, LoadPlan } from './types';

export type { CharacterDevice, LoadDeps, LoadedModule, LoadPlan } from './types';

const CLEAN_UP_LIMIT_MS = 15_000;
const MAX_DESCRIPTORS = 256;

/**
 * Analyses, builds and inserts a module; see ARCHITECTURE.md, "One load". The session is saved whatever happens.
 * @throws Failure `local-forbidden`, `bad-parameter`, `host-busy`, `no-build-environment`, `build-failed`, `preflight-blocked`,
 * `insmod-refused`, `oops`, `host-lost`, `cancelled`, and what reading sources, building and copying throw
 */
export async function startLoad(plan: LoadPlan, deps: LoadDeps): Promise<LoadedModule> {
  refuseForbiddenHost(plan.host);
  const insmodArguments = parameterArguments(plan.parameters);
  const lock = await lockHost(plan.host.id, `loading ${plan.module.name}`, deps);
  try {
    return await new Load(plan, deps, lock, insmodArguments).start();
  } catch (error) {
    lock.release();
    throw error;
  }
}

function newSession(plan: LoadPlan, facts: HostFacts, snapshot: SourceSnapshot): LoadSession {
  const { module } = plan;
  const now = new Date().toISOString();
  const { name, kind, kernel, arch, bootId, levels = null } = facts;
  return {
    version: SESSION_VERSION,
    id: `${now.replaceAll(/[-:]|\.\d+/g, '')}-${module.name.replaceAll(/[^A-Za-z0-9_-]/g, '_')}-${randomBytes(3).toString('hex')}`,
    module: { name: module.name, folder: module.folder, sources: [...snapshot.hashes], koBuildId: null },
    host: { name, kind, kernel, arch, bootId, levels },
    parameters: { ...plan.parameters },
    startedAt: now,
    endedAt: null,
    end: null,
    build: null,
    preflight: [],
    records: [],
    gaps: [],
    actions: [],
    findings: [],
    predictions: [],
    recorder: { mode: 'log', reason: "Calls are read from the module's own log lines.", lost: 0 },
    lost: { records: 0 },
    calls: [],
  };
}

/** The unstripped .ko, and how its debug information names the folder of the sources. */
type Built = { readonly koPath: string } & Pick<ModuleBuild, 'sourceRoot'>;

class Load {
  private readonly kernelName: string;
  private readonly progress: Progress;
  /** Folder on the host that holds the .ko, while it is there. */
  private staged = '';
  private insmodAsked = false;

  constructor(
    private readonly plan: LoadPlan,
    private readonly deps: LoadDeps,
    private readonly lock: HeldLock,
    private readonly insmodArguments: readonly string[],
  ) {
    this.kernelName = plan.module.name.replaceAll('-', '_');
    this.progress = deps.progress ?? silentProgress;
  }

  async start(): Promise<LoadedModule> {
    const { host, module } = this.plan;
    const { signal } = this.deps;
    const facts = await host.facts(signal);
    const environment = await host.buildEnvironment(signal);
    if (!environment) throw noBuildEnvironment(host);
    const snapshot = await readSources(module, signal);
    const session = newSession(this.plan, facts, snapshot);
    const writer = this.deps.store.create(session);
    this.deps.onEvent?.({ type: 'started', session });
    const recording = new SessionRecording({ host, writer, onEvent: (event) => this.deps.onEvent?.(event) });
    try {
      await this.analyse(recording, snapshot, facts, environment);
      if (this.plan.record !== false) recording.startProbes(this.kernelName, this.plan.record?.syscalls ?? []);
      const built = await this.build(recording, snapshot, environment);
      return await this.insert(recording, facts, environment, built);
    } catch (error) {
      await this.abandon(recording, Failure.from(error));
      throw error;
    } finally {
      await this.deps.store.prune().catch(() => undefined); // tidying up must not hide what happened
    }
  }

  private async analyse(recording: SessionRecording, snapshot: SourceSnapshot, facts: HostFacts, environment: BuildEnvironment): Promise<void> {
    if (!this.plan.predict) return;
    this.progress.step(`Predicting the calls of ${this.plan.module.name}`);
    const { kbuildFile } = this.plan.module;
    const kbuild = snapshot.buildFiles.get(kbuildFile);
    const sources = kbuild ? [...snapshot.files, { path: kbuildFile, text: kbuild.toString('utf8') }] : snapshot.files;
    const { findings, predictions } = await this.plan.predict(sources, { arch: facts.arch, kernel: facts.kernel, ...(await readKernelHeaders(environment.kernelDir, (file) => readHeader(environment, file))) });
    recording.emit({ type: 'analysis', findings, predictions });
  }

  private async build(recording: SessionRecording, snapshot: SourceSnapshot, environment: BuildEnvironment): Promise<Built> {
    const { dirs, signal, onBuildLine } = this.deps;
    const { module } = this.plan;
    const built = await buildModule({
      module,
      environment,
      dirs,
      snapshot,
      progress: this.progress,
      onLine: (line) => {
        this.progress.log(line);
        onBuildLine?.(line);
      },
      ...(signal ? { signal } : {}),
    });
    const { compiler, argv, diagnostics, ok, koPath } = built;
    recording.emit({ type: 'build', build: { compiler, argv, diagnostics, ok } });
    if (koPath === null) throw buildFailed(module.name, built);
    return { koPath, sourceRoot: built.sourceRoot };
  }

  private async insert(recording: SessionRecording, facts: HostFacts, environment: BuildEnvironment, { koPath, sourceRoot }: Built): Promise<LoadedModule> {
    const { host } = this.plan;
    const { signal } = this.deps;
    const ko = await fs.readFile(koPath);
    const info = readModuleInfo(ko);
    if (info.buildId !== null) recording.emit({ type: 'koBuildId', koBuildId: info.buildId });
    const [procModules, before] = await Promise.all([this.show(PROC_MODULES), this.show(PROC_DEVICES)]);
    const lines = preflight({ facts, info, kernelName: this.kernelName, procModules, parameters: this.plan.parameters });
    recording.emit({ type: 'preflight', lines });
    const blocked = lines.find(({ verdict }) => verdict === 'blocked');
    if (blocked) throw preflightBlocked(this.plan.module.name, blocked.text, blocked.fix);

    this.progress.step(`Loading ${this.plan.module.name} on ${host.name}`);
    const known = (): { code: ModuleCode; lines: SourceLines } => ({ code: new ModuleCode(ko), lines: new SourceLines({ environment, koPath, sourceRoot }) });
    const [remoteKo] = await Promise.all([this.stage(await strip(koPath, environment)), recording.probesReady(known)]);
    await this.insmod(recording, remoteKo);
    await recording.readBuffers(this.kernelName, ko, signal);
    const devices = newDevices(readDevices(before), readDevices(await recording.guard(this.show(PROC_DEVICES))));
    return new InsertedModule({ host, recording, lock: this.lock, kernelName: this.kernelName, devices, nodes: [], ...(signal ? { signal } : {}) });
  }

  /** Copies the .ko to the host, alone in a private folder. */
  private async stage(koPath: string): Promise<string> {
    const { host, module } = this.plan;
    const result = await host.script(STAGE, [TEMPORARY], this.withSignal());
    checkCancelled(result);
    const folder = result.stdout.trim();
    if (result.exitCode !== 0 || !folder.startsWith('/')) throw stageFailed(host, result);
    this.staged = folder;
    const remote = `${folder}/${module.name}.ko`;
    await host.put(koPath, remote, this.deps.signal);
    return remote;
  }

  private async insmod(recording: SessionRecording, remoteKo: string): Promise<void> {
    const { host, module } = this.plan;
    const [begin, end] = [recording.marker('insmod begin'), recording.marker('insmod end')];
    recording.follow({ sinceMarker: begin });
    this.insmodAsked = true;
    const result = await recording.guard(host.script(INSERT, [KERNEL_LOG, recording.traceFile, begin, end, `${SYS_MODULE}/${this.kernelName}/sections`, remoteKo, ...this.insmodArguments], { ...this.withSignal(), asRoot: true }));
    checkCancelled(result);
    if (result.exitCode === EXIT_NO_MARKER) throw logUnwritable(host, result);
    this.staged = '';
    recording.emit({ type: 'loaderDescriptors', descriptors: readDescriptors(result.stdout) });
    recording.located(result.stdout);
    await recording.guard(recording.arrived(end));
    if (result.exitCode === 0) return;
    this.insmodAsked = false;
    if (recording.oops !== null) throw oopsFailure(module.name, recording.oops);
    throw refusal({ module: module.name, kernelName: this.kernelName, host: host.name, remoteKo, result, records: recording.session().records });
  }

  private async show(file: string): Promise<string> {
    const result = await this.plan.host.script(SHOW, [file], this.withSignal());
    checkCancelled(result);
    return result.stdout;
  }

  /** Leaves nothing on the host and ends the session with why it came to nothing. */
  private async abandon(recording: SessionRecording, failure: Failure): Promise<void> {
    if (failure.code !== 'host-lost' && !recording.isOver() && (this.staged !== '' || this.insmodAsked)) {
      const name = this.insmodAsked ? this.kernelName : '';
      await this.plan.host.script(CLEAN_UP, [this.staged, name, PROC_MODULES], { asRoot: true, timeoutMs: CLEAN_UP_LIMIT_MS }).catch(() => undefined); // the host may be lost: then nothing is left on it
    }
    if (failure.code === 'cancelled') await recording.end({ state: 'cancelled', reason: 'It was cancelled.' });
    else if (failure.code === 'oops') await recording.end({ state: 'oops', reason: recording.oops ?? failure.why });
    else if (failure.code === 'host-lost') await recording.hostLost(failure);
    else await recording.end({ state: 'refused', reason: failure.why });
  }

  private withSignal(): { signal?: AbortSignal } {
    return this.deps.signal ? { signal: this.deps.signal } : {};
  }
}

/** A copy without debug information, a twentieth of the size; the file itself when it cannot be made. */
async function strip(koPath: string, environment: BuildEnvironment): Promise<string> {
  const stripped = `${koPath}.stripped`;
  const wrapped = environment.wrap(['strip', '-g', '-o', stripped, koPath], [path.dirname(koPath)]);
  const result = await run(wrapped.argv, { env: wrapped.env });
  return result.exitCode === 0 ? stripped : koPath;
}

/** The descriptors that {@link INSERT} lists, without the one by which they were listed. */
function readDescriptors(text: string): OpenDescriptor[] {
  return [...text.matchAll(/^l.{1,200} (\d{1,6}) -> (?!\/proc\/\d+\/fd$)(.{1,4096})$/gm)].slice(0, MAX_DESCRIPTORS).map(([, number, target]) => ({ number: Number(number), target: target ?? '' }));
}

function checkCancelled(result: ProcessResult): void {
  if (result.cancelled) throw Failure.cancelled('The load was stopped.');
}

function noBuildEnvironment(host: Host): Failure {
  return new Failure({
    code: 'no-build-environment',
    what: `The module was not built for ${host.name}.`,
    why: 'No kernel headers for that host are known on this machine.',
    next: 'Choose the guest, for which the headers are fetched.',
  });
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

function preflightBlocked(name: string, text: string, fix: string | null): Failure {
  return new Failure({ code: 'preflight-blocked', what: `${name} was not loaded.`, why: text, next: fix ?? 'Look at the checks of the session.' });
}

function stageFailed(host: Host, result: ProcessResult): Failure {
  const full = result.stderr.includes('No space left on device');
  return new Failure({
    code: full ? 'host-disk-full' : 'host-not-writable',
    what: `The module was not copied to ${host.name}.`,
    why: full ? `${TEMPORARY} is full there.` : `No folder can be made in ${TEMPORARY} there.`,
    next: full ? 'Free some space on that host.' : 'Check that folder on the host.',
    detail: result.stderr,
  });
}

function logUnwritable(host: Host, result: ProcessResult): Failure {
  return new Failure({
    code: 'kernel-log-unwritable',
    what: 'The module was not loaded.',
    why: `This user may not write to ${KERNEL_LOG} on ${host.name}.`,
    next: 'Use an account that is root on that host.',
    detail: result.stderr,
  });
}

/** A file of the kernel's headers, which are where make runs. */
async function readHeader({ host }: BuildEnvironment, file: string): Promise<string | undefined> {
  const content = host ? host.get(file) : fs.readFile(file);
  return content.then((bytes) => bytes.toString('utf8')).catch(() => undefined);
}

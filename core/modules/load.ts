// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { ModuleCode } from '../calls/module-code';
import { SourceLines } from '../calls/source-lines';
import type { BuildEnvironment, Host, HostFacts } from '../hosts/host';
import { KERNEL_LOG } from '../kernel-log/reader';
import { ExitCode, Failure, SESSION_VERSION, type AnalysisTarget, type BuildResult, type CharacterDevice, type LoadSession, type OpenDescriptor } from '../model';
import type { HeldLock } from '../platform/lock';
import type { ProcessResult } from '../platform/process';
import { silentProgress, type Progress } from '../platform/progress';
import { stageDependencies, type NeededModule } from './dependencies';
import { deviceNodes, newDevices, partsOf, readDevices } from './devices';
import { buildFor, builtElsewhere, environmentFor, examine, kernelNameOf, missingEnvironment, type Built, type Examined } from './examine';
import { confirmFirstLoad } from './first-load';
import { refuseForbiddenHost } from './forbid';
import { inTurn, lockModule } from './host-lock';
import { CLEAN_UP, EXIT_DEPENDENCY, EXIT_NO_MARKER, INSERT_DEPENDENCIES, PROC_DEVICES, PROC_MISC, PROC_MODULES, STAGE, SYS_MODULE } from './host-scripts';
import { readHeadersOf } from './kernel-knowledge';
import { Insertion } from './insertion';
import { LocalKo } from './local-ko';
import { InsertedModule } from './loaded';
import { rememberParameters } from './parameter-memory';
import { parameterArguments } from './parameters';
import { oopsFailure, sectionLines, SessionRecording, type BuiltCode } from './recording';
import { refusal } from './refusal';
import { readSources, type SourceSnapshot } from './sources';
import { stageFailed, stageFolder } from './stage';
import { startAnew } from './unload-refused';
import { unloadIfLoaded } from './unload';
import { wantsSignature } from './signing';
import type { LoadDeps, LoadedModule, LoadPlan } from './types';

export type { FirstLoad, LoadDeps, LoadedModule, LoadPlan, SigningKey } from './types';

/** Places of the session's markers. */
const INSMOD_BEGIN = 'insmod begin';
const INSMOD_END = 'insmod end';
const CLEAN_UP_LIMIT_MS = 15_000;
const SLOW_INIT_MS = 10_000;
const MAX_DESCRIPTORS = 256;
const MAX_WATCHDOG_SECONDS = 86_400;
/** Of a .ko whose sources are not known. */
const NO_SOURCES: SourceSnapshot = { files: [], hashes: [], buildFiles: new Map() };

/**
 * Analyses, builds and inserts a module; see ARCHITECTURE.md, "One load". The session is saved whatever happens.
 * @throws Failure `local-forbidden`, `bad-parameter`, `bad-watchdog`, `host-not-confirmed`, `host-busy`, `no-build-environment`, `build-failed`,
 * `dependency-missing`, `dependency-refused`, `preflight-blocked`, `insmod-refused`, `oops`, `host-lost`, `cancelled`, and what reading sources,
 * building, signing, copying and unloading what is replaced throw
 */
export async function startLoad(plan: LoadPlan, deps: LoadDeps): Promise<LoadedModule> {
  refuseForbiddenHost(plan.host);
  const insmodArguments = parameterArguments(plan.parameters);
  checkWatchdog(plan.watchdogSeconds);
  const replaced = plan.replaces instanceof InsertedModule ? plan.replaces : null;
  const { name } = plan.module;
  const purpose = `loading ${name}`;
  const lock = replaced?.lendLock() ?? (await lockModule(plan.host.id, name, purpose, deps));
  try {
    return await inTurn(plan.host.id, purpose, deps, async () => {
      const loaded = await new Load(plan, deps, lock, insmodArguments).start();
      lock.describe(`keeping ${name} loaded`);
      return loaded;
    });
  } catch (error) {
    if (replaced) replaced.takeLockBack();
    else lock.release();
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

class Load {
  private readonly kernelName: string;
  private readonly progress: Progress;
  private readonly folder = stageFolder();
  /** Makes the folder on the host, for the text of /proc/modules; null before that was asked for, and when nothing is left of it. */
  private staging: Promise<string> | null = null;
  private insertion: Insertion | null = null;
  /** Kernel names of what insmod was asked to insert, in that order. */
  private asked: string[] = [];

  constructor(
    private readonly plan: LoadPlan,
    private readonly deps: LoadDeps,
    private readonly lock: HeldLock,
    private readonly insmodArguments: readonly string[],
  ) {
    this.kernelName = kernelNameOf(plan.module);
    this.progress = deps.progress ?? silentProgress;
  }

  async start(): Promise<LoadedModule> {
    const { host, module } = this.plan;
    const { signal } = this.deps;
    const facts = await host.facts(signal);
    await confirmFirstLoad(module.name, host, facts, this.deps);
    const environment = await environmentFor(this.plan, this.deps);
    if (!environment && this.plan.prebuilt === undefined) missingEnvironment(host);
    const snapshot = module.sources.length > 0 ? await readSources(module, signal) : NO_SOURCES;
    const session = newSession(this.plan, facts, snapshot);
    const writer = this.deps.store.create(session);
    this.deps.onEvent?.({ type: 'started', session });
    const recording = new SessionRecording({ host, writer, onEvent: (event) => this.deps.onEvent?.(event) });
    try {
      if (this.plan.record !== false) recording.prepareProbes(this.kernelName);
      const staging = this.stage();
      this.staging = staging;
      staging.catch(() => undefined); // waited for once there is something to copy
      const insertion = this.prepareInsmod(recording);
      this.insertion = insertion;
      const headers = await readHeadersOf(environment);
      const target = { arch: facts.arch, kernel: facts.kernel, ...headers };
      const built = await this.obtain(recording, snapshot, environment, () => this.predict(recording, snapshot, target));
      const examined = await examine({ plan: this.plan, facts, environment, config: headers.config ?? null, built, procModules: await staging }, this.deps);
      return await this.insert(recording, insertion, environment, built, examined);
    } catch (error) {
      const failure = await this.abandon(recording, Failure.from(error));
      if (failure.code !== 'host-lost' && failure.code !== 'oops') await recording.released;
      throw failure;
    } finally {
      await this.deps.store.prune().catch(() => undefined); // tidying up must not hide what happened
    }
  }

  /** Predicts while make runs, then puts the probes on what is predicted. */
  private async predict(recording: SessionRecording, snapshot: SourceSnapshot, target: AnalysisTarget): Promise<void> {
    const { predict, module, record } = this.plan;
    if (predict && snapshot !== NO_SOURCES) {
      const kbuild = snapshot.buildFiles.get(module.kbuildFile);
      const sources = kbuild ? [...snapshot.files, { path: module.kbuildFile, text: kbuild.toString('utf8') }] : snapshot.files;
      const { findings, predictions } = await predict(sources, target);
      recording.emit({ type: 'analysis', findings, predictions });
    }
    if (record !== false) recording.startProbes(record?.syscalls ?? []);
  }

  /** Builds, unless there is a .ko already. What else is to be done begins once make runs, which takes the longer time. */
  private async obtain(recording: SessionRecording, snapshot: SourceSnapshot, environment: BuildEnvironment | null, meanwhile: () => Promise<void>): Promise<Built> {
    const { prebuilt, module, host } = this.plan;
    if (prebuilt !== undefined) {
      await meanwhile();
      return builtElsewhere(prebuilt);
    }
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const onBuilt = ({ compiler, argv, diagnostics, ok }: BuildResult): void => recording.emit({ type: 'build', build: { compiler, argv, diagnostics, ok } });
    const building = buildFor(module, environment ?? missingEnvironment(host), this.plan, this.deps, { snapshot, onMake: begin, onBuilt }).finally(begin);
    const [built, done] = await Promise.allSettled([building, begun.then(meanwhile)]); // both, so that nothing goes on behind the back of who cleans up
    if (built.status === 'rejected') throw built.reason;
    if (done.status === 'rejected') throw done.reason;
    return built.value;
  }

  /** Makes a private folder on the host; gives the text of /proc/modules. */
  private async stage(): Promise<string> {
    const result = await this.plan.host.script(STAGE, [this.folder, PROC_MODULES], this.withSignal());
    checkCancelled(result);
    if (result.exitCode !== 0) throw stageFailed(this.plan.host, result);
    return result.stdout;
  }

  private async insert(recording: SessionRecording, insertion: Insertion, environment: BuildEnvironment | null, { koPath, sourceRoot }: Built, examined: Examined): Promise<LoadedModule> {
    const { host, module, parameters, signing } = this.plan;
    const { signal, unloadLimitMs } = this.deps;
    const { info, ko, lines, dependencies, kernel } = examined;
    if (info.buildId !== null) recording.emit({ type: 'koBuildId', koBuildId: info.buildId });
    recording.emit({ type: 'preflight', lines });
    const blocked = lines.find(({ verdict }) => verdict === 'blocked');
    if (blocked) throw preflightBlocked(module.name, blocked.text, blocked.fix);

    const local = new LocalKo(environment, signing && wantsSignature(await host.facts(signal)) ? { key: signing, hash: kernel.config?.['MODULE_SIG_HASH'] ?? 'sha256' } : null);
    try {
      await this.giveWay();
      if (dependencies.length === 0) insertion.aboutToInsert();
      this.progress.step(`Loading ${module.name} on ${host.name}`);
      const known = (): BuiltCode => ({ code: new ModuleCode(ko), lines: new SourceLines({ environment: local.environment, koPath, sourceRoot }) });
      const put = async (from: string | Buffer, remote: string): Promise<void> => host.put(await local.ready(from), remote, signal);
      const [file, needed] = await Promise.all([local.ready(koPath), stageDependencies(dependencies, this.folder, put), recording.probesReady(this.kernelName, known)]);
      if (dependencies.length > 0) {
        await this.insertDependencies(recording, dependencies, needed);
        insertion.aboutToInsert();
      }
      const devices = await deviceNodes(host, await this.insmod(recording, insertion, file), (work) => recording.guard(work));
      recording.emit({ type: 'devices', devices });
      await recording.readBuffers(this.kernelName, ko, signal);
      rememberParameters(this.deps.dirs.state, module, parameters);
      return new InsertedModule({ host, recording, lock: this.lock, kernelName: this.kernelName, ...(signal ? { signal } : {}), ...(unloadLimitMs === undefined ? {} : { unloadLimitMs }) });
    } finally {
      await local.dispose();
    }
  }

  /** Unloads what this load replaces. */
  private async giveWay(): Promise<void> {
    const { replaces, module, host } = this.plan;
    if (replaces === undefined) return;
    if (replaces === 'loaded') await unloadIfLoaded({ name: module.name, host }, this.deps);
    else if (replaces instanceof InsertedModule) await replaces.giveWay();
    else await replaces.unload();
  }

  private async insertDependencies(recording: SessionRecording, dependencies: readonly NeededModule[], args: readonly string[]): Promise<void> {
    const { host } = this.plan;
    this.asked = dependencies.map(({ name }) => name);
    const result = await this.waitFor(recording, host.script(INSERT_DEPENDENCIES, [KERNEL_LOG, recording.marker(INSMOD_BEGIN), PROC_MODULES, ...args], { ...this.withSignal(), asRoot: true }));
    const inserted = result.stdout.split('\n');
    const ours = dependencies.filter(({ name }) => inserted.includes(name));
    this.asked = ours.map(({ name }) => name);
    if (result.exitCode === EXIT_NO_MARKER) throw logUnwritable(host, result);
    if (result.exitCode === EXIT_DEPENDENCY) {
      const refused = dependencies[ours.length]?.name ?? '';
      throw new Failure({ code: 'dependency-refused', what: `${this.plan.module.name} was not loaded.`, why: `It needs ${refused}, which ${host.name} refused: ${result.stderr.trim().split('\n').at(-1) ?? ''}.`, next: `Load ${refused} by itself to see why.`, detail: result.stderr });
    }
    recording.emit({ type: 'dependencies', dependencies: ours.map(({ name, from }) => ({ name, from })) });
  }

  /** Has a shell on the host wait for the .ko, and follows the log from what it will write there. */
  private prepareInsmod(recording: SessionRecording): Insertion {
    const { host, module, watchdogSeconds = 0 } = this.plan;
    recording.follow({ sinceMarker: recording.marker(INSMOD_BEGIN) });
    const markers = [recording.marker(INSMOD_BEGIN), recording.marker(INSMOD_END)];
    const watchdog = [String(watchdogSeconds), recording.marker('watchdog')];
    const about = [KERNEL_LOG, ...markers, PROC_MODULES, PROC_DEVICES, PROC_MISC, SYS_MODULE, this.kernelName, recording.session().id, ...watchdog];
    return new Insertion({ host, about, ko: `${this.folder}/${module.name}.ko`, parameters: this.insmodArguments, ...this.withSignal() });
  }

  private async insmod(recording: SessionRecording, insertion: Insertion, file: string): Promise<CharacterDevice[]> {
    const { host, module, watchdogSeconds = 0 } = this.plan;
    this.asked.push(this.kernelName);
    if (watchdogSeconds > 0) recording.emit({ type: 'watchdog', watchdog: { seconds: watchdogSeconds, outcome: null } });
    const result = await this.waitFor(recording, insertion.insert(file, recording.traceFile), insertion.begun);
    if (result.exitCode === EXIT_NO_MARKER) throw logUnwritable(host, result);
    this.staging = null;
    const parts = partsOf(result.stdout);
    recording.emit({ type: 'loaderDescriptors', descriptors: readDescriptors(parts.get('descriptors') ?? '') });
    recording.located(sectionLines(parts.get('sections') ?? ''));
    await recording.guard(recording.arrived(recording.marker(INSMOD_END)));
    if (result.exitCode === 0) return newDevices(readDevices(parts.get('before') ?? ''), readDevices(parts.get('after') ?? ''));
    this.asked.pop();
    if (recording.oops !== null) throw oopsFailure(module.name, recording.oops);
    throw refusal({ module: module.name, kernelName: this.kernelName, host: host.name, result, records: recording.session().records });
  }

  /** Waits for insmod, and says so when it takes long from `begun` on. */
  private async waitFor(recording: SessionRecording, work: Promise<ProcessResult>, begun: Promise<void> = Promise.resolve()): Promise<ProcessResult> {
    let slow: NodeJS.Timeout | undefined;
    let over = false;
    void begun.then(() => {
      if (!over) slow = setTimeout(() => this.progress.step(`insmod has not come back for ${SLOW_INIT_MS / 1000} s: init may hang (cancel ends it)`), SLOW_INIT_MS);
    });
    try {
      const result = await recording.guard(work);
      checkCancelled(result);
      return result;
    } finally {
      over = true;
      clearTimeout(slow);
    }
  }

  /** Leaves nothing on the host and ends the session with why it came to nothing; gives what to tell the user. */
  private async abandon(recording: SessionRecording, failure: Failure): Promise<Failure> {
    const ended = this.insertion?.giveUp();
    if (failure.code !== 'host-lost') await ended;
    const stuck = failure.code === 'host-lost' || recording.isOver() ? [] : await this.cleanUp(recording.session().id);
    if (failure.code === 'cancelled') {
      const reason = await this.endStuck(stuck);
      await recording.end({ state: 'cancelled', reason: reason ?? 'It was cancelled.' });
      return reason === null ? failure : new Failure({ code: 'cancelled', what: failure.what, why: reason, next: failure.next, exitCode: failure.exitCode });
    }
    if (failure.code === 'oops') return recording.oopsed(recording.oops ?? failure.why, failure.detail);
    if (failure.code === 'host-lost') return recording.hostLost(failure);
    await recording.end({ state: 'refused', reason: failure.why });
    return failure;
  }

  /** Gives the modules that could not be removed. */
  private async cleanUp(sessionId: string): Promise<string[]> {
    if (!this.staging && this.asked.length === 0) return [];
    await this.staging?.catch(() => undefined); // else it would be made behind our back
    const args = [this.staging ? this.folder : '', PROC_MODULES, sessionId, ...[...this.asked].reverse()];
    const asRoot = this.asked.length > 0; // the folder is the user's own, who may be one that cannot become root
    const result = await this.plan.host.script(CLEAN_UP, args, { asRoot, timeoutMs: CLEAN_UP_LIMIT_MS }).catch(() => null); // the host may be lost: then nothing is left on it
    return result?.stdout.split('\n').flatMap((line) => (line === '' ? [] : (line.split(' ')[0] ?? []))) ?? [];
  }

  /** What to say of modules whose init has not come back although insmod was ended; a guest is started anew. */
  private async endStuck(stuck: readonly string[]): Promise<string | null> {
    const { host } = this.plan;
    if (stuck.length === 0) return null;
    const hangs = `The init of ${stuck.join(', ')} has not come back, and cannot be ended`;
    if (!host.reset) return `${hangs}. ${startAnew(host)}`;
    this.progress.step(`${hangs}: resetting ${host.name}`);
    await host.reset();
    return `${hangs}, so ${host.name} was reset.`;
  }

  private withSignal(): { signal?: AbortSignal } {
    return this.deps.signal ? { signal: this.deps.signal } : {};
  }
}

/** The descriptors that {@link INSERT} lists. */
function readDescriptors(text: string): OpenDescriptor[] {
  return [...text.matchAll(/^l.{1,200} (\d{1,6}) -> (.{1,4096})$/gm)].slice(0, MAX_DESCRIPTORS).map(([, number, target]) => ({ number: Number(number), target: target ?? '' }));
}

function checkCancelled(result: ProcessResult): void {
  if (result.cancelled) throw Failure.cancelled('The load was stopped.');
}

function checkWatchdog(seconds: number | undefined): void {
  if (seconds === undefined || (Number.isInteger(seconds) && seconds > 0 && seconds <= MAX_WATCHDOG_SECONDS)) return;
  throw new Failure({ code: 'bad-watchdog', what: 'The module was not loaded.', why: `A watchdog waits 1 to ${MAX_WATCHDOG_SECONDS} s.`, next: 'Correct the number of seconds.', exitCode: ExitCode.usage });
}

function preflightBlocked(name: string, text: string, fix: string | null): Failure {
  return new Failure({ code: 'preflight-blocked', what: `${name} was not loaded.`, why: text, next: fix ?? 'Look at the checks of the session.' });
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

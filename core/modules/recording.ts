// SPDX-License-Identifier: MIT
import { syscallAbi } from '../abi';
import { readBuffers } from '../calls/call-buffers';
import { CallsFromLog } from '../calls/log-calls';
import type { ModuleCode } from '../calls/module-code';
import { CallRecorder, RecorderUnavailable } from '../calls/recorder';
import type { SourceLines } from '../calls/source-lines';
import { GuestLost } from '../hosts/guest';
import type { Host } from '../hosts/host';
import { recordsInConsole } from '../kernel-log/console-records';
import { oopsInConsole, oopsText } from '../kernel-log/oops';
import { KernelLogReader, markerText } from '../kernel-log/reader';
import { Failure, type KernelRecord, type LoadSession, type Recorder, type SessionEnd, type SessionEvent, type SourceLine } from '../model';
import type { SessionWriter } from '../sessions/store';
import { readElf } from './elf';
import { faultPlace } from './fault';

export interface RecordingOptions {
  readonly host: Host;
  readonly writer: SessionWriter;
  readonly onEvent: (event: SessionEvent) => void;
}

/** What was built: the module's code, and the source lines that it came from. */
export interface BuiltCode {
  readonly code: ModuleCode;
  readonly lines: SourceLines;
}

const ACTION_PLACE = / action (\d+) (begin|end)$/;
const WATCHDOG_OUTCOME = / (removed|refused|hangs)$/;

const SINCE_LEFT = ' Calls that it made since it was left in the kernel';
const UNRECORDED = ' are not recorded';

/** Writes what happens to one load session into its journal: log records, the calls read from them, actions, the end. */
export class SessionRecording {
  /** What the kernel said when it met a fatal error of its own during the session. */
  oops: string | null = null;
  /** Resolves, with why, when the host can no longer be asked. */
  readonly lost: Promise<Failure>;
  readonly ended: Promise<LoadSession>;
  /** Resolves, after the session has ended, when nothing of what recorded it is left on the host. */
  readonly released: Promise<void>;
  /** Resolves when the watchdog on the host has unloaded the module. */
  readonly removedByWatchdog: Promise<void>;
  private log: KernelLogReader | null = null;
  /** Not known before the first record. */
  private calls: CallsFromLog | null | undefined;
  private action: number | null = null;
  private probedAction: number | null = null;
  /** What was prepared, whatever became of it. */
  private recorder: CallRecorder | null = null;
  /** The recorder that records, or why there is none. */
  private starting: Promise<CallRecorder | string> = Promise.resolve('Recording is turned off');
  private probes: CallRecorder | null = null;
  /** What was said of the recorder of a session that goes on. */
  private before: Recorder | null = null;
  private built: { readonly moduleName: string; readonly code: () => BuiltCode } | null = null;
  private unsaved: Failure | null = null;
  private announceLost: (failure: Failure) => void = () => undefined;
  private announceRemoved: () => void = () => undefined;
  private announceReleased: () => void = () => undefined;
  private announceEnd: (session: LoadSession) => void = () => undefined;
  private over: Promise<LoadSession> | null = null;

  constructor(private readonly options: RecordingOptions) {
    this.lost = new Promise((resolve) => (this.announceLost = resolve));
    this.ended = new Promise((resolve) => (this.announceEnd = resolve));
    this.released = new Promise((resolve) => (this.announceReleased = resolve));
    this.removedByWatchdog = new Promise((resolve) => (this.announceRemoved = resolve));
  }

  isOver(): boolean {
    return this.over !== null;
  }

  session(): LoadSession {
    return this.options.writer.session();
  }

  /** A journal that cannot be written stops nothing: the failure comes out at the end. */
  emit(event: SessionEvent): void {
    try {
      this.options.writer.append(event);
    } catch (error) {
      this.unsaved ??= Failure.from(error);
    }
    this.options.onEvent(event);
  }

  /** Begins to make the host ready for recording; does not wait. Where that is not to be, {@link startProbes} finds out why. */
  prepareProbes(moduleName: string): void {
    const { host, id, recorder } = this.session();
    this.before = recorder.mode === 'probe' ? recorder : null;
    try {
      this.recorder = CallRecorder.prepare({
        host: this.options.host,
        sessionId: id,
        arch: host.arch,
        kernel: host.kernel,
        moduleName,
        onCall: (call) => this.emit({ type: 'call', call: { ...call, action: this.probedAction } }),
        onMarker: (text) => (this.probedAction = this.actionAfter(text, this.probedAction)),
      });
    } catch (error) {
      this.starting = Promise.resolve(whyNot(error));
    }
  }

  /**
   * Begins to put probes on the entries of the predicted syscalls and of `more`, where {@link prepareProbes} was called; does not
   * wait. Where that is not to be, the session says why and its calls are read from the log.
   */
  startProbes(more: readonly string[]): void {
    const { recorder } = this;
    if (!recorder) return;
    const { predictions, calls } = this.session();
    this.starting = recorder.record({ syscalls: [...predictions.map(({ syscall }) => syscall), ...more], predictions, earlier: calls }).then(() => recorder, whyNot);
  }

  /** Waits until the probes stand, when there are any, and adds those that need the module's code, which may be `isInserted` already. */
  async probesReady(moduleName: string, code: () => BuiltCode, isInserted = false): Promise<void> {
    this.built = { moduleName, code };
    const recorder = await this.starting;
    if (typeof recorder === 'string') {
      if (this.before) this.tellUnrecorded(recorder);
      else this.emit({ type: 'recorder', recorder: { mode: 'log', reason: `${recorder}, so calls are read from the module's own log lines.`, lost: 0 } });
      return;
    }
    const known = code();
    await recorder.watch(known.code, known.lines, isInserted);
    this.probes = recorder;
    this.tell(recorder.summary());
  }

  /** Says that the calls of a module that was left loaded are not recorded any more. @param because without its full stop; absent when that is all there is to say */
  tellUnrecorded(because?: string): void {
    const { recorder } = this.session();
    const [known = '', said = ''] = recorder.reason.split(SINCE_LEFT, 2);
    if (recorder.mode !== 'probe' || (because === undefined && said.startsWith(UNRECORDED))) return;
    this.emit({ type: 'recorder', recorder: { ...recorder, reason: `${known}${SINCE_LEFT}${UNRECORDED}${because === undefined ? '' : `: ${because}`}.` } });
  }

  /** Where markers are to be written besides the log; an empty text when calls are not recorded by probes. */
  get traceFile(): string {
    return this.probes?.markerFile ?? '';
  }

  /** Tells where the module's code lies: what {@link INSERT} printed. */
  located(sections: string): void {
    this.probes?.located(sections);
  }

  /** Reads the buffers of the calls so far that lie in the data of the module, which is loaded. @throws Failure `host-lost`, `oops` */
  async readBuffers(moduleName: string, ko: Uint8Array, signal?: AbortSignal): Promise<void> {
    const { calls, host } = this.session();
    const space = { arch: host.arch, levels: host.levels ?? null };
    const buffers = await this.guard(readBuffers({ host: this.options.host, moduleName, elf: readElf(ko), calls, space, abi: syscallAbi(host.arch), signal }));
    if (buffers.length > 0) this.emit({ type: 'buffers', buffers });
  }

  /** The marker for a place of this session, e.g. `insmod begin`. */
  marker(place: string): string {
    return markerText(this.options.writer.id, place);
  }

  /** Starts to follow the kernel log. */
  follow(since: { sinceMarker: string } | { sinceSeq: number }): void {
    this.log = new KernelLogReader(this.options.host, {
      ...since,
      onRecord: (record) => this.acceptRecord(record),
      onGap: (gap) => this.emit({ type: 'gap', gap }),
      onMarker: (text) => {
        this.action = this.actionAfter(text, this.action);
        this.acceptWatchdog(text);
      },
      onLost: (failure) => this.announceLost(failure),
    });
  }

  /** Waits until everything that the kernel logged, and every call that was recorded, before a marker has arrived. */
  async arrived(marker: string): Promise<void> {
    await this.log?.waitForMarker(marker);
    await this.probes?.arrived(marker);
  }

  /** Waits for work on the host; when the host is lost meanwhile, the session ends. @throws Failure `host-lost`, `oops` */
  async guard<T>(work: Promise<T>): Promise<T> {
    const failed = this.lost.then((failure) => Promise.reject(failure));
    try {
      return await Promise.race([work, failed]);
    } catch (error) {
      const failure = Failure.from(error);
      if (failure.code !== 'host-lost') throw failure;
      throw await this.hostLost(failure);
    }
  }

  /** Ends the session because its host is gone; gives what to tell the user. */
  async hostLost(failure: Failure): Promise<Failure> {
    const oops = this.oops ?? oopsInConsole(failure.detail ?? '');
    const lastWords = failure instanceof GuestLost ? failure.console : '';
    if (oops !== null) return this.oopsed(oops, failure.detail, lastWords);
    await this.end({ state: 'hostLost', reason: failure.why }, lastWords);
    return failure;
  }

  /** Ends the session because of what the kernel said when it met a fatal error; gives what to tell the user. */
  async oopsed(oops: string, detail?: string, lastWords = ''): Promise<Failure> {
    const { module, end } = await this.end({ state: 'oops', reason: oops }, lastWords);
    return oopsFailure(module.name, end?.state === 'oops' ? end.reason : oops, end?.source, detail);
  }

  /**
   * Ends and saves the session; later calls change nothing.
   * @param lastWords the console of a kernel that died, for what its log could not tell any more
   */
  end(end: SessionEnd, lastWords = ''): Promise<LoadSession> {
    this.over ??= this.finish(end, lastWords);
    return this.over;
  }

  /** Why the session could not be saved, null when it could. */
  get saveFailure(): Failure | null {
    return this.unsaved;
  }

  private async finish(end: SessionEnd, lastWords: string): Promise<LoadSession> {
    await this.log?.stop();
    if (this.log) for (const record of recordsInConsole(lastWords, this.marker(''), this.session().records)) this.acceptRecord(record);
    await this.starting;
    const summary = await this.recorder?.conclude();
    if (this.probes && summary) this.tell(summary);
    const source = end.state === 'oops' ? await this.faultLine() : null;
    this.emit({ type: 'ended', endedAt: new Date().toISOString(), end: source === null ? end : { ...end, source } });
    try {
      this.options.writer.finish();
    } catch (error) {
      this.unsaved ??= Failure.from(error);
    }
    const session = this.session();
    this.announceEnd(session);
    void Promise.resolve(this.recorder?.stop()).then(() => this.announceReleased());
    return session;
  }

  private tell(summary: Recorder): void {
    const { before } = this;
    this.emit({ type: 'recorder', recorder: before ? { ...summary, reason: `${summary.reason}${SINCE_LEFT}, until it was used again,${UNRECORDED}.`, lost: before.lost + summary.lost } : summary });
  }

  private async faultLine(): Promise<SourceLine | null> {
    if (!this.built) return null;
    try {
      const { code, lines } = this.built.code();
      const place = faultPlace(this.session().records.map(({ text }) => text), this.built.moduleName, code);
      return place && ((await lines.at(place))[0] ?? null);
    } catch {
      return null; // a line less, nothing more
    }
  }

  /** Null when the calls are recorded; what was read of this session before counts for the calls to come. */
  private callsFromLog(): CallsFromLog | null {
    const session = this.session();
    if (session.recorder.mode !== 'log') return null;
    const abi = syscallAbi(session.host.arch);
    const calls = new CallsFromLog({ predictions: session.predictions, syscallNumber: (name) => abi.byName(name)?.number ?? null });
    for (const record of session.records) calls.push(record, null);
    return calls;
  }

  private acceptRecord(record: KernelRecord): void {
    if (this.calls === undefined) this.calls = this.callsFromLog();
    this.emit({ type: 'record', record });
    this.oops ??= oopsText(record.text);
    const call = this.calls?.push(record, this.action);
    if (call) this.emit({ type: 'call', call });
  }

  private acceptWatchdog(marker: string): void {
    const { watchdog } = this.session();
    const outcome = marker.startsWith(this.marker('watchdog ')) ? WATCHDOG_OUTCOME.exec(marker)?.[1] : undefined;
    if (!watchdog || (outcome !== 'removed' && outcome !== 'refused' && outcome !== 'hangs')) return;
    this.emit({ type: 'watchdog', watchdog: { ...watchdog, outcome } });
    if (outcome === 'removed') this.announceRemoved();
  }

  /** The action that runs after a marker of the log or of the trace. */
  private actionAfter(marker: string, before: number | null): number | null {
    const [, index, place] = ACTION_PLACE.exec(marker) ?? [];
    if (index === undefined || !marker.startsWith(this.marker(''))) return before;
    return place === 'begin' ? Number(index) : null;
  }
}

/** What `located` takes, of what grep prints of the files in /sys/module/NAME/sections. */
export function sectionLines(output: string): string {
  return output.replaceAll(/^.*\/([^/:]+):/gm, '$1 ');
}

/** Why calls are not recorded. */
function whyNot(error: unknown): string {
  return error instanceof RecorderUnavailable ? error.message : 'The host did not answer';
}

export function oopsFailure(module: string, oops: string, source?: SourceLine, detail = ''): Failure {
  return new Failure({
    code: 'oops',
    what: `The kernel met a fatal error while ${module} was loaded.`,
    why: `${source ? `At ${source.file}:${source.line} it said` : 'It said'}: ${oops}`,
    next: 'Look at the last lines of the kernel log, correct the module, then load it on a fresh host.',
    detail,
  });
}

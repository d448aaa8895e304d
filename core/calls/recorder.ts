// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';
import { syscallAbi, type SyscallAbi } from '../abi';
import type { Host } from '../hosts/host';
import type { Architecture, Call, Prediction, Recorder } from '../model';
import type { RunningProcess } from '../platform/process';
import { CallJoiner } from './call-joiner';
import { CallQueue, MAX_CALLS } from './call-queue';
import type { ModuleCode } from './module-code';
import { ANSWER, probeAbi, RECORD } from './recorder-script';
import { TRACEFS_FOLDERS } from './trace-scripts';
import type { SourceLines } from './source-lines';
import { parseTraceLine, type StackLine, type TraceEvent } from './trace-line';

export interface RecorderOptions {
  readonly host: Host;
  readonly sessionId: string;
  readonly arch: Architecture;
  /** `uname -r` */
  readonly kernel: string;
  /** The module's name as the kernel knows it. */
  readonly moduleName: string;
  readonly onCall: (call: Call) => void;
  /** Told of every text that is written into the trace, in its place among the calls. */
  readonly onMarker?: (text: string) => void;
  /** Ring buffer of all CPUs together. Default 16384, which holds 100,000 calls. */
  readonly bufferKib?: number;
  /** Instances of each return probe: calls under way at once. Default 256. */
  readonly maxActive?: number;
  readonly tracefs?: readonly string[];
}

/** What the analysis of the module came to. */
export interface Wanted {
  /** Names as in `__NR_name`; those that the ABI does not know are left out. */
  readonly syscalls: readonly string[];
  readonly predictions: readonly Prediction[];
  /** Of a session that goes on: its calls before. Default: none. */
  readonly earlier?: readonly Call[];
}

/** The kernel's name for what `module_init()` names. */
const INIT = 'init_module';
const BUFFER_KIB = 16_384;
const MAX_ACTIVE = 256;
const MAX_WATCHED = 64;
/** Of each syscall, from its first call on. */
const STACKS = 256;
const ANSWER_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 10_000;
/** Of one that records nothing. */
const GIVE_UP_LIMIT_MS = 3_000;

const REFUSALS: Readonly<Record<string, string>> = {
  'no-root': 'Kernel probes need root on the host',
  lockdown: 'The kernel is locked down (confidentiality), which forbids kernel probes',
  'no-tracefs': 'The host has no trace filesystem that can be mounted',
  'no-kprobes': 'The kernel has no probe events (CONFIG_KPROBE_EVENTS)',
  'no-instance': 'The kernel gives no trace instance',
  'no-clock': "The kernel's trace has no clock that equals the log's",
  'no-addresses': 'The kernel hides its addresses (kernel.kptr_restrict)',
  'no-probe': 'The kernel refused the probes',
};

/** Why calls cannot be recorded on a host; a sentence without its full stop. */
export class RecorderUnavailable extends Error {}

/** Group and event names of the kernel's probes are at most 63 characters of `[A-Za-z0-9_]`. */
function tokenOf(sessionId: string): string {
  const word = sessionId.replaceAll(/[^A-Za-z0-9]/g, '_');
  return word.length <= 40 ? word : `${word.slice(0, 16)}_${word.slice(-8)}`;
}

/** The greatest number in the ids that `CallQueue` gave. */
function lastId(calls: readonly Call[]): number {
  return calls.reduce((last, { id }) => Math.max(last, Number(/^call-(\d{1,15})$/.exec(id)?.[1] ?? 0)), 0);
}

/**
 * Records the syscalls that a module makes by kernel probes on the host, with nothing added to the module.
 * Order of use: {@link prepare}, {@link record}, {@link watch}, insmod, {@link located}, …, {@link conclude}, {@link stop}, which may
 * come at any time. What the calls mean for a session (their actions) is told by markers that are written into {@link markerFile}.
 */
export class CallRecorder {
  /** File on the host; a line written to it comes back through `onMarker` and {@link arrived}, in order with the calls. */
  markerFile = '';
  private readonly stdin = new PassThrough();
  private readonly process: RunningProcess;
  private readonly answers = new Map<string, (words: string[] | null) => void>();
  private readonly missing: string[] = [];
  private readonly unwatched: string[] = [];
  private readonly abi: SyscallAbi;
  private readonly queue: CallQueue;
  private syscalls: readonly string[] = [];
  private joiner: CallJoiner | null = null;
  /** Takes the lines of the stack that is being read. */
  private stack: StackLine[] | null = null;
  private overruns = 0;
  private missed = 0;
  /** Why the host does not allow it. */
  private refusal = 'The recorder did not start';
  private over = false;
  private endedEarly = false;
  private silent = false;
  private concluding: Promise<Recorder> | null = null;
  private isConcluded = false;
  private releasing: Promise<void> | null = null;

  private constructor(private readonly options: RecorderOptions) {
    const probe = probeAbi(options.arch, options.kernel);
    if (!probe) throw new RecorderUnavailable(`No probes are known for ${options.arch}`);
    this.abi = syscallAbi(options.arch);
    this.queue = new CallQueue({ abi: this.abi, moduleName: options.moduleName, onCall: options.onCall, onMarker: (text) => options.onMarker?.(text) });
    const fetches = probe.registers.map((fetch, index) => `a${index}=${fetch}:x64`).join(' ');
    const registers = `frame=${probe.frame}:x64 ${fetches}`;
    const folders = options.tracefs ?? TRACEFS_FOLDERS;
    const limits = [String(options.bufferKib ?? BUFFER_KIB), String(options.maxActive ?? MAX_ACTIVE)];
    this.process = options.host.start(['sh', '-c', RECORD, ANSWER, tokenOf(options.sessionId), ...limits, probe.prefix, probe.returnAddress, registers, String(STACKS), String(folders.length), ...folders], {
      stdin: this.stdin,
      onStdoutLine: (line) => this.accept(parseTraceLine(line)),
      onStderrLine: (line) => this.acceptAnswer(line),
      maxOutputBytes: 0,
      asRoot: true,
    });
    const ended = (): void => this.processEnded();
    this.process.result.then(ended, ended);
  }

  /**
   * Begins to make ready on the host what does not depend on what is recorded; does not wait. Whether the host allows it is
   * told by {@link record}. @throws RecorderUnavailable where no probes are known for the architecture
   */
  static prepare(options: RecorderOptions): CallRecorder {
    return new CallRecorder(options);
  }

  /**
   * Puts probes on the syscalls' entries; one round trip. @throws RecorderUnavailable when the host does not allow it;
   * a host that cannot be reached counts as such, since the load finds out by itself
   */
  async record({ syscalls, predictions, earlier = [] }: Wanted): Promise<void> {
    this.syscalls = [...new Set(syscalls)].filter((name) => /^[a-z0-9_]{1,40}$/.test(name) && this.abi.byName(name));
    if (this.syscalls.length === 0) throw new RecorderUnavailable('The analysis saw no syscall to record');
    this.queue.expect(predictions, earlier);
    const ready = this.answer('ready');
    this.stdin.write([...this.syscalls.map((name) => `record ${name} ${this.abi.byName(name)?.entry ?? name}`), 'begin\n'].join('\n'));
    const words = await ready;
    if (words === null) throw new RecorderUnavailable(this.refusal);
    this.markerFile = words[1] ?? '';
    this.joiner = new CallJoiner((call) => this.queue.push(call), words[2] === undefined ? null : BigInt(words[2]), lastId(earlier));
  }

  /**
   * Tells what is about to be loaded: puts probes on its init function, whose address tells where init code lies, and on
   * the functions that jump to a syscall instead of calling it. Not needed for anything else; may be left out.
   * @param isInserted it is loaded already, and what only its init needed is gone
   */
  async watch(code: ModuleCode, lines: SourceLines, isInserted = false): Promise<void> {
    const jumps = code.tailJumpers.slice(0, MAX_WATCHED);
    const all = [...(code.function(INIT) ? [INIT] : []), ...jumps.map(({ symbol }) => symbol).filter((name) => name !== INIT)];
    const functions = all.filter((name) => !isInserted || code.function(name)?.section.startsWith('.init') === false);
    this.unwatched.push(...code.tailJumpers.slice(MAX_WATCHED).map(({ symbol }) => symbol));
    this.queue.setCode(code, lines, functions);
    functions.forEach((name, index) => this.stdin.write(`watch ${index} ${this.options.moduleName} ${name}\n`));
    const watched = this.answer('watched');
    this.stdin.write('sync watched\n');
    await watched;
    lines.prefetch([...code.callReturns.map(({ section, offset }) => ({ section, offset: offset - 1 })), ...jumps.flatMap((jumper) => jumper.jumps)]);
  }

  /** Tells where the module's sections lie (`SECTION 0xADDRESS` lines), an empty text when that cannot be known. */
  located(sections: string): void {
    this.queue.located(sections);
  }

  /** Waits until a marker has come by; every call that was recorded before it has been given out then. Never rejects. */
  async arrived(marker: string): Promise<void> {
    if (!this.over && !(await this.queue.arrived(marker))) this.silent = true;
  }

  /** Ends the recording: all calls have been given out then. Later calls give the same answer. Never rejects. */
  conclude(): Promise<Recorder> {
    this.concluding ??= this.finish();
    return this.concluding;
  }

  /** Ends the recording and leaves nothing on the host, which may take a second. Later calls give the same answer. Never rejects. */
  async stop(): Promise<Recorder> {
    const summary = await this.conclude();
    await (this.releasing ??= this.release());
    return summary;
  }

  /** What is known so far. */
  summary(): Recorder {
    const { unmatched, unplaced, surplus } = this.queue;
    const lost = this.overruns + Math.max(this.missed, unmatched) + unplaced + surplus;
    const sentences = [
      `Kernel probes on ${this.syscalls.filter((name) => !this.missing.includes(name)).join(', ')}.`,
      this.missing.length > 0 ? `This kernel has no entry for ${this.missing.join(', ')}.` : '',
      this.unwatched.length > 0 ? `Calls that ${this.unwatched.slice(0, 8).join(', ')} may jump to are not seen.` : '',
      this.overruns > 0 ? `The ring buffer lost ${this.overruns} events.` : '',
      unmatched > 0 ? `${unmatched} calls were recorded by half.` : '',
      this.missed > 0 ? `Probes were missed ${this.missed} times.` : '',
      unplaced > 0 ? `${unplaced} calls came from addresses that cannot be told apart any more.` : '',
      surplus > 0 ? `${surplus} calls after the first ${MAX_CALLS} were left out.` : '',
      this.silent && !this.endedEarly ? 'The trace did not show all that was written into it.' : '',
      this.endedEarly ? 'The recorder was ended before the session.' : '',
      'Kernel functions behind the syscall entries (vfs_*, ksys_*) are not seen when they are called directly.',
    ];
    return { mode: 'probe', reason: sentences.filter((sentence) => sentence !== '').join(' '), lost, syscalls: [...this.syscalls] };
  }

  private async finish(): Promise<Recorder> {
    if (this.joiner !== null && !this.over) {
      this.queue.located('');
      const shown = this.queue.arrived(`${ANSWER} finished`);
      const told = this.answer('finished');
      this.stdin.write('finish\n');
      if (await shown) await told;
      else this.silent = true;
    }
    this.isConcluded = true;
    this.joiner?.end();
    await this.queue.end();
    return this.summary();
  }

  private async release(): Promise<void> {
    this.stdin.end();
    const limit = setTimeout(() => this.process.kill(), this.joiner ? STOP_LIMIT_MS : GIVE_UP_LIMIT_MS);
    await this.process.result.catch(() => undefined); // the host may be lost: then nothing is left on it
    clearTimeout(limit);
  }

  private accept(event: TraceEvent | null): void {
    if (this.isConcluded) return;
    if (event?.type === 'frame') {
      this.stack?.push(event);
      return;
    }
    this.stack = null;
    switch (event?.type) {
      case 'stack':
        this.stack = this.joiner?.stackOf(event.pid) ?? null;
        return;
      case 'entry':
        if (event.of === 'function') this.queue.functionEntered(event);
        this.joiner?.entry(event);
        return;
      case 'return':
        this.joiner?.return(event);
        return;
      case 'marker':
        this.queue.pushMarker(event.text);
        return;
      default:
    }
  }

  private acceptAnswer(line: string): void {
    const [name, word = '', ...rest] = line.split(' ');
    if (name !== ANSWER) return;
    const [first = ''] = rest;
    if (word === 'missing') this.missing.push(first);
    else if (word === 'unwatched') this.unwatched.push(this.queue.functionName(first));
    else if (word === 'overrun') this.overruns += rest.reduce((sum, count) => sum + (Number(count) || 0), 0);
    else if (word === 'missed') this.missed += Number(rest[2]) || 0;
    else if (word === 'unavailable') this.refusal = REFUSALS[first] ?? 'The host refused';
    else this.answers.get(word)?.([word, ...rest]);
  }

  private answer(word: string): Promise<string[] | null> {
    if (this.over) return Promise.resolve(null);
    return new Promise((resolve) => {
      const limit = setTimeout(() => done(null), ANSWER_LIMIT_MS);
      const done = (words: string[] | null): void => {
        clearTimeout(limit);
        this.answers.delete(word);
        resolve(words);
      };
      this.answers.set(word, done);
    });
  }

  private processEnded(): void {
    this.over = true;
    this.endedEarly = this.concluding === null;
    for (const answer of [...this.answers.values()]) answer(null);
    this.queue.abandon();
  }
}

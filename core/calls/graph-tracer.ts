// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';
import { syscallAbi } from '../abi';
import type { Host } from '../hosts/host';
import { Failure, type Architecture } from '../model';
import type { RunningProcess } from '../platform/process';
import { GRAPH_ANSWER, TRACE_GRAPH } from './graph-script';
import { GraphTrace, type TracedCall } from './graph-trace';
import { probeAbi } from './recorder-script';
import { TRACEFS_FOLDERS } from './trace-scripts';

export interface GraphOptions {
  readonly host: Host;
  readonly arch: Architecture;
  /** `uname -r` */
  readonly kernel: string;
  /** The module's name as the kernel knows it. */
  readonly moduleName: string;
  /** As in `__NR_name`. */
  readonly syscall: string;
  /** What the call returns to: a symbol of the module and an offset, `device_init+0x26`. */
  readonly caller: string;
  /** Kernel functions whose return values are wanted. */
  readonly functions: readonly string[];
  readonly signal?: AbortSignal;
}

const BUFFER_KIB = 32_768;
const MAX_PROBES = 200;
const START_LIMIT_MS = 60_000;
const CALLER = /^[A-Za-z_][A-Za-z0-9_.]{0,255}\+0x[0-9a-f]{1,8}$/;
const SYMBOL = /^[A-Za-z_][A-Za-z0-9_.]{0,255}$/;

const REFUSALS: Readonly<Record<string, string>> = {
  'no-root': 'The tracer needs root on the host.',
  'no-tracefs': 'The host has no trace filesystem that can be mounted.',
  'no-tracer': 'The kernel has no function-graph tracer (CONFIG_FUNCTION_GRAPH_TRACER).',
  busy: 'Another tracer is in use on the host.',
  'no-entry': 'The kernel does not trace the entry of this syscall.',
  'no-probe': 'The kernel refused the probe on the code that made the call.',
};

function unavailable(why: string): Failure {
  return new Failure({ code: 'no-kernel-path', what: "The kernel's path was not recorded.", why, next: 'Try another kernel of the guest.' });
}

/** Traces the kernel's functions during the calls of one syscall. Order of use: {@link start}, the calls, {@link finish}. */
export class GraphTracer {
  private readonly stdin = new PassThrough();
  private readonly process: RunningProcess;
  private readonly trace: GraphTrace;
  private answered: (word: string) => void = () => undefined;

  private constructor({ host, arch, kernel, moduleName, syscall, caller, functions, signal }: GraphOptions) {
    const entry = syscallAbi(arch).byName(syscall)?.entry;
    const probe = probeAbi(arch, kernel);
    if (entry === undefined || !probe) throw unavailable(`No entry of ${syscall} is known on ${arch}.`);
    if (!CALLER.test(caller)) throw unavailable('It is not known which code made the call.');
    const symbol = `${probe.prefix}${entry}`;
    const names = functions.filter((name) => SYMBOL.test(name) && name !== symbol).slice(0, MAX_PROBES);
    this.trace = new GraphTrace(symbol, names);
    this.process = host.start(['sh', '-c', TRACE_GRAPH, GRAPH_ANSWER, 'graph', String(BUFFER_KIB), String(TRACEFS_FOLDERS.length), ...TRACEFS_FOLDERS, `${moduleName}:${caller}`, probe.result, symbol, ...names], {
      stdin: this.stdin,
      onStdoutLine: (line) => this.trace.push(line),
      onStderrLine: (line) => this.accept(line),
      maxOutputBytes: 0,
      asRoot: true,
      ...(signal ? { signal } : {}),
    });
  }

  /** @throws Failure `no-kernel-path` */
  static async start(options: GraphOptions): Promise<GraphTracer> {
    const tracer = new GraphTracer(options);
    const word = await tracer.answer();
    if (word === 'ready') return tracer;
    tracer.process.kill();
    throw unavailable(REFUSALS[word] ?? 'The host did not answer.');
  }

  /** Ends the tracing; the calls from that place, in the order in which they returned. */
  async finish(): Promise<readonly TracedCall[]> {
    const finished = this.answer();
    this.stdin.write('finish\n');
    await finished;
    this.stdin.end();
    await this.process.result;
    return this.trace.calls;
  }

  /** Ends the tracing when it is of no use any more. Never rejects. */
  async abandon(): Promise<void> {
    this.stdin.end();
    await this.process.result.catch(() => undefined); // the host may be gone
  }

  private accept(line: string): void {
    const [name, word = '', reason = ''] = line.split(' ');
    if (name === GRAPH_ANSWER && word !== 'silent') this.answered(word === 'unavailable' ? reason : word);
  }

  private answer(): Promise<string> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => resolve(''), START_LIMIT_MS);
      const done = (word: string): void => {
        clearTimeout(limit);
        resolve(word);
      };
      this.answered = done;
      const ended = (): void => done('');
      this.process.result.then(ended, ended);
    });
  }
}

// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import type { ProcessResult, RunningProcess, StartOptions } from '../platform/process';
import { RUN_SCRIPT, STOP_SCRIPT, SUDO_SCRIPT } from './remote-scripts';

/** Starts an argument vector on a host, by whatever leads there. */
export type Launch = (argv: readonly string[], options: StartOptions) => RunningProcess;

/** How a command becomes root through sudo. */
export interface Elevation {
  readonly flags: '-n' | '-S' | '-k -S';
  /** Called for each prompt of sudo, with the number of those before; null: there is no (other) password to give. */
  readonly password: (before: number) => Promise<string | null>;
}

type StopReason = 'kill' | 'timeout' | 'cancel';
type CommandOptions = Omit<StartOptions, 'signal' | 'timeoutMs' | 'cwd' | 'env'>;

/** What became of a command; `stderr` of the result is the program's own. */
export interface CommandEnd {
  readonly result: ProcessResult;
  /** Whether the program was reached. */
  readonly began: boolean;
  /** What was written to standard error before the program began: sudo's words, when it was asked. */
  readonly said: string;
}

const STOP_TIMEOUT_MS = 5000;
/** A program that was told to stop before its process id is known: how long that is waited for. */
const BEGIN_LIMIT_MS = 1000;

/** A program under way on a host: it tells its process id there first, by which it can be ended with all that it started. */
export class Command {
  private reason: StopReason | null = null;
  private process: RunningProcess | null = null;
  private remotePid: string | null = null;
  private onStop: () => void = () => undefined;
  private onBegun: () => void = () => undefined;
  private readonly begun = new Promise<void>((resolve) => (this.onBegun = resolve));
  readonly stopped = new Promise<void>((resolve) => (this.onStop = resolve));

  /** Of the local process that leads there. */
  get pid(): number | undefined {
    return this.process?.pid;
  }

  wasStopped(): boolean {
    return this.reason !== null;
  }

  stop(reason: StopReason): void {
    this.reason ??= reason;
    this.onStop();
  }

  /**
   * Does `work` under a signal and a time limit, which stop this command. What `prepare` waits for (a user who types a
   * password) is not under the time limit.
   */
  async within<T>(limits: Pick<StartOptions, 'signal' | 'timeoutMs'>, prepare: () => Promise<T>, work: (prepared: T) => Promise<ProcessResult>): Promise<ProcessResult> {
    const { signal, timeoutMs } = limits;
    const onAbort = (): void => this.stop('cancel');
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    let timer: NodeJS.Timeout | undefined;
    try {
      if (this.reason !== null) return this.neverRun();
      const preparing = prepare();
      await Promise.race([preparing, this.stopped]);
      if (this.wasStopped()) {
        preparing.catch(() => undefined); // nobody waits for it any more
        return this.neverRun();
      }
      if (timeoutMs !== undefined) timer = setTimeout(() => this.stop('timeout'), timeoutMs);
      return await work(await preparing);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Runs it until it ends or was told to stop. Never rejects. */
  async run(launch: Launch, argv: readonly string[], options: CommandOptions, elevation: Elevation | null): Promise<CommandEnd> {
    const marker = `kmodlab-${randomBytes(8).toString('hex')}`;
    // sudo reads passwords from the same standard input: what the program is to read follows when it has begun.
    const late = elevation === null || elevation.flags === '-n' ? null : new PassThrough();
    const early: string[] = [];
    let prompts = 0;
    const onStderrLine = (line: string): void => {
      if (this.remotePid !== null) {
        options.onStderrLine?.(line);
      } else if (line.startsWith(`${marker} `)) {
        this.remotePid = line.slice(marker.length + 1);
        this.onBegun();
        if (late) feed(late, options.stdin);
      } else if (late && elevation && line.endsWith(`${marker}?`)) {
        void answer(late, elevation.password(prompts++));
      } else {
        early.push(line);
        if (elevation === null) options.onStderrLine?.(line);
      }
    };
    const script = elevation === null ? [RUN_SCRIPT, marker] : [SUDO_SCRIPT, marker, elevation.flags, RUN_SCRIPT];
    this.process = launch(['sh', '-c', ...script, ...argv], { ...options, ...(late ? { stdin: late } : {}), onStderrLine });
    void this.stopped.then(() => this.end(launch, elevation));
    const result = await this.process.result;
    late?.end();
    const stderr = elevation === null ? result.stderr.replace(new RegExp(`^${marker} \\d+\\r?\\n`, 'm'), '') : after(result.stderr, marker);
    const ending = this.reason === null ? {} : stoppedBy(this.reason);
    return { result: { ...result, stderr, ...ending }, began: this.remotePid !== null, said: early.join('\n').slice(0, 4096) };
  }

  /** The result of a command that was told to stop before it ran. */
  neverRun(): ProcessResult {
    return { stdout: '', stderr: '', truncated: false, startError: null, ...stoppedBy(this.reason ?? 'kill') };
  }

  private async end(launch: Launch, elevation: Elevation | null): Promise<void> {
    const patience = setTimeout(this.onBegun, BEGIN_LIMIT_MS);
    await Promise.race([this.begun, this.process?.result]);
    clearTimeout(patience);
    if (this.remotePid !== null) {
      const stopper = new Command();
      const limit = setTimeout(() => stopper.process?.kill(), STOP_TIMEOUT_MS);
      await stopper.run(launch, ['sh', '-s', '--', this.remotePid], { stdin: STOP_SCRIPT }, elevation);
      clearTimeout(limit);
    }
    this.process?.kill();
  }
}

async function answer(input: PassThrough, asking: Promise<string | null>): Promise<void> {
  const password = await asking.catch(() => null);
  if (password === null) input.end();
  else input.write(`${password.split('\n', 1)[0] ?? ''}\n`);
}

function feed(input: PassThrough, stdin: StartOptions['stdin']): void {
  if (stdin instanceof Readable) stdin.pipe(input);
  else input.end(stdin ?? '');
}

/** The text behind the line with the marker and a process id. */
function after(text: string, marker: string): string {
  const found = new RegExp(`^${marker} \\d+\\r?\\n`, 'm').exec(text);
  return found ? text.slice(found.index + found[0].length) : '';
}

function stoppedBy(reason: StopReason): Pick<ProcessResult, 'exitCode' | 'signal' | 'timedOut' | 'cancelled'> {
  return { exitCode: null, signal: 'SIGTERM', timedOut: reason === 'timeout', cancelled: reason === 'cancel' };
}

// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { Failure, type HostKind } from '../model';
import { run, start, type ProcessResult, type RunningProcess } from '../platform/process';
import { FACTS_SCRIPT, readFacts } from './facts';
import { getFile, putFile } from './files';
import type { BuildEnvironment, Host, HostFacts, HostRunOptions } from './host';
import { RUN_SCRIPT, STOP_SCRIPT } from './remote-scripts';
import { shCommand } from './sh-quote';
import { connectFailure, connectionLost, fingerprintIn, isExplained, sshMissing } from './ssh-failure';
import { sharing, type SshTarget } from './ssh-options';

export interface SshHostOptions {
  readonly id: string;
  readonly name: string;
  readonly kind: Extract<HostKind, 'ssh' | 'guest'>;
  readonly target: SshTarget;
  /** The ssh program and its leading arguments; `env` is added to ours. */
  readonly ssh: { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> };
  /** Socket of the shared connection, short and in a folder of mode 0700; null where ssh cannot share (Windows). */
  readonly controlPath: string | null;
}

const PERSIST_SECONDS = 600;
const STOP_TIMEOUT_MS = 5000;

type StopReason = 'kill' | 'timeout' | 'cancel';

/** A command under way: how it was told to stop, and what there is to stop. */
class Control {
  reason: StopReason | null = null;
  local: RunningProcess | null = null;
  remotePid: string | null = null;
  private onStop: () => void = () => undefined;
  readonly stopped = new Promise<void>((resolve) => (this.onStop = resolve));

  stop(reason: StopReason): void {
    this.reason ??= reason;
    this.onStop();
  }
}

/** A Linux machine reached by the system's OpenSSH client. */
export class SshHost implements Host {
  readonly id: string;
  readonly name: string;
  readonly kind: Extract<HostKind, 'ssh' | 'guest'>;
  private connecting: Promise<void> | null = null;
  private knownFacts: Promise<HostFacts> | null = null;

  constructor(private readonly options: SshHostOptions) {
    ({ id: this.id, name: this.name, kind: this.kind } = options);
  }

  facts(signal?: AbortSignal): Promise<HostFacts> {
    this.knownFacts ??= this.script(FACTS_SCRIPT, [], { timeoutMs: 30_000, ...(signal ? { signal } : {}) }).then((result) => {
      if (result.cancelled) throw Failure.cancelled(`${this.name} was not asked what it is.`);
      return readFacts(result, this.name, this.kind);
    });
    this.knownFacts.catch(() => (this.knownFacts = null));
    return this.knownFacts;
  }

  run(argv: readonly string[], options?: HostRunOptions): Promise<ProcessResult> {
    return this.start(argv, options).result;
  }

  script(script: string, args: readonly string[], options?: Omit<HostRunOptions, 'stdin'>): Promise<ProcessResult> {
    return this.run(['sh', '-s', '--', ...args], { ...options, stdin: script });
  }

  start(argv: readonly string[], options: HostRunOptions = {}): RunningProcess {
    const control = new Control();
    return {
      get pid() {
        return control.local?.pid;
      },
      result: this.execute(argv, options, control),
      kill: () => control.stop('kill'),
    };
  }

  put(localPath: string, remotePath: string, signal?: AbortSignal): Promise<void> {
    return putFile(this, localPath, remotePath, signal);
  }

  get(remotePath: string, options?: { maxBytes?: number; signal?: AbortSignal }): Promise<Buffer> {
    return getFile(this, remotePath, options);
  }

  buildEnvironment(): Promise<BuildEnvironment | null> {
    return Promise.resolve(null);
  }

  /** Closes the shared connection; commands under way end. */
  async dispose(): Promise<void> {
    if (this.options.controlPath !== null && fs.existsSync(this.options.controlPath)) await this.ssh(['-O', 'exit'], []);
  }

  private async execute(argv: readonly string[], options: HostRunOptions, control: Control): Promise<ProcessResult> {
    const { signal, timeoutMs, ...rest } = options;
    const onAbort = (): void => control.stop('cancel');
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => control.stop('timeout'), timeoutMs);
    try {
      if (control.reason === null) await Promise.race([this.connect(), control.stopped]);
      if (control.reason !== null) return stoppedResult(control.reason);
      return await this.runConnected(argv, rest, control);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private async runConnected(argv: readonly string[], options: Omit<HostRunOptions, 'signal' | 'timeoutMs'>, control: Control, triesLeft = 1): Promise<ProcessResult> {
    const marker = `kmodlab-${randomBytes(8).toString('hex')}`;
    const onStderrLine = (line: string): void => {
      if (line.startsWith(`${marker} `)) control.remotePid = line.slice(marker.length + 1);
      else options.onStderrLine?.(line);
    };
    const remote = shCommand(['sh', '-c', RUN_SCRIPT, marker, ...argv]);
    control.local = start(this.argv([], [remote]), { ...options, env: this.env(), onStderrLine });
    void control.stopped.then(() => this.stop(control));
    const result = await control.local.result;
    if (result.startError !== null) throw sshMissing(this.options.ssh.argv[0] ?? 'ssh', result.startError);
    const stderr = result.stderr.replace(new RegExp(`^${marker} \\d+\\r?\\n`, 'm'), '');
    if (control.reason !== null) return { ...result, stderr, ...stoppedBy(control.reason) };
    const canTryAgain = triesLeft > 0 && !(options.stdin instanceof Readable);
    if (result.exitCode === 255 && control.remotePid === null && canTryAgain && !isExplained(stderr)) return this.runConnected(argv, options, control, triesLeft - 1);
    if (result.exitCode === 255) await this.explain255(control.remotePid !== null, stderr);
    return { ...result, stderr };
  }

  /** ssh ends with 255 when it fails, but a command may do so as well. */
  private async explain255(commandBegan: boolean, stderr: string): Promise<void> {
    if (!commandBegan) throw await this.cannotConnect(stderr);
    const alive = this.options.controlPath === null ? !/^(client_loop|Connection to|Timeout, server)/m.test(stderr) : (await this.ssh(['-O', 'check'], [])).exitCode === 0;
    if (!alive) throw connectionLost(this.name, stderr);
  }

  private async stop(control: Control): Promise<void> {
    if (control.remotePid !== null) await run(this.argv([], [shCommand(['sh', '-s', '--', control.remotePid])]), { env: this.env(), stdin: STOP_SCRIPT, timeoutMs: STOP_TIMEOUT_MS });
    control.local?.kill();
  }

  /** Opens the shared connection unless it is open; concurrent callers wait for one attempt. */
  private async connect(): Promise<void> {
    const { controlPath } = this.options;
    if (controlPath === null || fs.existsSync(controlPath)) return;
    this.connecting ??= this.openConnection().finally(() => (this.connecting = null));
    await this.connecting;
  }

  private async openConnection(): Promise<void> {
    const result = await this.ssh([], ['true']);
    if (result.startError !== null) throw sshMissing(this.options.ssh.argv[0] ?? 'ssh', result.startError);
    if (result.exitCode === 255 || result.exitCode === null) throw await this.cannotConnect(result.stderr);
  }

  private async cannotConnect(stderr: string): Promise<Failure> {
    const failure = connectFailure(this.name, this.options.target.destination, stderr, null);
    if (failure.code !== 'host-key-unknown') return failure;
    const verbose = await this.ssh(['-o', 'LogLevel=DEBUG1'], ['true']);
    return connectFailure(this.name, this.options.target.destination, stderr, fingerprintIn(verbose.stderr));
  }

  private ssh(options: readonly string[], command: readonly string[]): Promise<ProcessResult> {
    return run(this.argv(options, command), { env: this.env(), timeoutMs: 60_000 });
  }

  private argv(options: readonly string[], command: readonly string[]): string[] {
    const { ssh, target, controlPath } = this.options;
    // The first value of an option counts: `options` go first.
    return [...ssh.argv, ...options, ...sharing(controlPath, PERSIST_SECONDS), ...target.options, '--', target.destination, ...command];
  }

  private env(): NodeJS.ProcessEnv {
    return { ...process.env, ...this.options.ssh.env, LC_ALL: 'C' };
  }
}

function stoppedBy(reason: StopReason): Pick<ProcessResult, 'exitCode' | 'signal' | 'timedOut' | 'cancelled'> {
  return { exitCode: null, signal: 'SIGTERM', timedOut: reason === 'timeout', cancelled: reason === 'cancel' };
}

function stoppedResult(reason: StopReason): ProcessResult {
  return { stdout: '', stderr: '', truncated: false, startError: null, ...stoppedBy(reason) };
}

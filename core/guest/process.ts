// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { Failure } from '../model/failure';
import { LineSplitter } from '../platform/process';
import { READY_LINE, WAITING_LINE } from './agent-program';
import { ConsoleLog } from './console';
import { AGENT_FD, QMP_FD, qemuArguments, STATE_FD, type Beginning, type MachineConfig } from './qemu';

/** How a machine came to its end. `panic` is the kernel's own line when it said one. */
export interface MachineEnd {
  readonly panic: string | null;
  /** The last part of the console. */
  readonly console: string;
  /** `signal SIGKILL`, `exit code 0`: of QEMU. */
  readonly qemu: string;
}

export interface LaunchOptions {
  readonly beginning: Beginning;
  /** Loopback port that leads to the guest's SSH; null for a machine that nobody uses. */
  readonly port: number | null;
  readonly consoleLog: string;
  /** The saved state, without the memory; with `beginning.kind === 'saved'`. Newer QEMUs take no file for it. */
  readonly state?: Buffer;
  /** Open file for the memory, empty; with `beginning.kind === 'template'`. */
  readonly memoryFd?: number;
}

/** What the guest's console has said: that it waits for its introduction, and that SSH answers. */
export type Milestone = 'waiting' | 'ready';

/** Runs after `--pdeathsig` is set: closes the moment in which the parent could die unnoticed. */
const STILL_OURS = 'test "$PPID" = "$0" || exit 1; exec "$@"';
const MAX_STDERR = 64 * 1024;

/** A running QEMU. It dies with this process, however that ends. */
export class QemuProcess {
  readonly ended: Promise<MachineEnd>;
  private readonly child: ChildProcess;
  private readonly log: ConsoleLog;
  private readonly reached: Record<Milestone, Promise<void>>;
  private stderr = '';

  constructor(config: MachineConfig, options: LaunchOptions) {
    const qemu = [...config.qemu.argv, ...qemuArguments(config, options.beginning, options.port)];
    const argv = ['--pdeathsig', 'KILL', '--', 'sh', '-c', STILL_OURS, String(process.pid), ...qemu];
    const child = spawn('setpriv', argv, { env: { ...process.env, ...config.qemu.env }, stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe', options.state ? 'pipe' : 'ignore', options.memoryFd ?? 'ignore'] });
    this.child = child;
    this.log = new ConsoleLog(options.consoleLog);
    // QEMU may have ended: that is told elsewhere.
    this.qmp.on('error', () => undefined);
    if (options.state) this.stream(STATE_FD).on('error', () => undefined).end(options.state);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (this.stderr.length < MAX_STDERR) this.stderr += text;
    });
    const reach: Record<Milestone, () => void> = { waiting: () => undefined, ready: () => undefined };
    this.reached = { waiting: new Promise((resolve) => (reach.waiting = resolve)), ready: new Promise((resolve) => (reach.ready = resolve)) };
    const lines = new LineSplitter((line) => {
      if (line.includes(WAITING_LINE)) reach.waiting();
      if (line.includes(READY_LINE)) reach.ready();
    });
    child.stdout?.on('data', (chunk: Buffer) => {
      this.log.push(chunk);
      lines.push(chunk);
    });
    this.ended = new Promise((resolve) => {
      const finish = (how: string): void => {
        this.log.close();
        resolve({ panic: this.log.panic, console: this.log.tail(), qemu: how });
      };
      child.on('error', (error) => finish(error.message));
      child.on('close', (code, signal) => finish(signal === null ? `exit code ${code ?? -1}` : `signal ${signal}`));
    });
  }

  /** Of QEMU; 0 when it could not be started. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Our end of the guest's agent. */
  get agent(): Duplex {
    return this.stream(AGENT_FD);
  }

  /** Our end of QMP; only a template has the other one. */
  get qmp(): Duplex {
    return this.stream(QMP_FD);
  }

  /** What the guest has said so far, at most 64 KiB of it. */
  get consoleTail(): string {
    return this.log.tail();
  }

  get portWasTaken(): boolean {
    return /could not set up host forwarding/i.test(this.stderr);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /**
   * Waits until the guest has said so. Ends it when that does not come.
   * @throws Failure `guest-boot-timeout`, `guest-boot-failed`, `cancelled`
   */
  until(milestone: Milestone, timeoutMs: number, signal: AbortSignal): Promise<void> {
    return this.before(this.reached[milestone], timeoutMs, signal);
  }

  /** Waits for `work` while the machine runs. Ends it when the time is over. @throws Failure as {@link until}, and what `work` throws */
  async before<T>(work: Promise<T>, timeoutMs: number, signal: AbortSignal): Promise<T> {
    let stopped: Failure | null = null;
    const stop = (failure: Failure): void => {
      stopped ??= failure;
      this.kill();
    };
    const onAbort = (): void => stop(Failure.cancelled('The guest was not started.'));
    const timer = setTimeout(() => stop(bootTimeout(timeoutMs, this.consoleTail)), timeoutMs);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
    const end = this.ended.then((machineEnd): never => {
      throw stopped ?? bootFailed(machineEnd, this.stderr);
    });
    try {
      return await Promise.race([work, end]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      end.catch(() => undefined);
    }
  }

  private stream(fd: number): Duplex {
    return this.child.stdio[fd] as unknown as Duplex;
  }
}

function bootTimeout(ms: number, console: string): Failure {
  return new Failure({
    code: 'guest-boot-timeout',
    what: 'The guest did not come up.',
    why: `Its kernel said nothing of being ready within ${Math.round(ms / 1000)} seconds.`,
    next: 'Try again when the machine is less busy, and see the log for what its console said.',
    detail: console,
  });
}

function bootFailed(end: MachineEnd, stderr: string): Failure {
  const line = stderr.split('\n').find((text) => text.trim() !== '');
  const why = end.panic ?? line ?? `QEMU ended with ${end.qemu}`;
  return new Failure({
    code: 'guest-boot-failed',
    what: 'The guest did not come up.',
    why: `It ended while booting: ${why.trim().replace(/\.$/, '')}.`,
    next: 'See the log for what QEMU and the console said.',
    detail: `${stderr}\n${end.console}`,
  });
}

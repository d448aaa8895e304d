// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from 'node:child_process';
import { Failure } from '../model';
import { LineSplitter } from '../platform/process';
import { ConsoleLog } from './console';
import { READY_LINE } from './init';
import { pickPort } from './port';
import { qemuArguments, type MachineConfig } from './qemu';

/** How a machine came to its end. `panic` is the kernel's own line when it said one. */
export interface MachineEnd {
  readonly panic: string | null;
  /** The last part of the console. */
  readonly console: string;
  /** `signal SIGKILL`, `exit code 0`: of QEMU. */
  readonly qemu: string;
}

export interface Machine {
  /** Of QEMU. */
  readonly pid: number;
  /** Loopback port that leads to the guest's SSH. */
  readonly port: number;
  readonly ended: Promise<MachineEnd>;
  /** Ends QEMU at once; `ended` tells when it is gone. */
  kill(): void;
}

export interface MachineEffects {
  /** A loopback port that is free now. */
  pickPort(): Promise<number>;
}

const PORT_ATTEMPTS = 5;
const MAX_STDERR = 64 * 1024;

/**
 * Starts QEMU and resolves when the guest's init says that SSH answers. QEMU dies with this process, however that ends.
 * @throws Failure `guest-boot-timeout`, `guest-boot-failed`, `guest-port-taken`, `cancelled`
 */
export async function startMachine(config: MachineConfig, signal: AbortSignal, effects: MachineEffects = { pickPort }): Promise<Machine> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await boot(config, await effects.pickPort(), signal);
    if (outcome !== 'port-taken') return outcome;
    if (attempt === PORT_ATTEMPTS) {
      throw new Failure({
        code: 'guest-port-taken',
        what: 'The guest was not started.',
        why: `Each of ${PORT_ATTEMPTS} loopback ports was taken by another program before QEMU could use it.`,
        next: 'Try again, and look for a program that opens very many ports.',
      });
    }
  }
}

/** Runs after `--pdeathsig` is set: closes the moment in which the parent could die unnoticed. */
const STILL_OURS = 'test "$PPID" = "$0" || exit 1; exec "$@"';

async function boot(config: MachineConfig, port: number, signal: AbortSignal): Promise<Machine | 'port-taken'> {
  if (signal.aborted) throw Failure.cancelled('The guest was not started.');
  const qemu = [...config.qemu.argv, ...qemuArguments(config, port)];
  const argv = ['--pdeathsig', 'KILL', '--', 'sh', '-c', STILL_OURS, String(process.pid), ...qemu];
  const child = spawn('setpriv', argv, { env: { ...process.env, ...config.qemu.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = new ConsoleLog(config.consoleLog);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MAX_STDERR) stderr += text;
  });
  const ended = endOf(child, log);

  return await new Promise((resolve, reject) => {
    let stopped: Failure | null = null;
    const stop = (failure: Failure): void => {
      stopped = failure;
      child.kill('SIGKILL');
    };
    const onAbort = (): void => stop(Failure.cancelled('The guest was not started.'));
    const timer = setTimeout(() => stop(bootTimeout(config.bootTimeoutMs, log)), config.bootTimeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort);
    const lines = new LineSplitter((line) => {
      if (line.includes(READY_LINE) && child.pid !== undefined) {
        settle();
        resolve({ pid: child.pid, port, ended, kill: () => child.kill('SIGKILL') });
      }
    });
    child.stdout.on('data', (chunk: Buffer) => {
      log.push(chunk);
      lines.push(chunk);
    });
    void ended.then((end) => {
      settle();
      if (/could not set up host forwarding/i.test(stderr)) resolve('port-taken');
      else reject(stopped ?? bootFailed(end, stderr));
    });
  });
}

function endOf(child: ChildProcess, log: ConsoleLog): Promise<MachineEnd> {
  return new Promise((resolve) => {
    const finish = (qemu: string): void => {
      log.close();
      resolve({ panic: log.panic, console: log.tail(), qemu });
    };
    child.on('error', (error) => finish(error.message));
    child.on('close', (code, signal) => finish(signal === null ? `exit code ${code ?? -1}` : `signal ${signal}`));
  });
}

function bootTimeout(ms: number, log: ConsoleLog): Failure {
  return new Failure({
    code: 'guest-boot-timeout',
    what: 'The guest did not come up.',
    why: `Its kernel said nothing of being ready within ${Math.round(ms / 1000)} seconds.`,
    next: 'Try again when the machine is less busy, and see the log for what its console said.',
    detail: log.tail(),
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

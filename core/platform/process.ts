// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { Readable, type Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the process (SIGTERM, then SIGKILL after `killAfterMs`) when aborted. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Written to standard input, which is then closed. Without it standard input is empty. */
  readonly stdin?: string | Uint8Array | Readable;
  /** Standard input and output are this connection, which nobody may have read from; `stdin` and what is told of standard output are not used then. */
  readonly connection?: Socket;
  /** Does not close standard input behind a text or bytes: the program meets its end when we, or the connection to it, are gone. */
  readonly keepStdinOpen?: boolean;
  /** Each complete line, without its line end; a last line without one is delivered at the end. */
  readonly onStdoutLine?: (line: string) => void;
  readonly onStderrLine?: (line: string) => void;
  /** Standard output as it comes. */
  readonly onStdout?: (chunk: Buffer) => void;
  /** Bytes kept of each stream in the result, the first ones; the rest is dropped and `truncated` is set. */
  readonly maxOutputBytes?: number;
}

export interface ProcessResult {
  /** Exit code, or null when a signal ended it or it could not be started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
  readonly timedOut: boolean;
  readonly cancelled: boolean;
  /** Why the program could not be started (`ENOENT`, `EACCES`, …). */
  readonly startError: NodeJS.ErrnoException | null;
}

export interface RunningProcess {
  readonly pid: number | undefined;
  readonly result: Promise<ProcessResult>;
  /** Asks the process to end, and makes it end if it does not. */
  kill(): void;
}

const KILL_AFTER_MS = 3000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const MAX_LINE_CHARS = 1024 * 1024;

/** Cuts a byte stream into lines; a line longer than 1 MiB is delivered in pieces, so input cannot grow memory. */
export class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';

  constructor(private readonly onLine: (line: string) => void) {}

  push(chunk: Buffer): void {
    const lines = (this.rest + this.decoder.write(chunk)).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    while (this.rest.length > MAX_LINE_CHARS) {
      this.onLine(this.rest.slice(0, MAX_LINE_CHARS));
      this.rest = this.rest.slice(MAX_LINE_CHARS);
    }
  }

  end(): void {
    const last = this.rest + this.decoder.end();
    this.rest = '';
    if (last !== '') this.onLine(last);
  }
}

class Capture {
  private readonly chunks: Buffer[] = [];
  private size = 0;
  truncated = false;

  constructor(private readonly limit: number) {}

  push(chunk: Buffer): void {
    const room = this.limit - this.size;
    if (chunk.length > room) this.truncated = true;
    if (room <= 0) return;
    this.chunks.push(chunk.subarray(0, room));
    this.size += Math.min(chunk.length, room);
  }

  text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

/**
 * Starts a program from an argument vector; no shell is involved. The promise never rejects:
 * a program that cannot be started, a time-out and a cancel are fields of the result.
 */
export function start(argv: readonly string[], options: StartOptions = {}): RunningProcess {
  const [program, ...args] = argv;
  if (program === undefined) throw new RangeError('start: empty argument vector');
  const limit = options.maxOutputBytes ?? MAX_OUTPUT_BYTES;
  const out = new Capture(limit);
  const err = new Capture(limit);
  let timedOut = false;
  let cancelled = false;
  let child: ChildProcess | undefined;
  let killTimer: NodeJS.Timeout | undefined;

  const kill = (): void => {
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    killTimer ??= setTimeout(() => child?.kill('SIGKILL'), KILL_AFTER_MS).unref();
  };

  const result = new Promise<ProcessResult>((resolve) => {
    const finish = (exitCode: number | null, signal: NodeJS.Signals | null, startError: NodeJS.ErrnoException | null): void => {
      resolve({ exitCode, signal, stdout: out.text(), stderr: err.text(), truncated: out.truncated || err.truncated, timedOut, cancelled, startError });
    };
    if (options.signal?.aborted) {
      cancelled = true;
      finish(null, null, null);
      return;
    }
    const ends = options.connection ?? 'pipe';
    const running = spawn(program, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: [ends, ends, 'pipe'] });
    child = running;
    let startError: NodeJS.ErrnoException | null = null;
    const onAbort = (): void => {
      cancelled = true;
      kill();
    };
    options.signal?.addEventListener('abort', onAbort, { once: true });
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            kill();
          }, options.timeoutMs);
    const watch = (stream: Readable | null, capture: Capture, onLine: ((line: string) => void) | undefined): void => {
      const splitter = onLine ? new LineSplitter(onLine) : undefined;
      stream?.on('data', (chunk: Buffer) => {
        capture.push(chunk);
        splitter?.push(chunk);
      });
      stream?.on('end', () => splitter?.end());
    };
    if (options.onStdout) running.stdout?.on('data', options.onStdout);
    watch(running.stdout, out, options.onStdoutLine);
    watch(running.stderr, err, options.onStderrLine);
    if (running.stdin !== null) feed(running.stdin, options);
    running.on('error', (error: NodeJS.ErrnoException) => {
      if (running.pid !== undefined) return; // a signal that it may not be sent
      startError = error;
      settle(null, null);
    });
    const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      options.signal?.removeEventListener('abort', onAbort);
      finish(code, signal, startError);
    };
    running.on('close', settle);
  });
  return {
    get pid() {
      return child?.pid;
    },
    result,
    kill,
  };
}

function feed(input: Writable, { stdin = '', keepStdinOpen = false }: StartOptions): void {
  input.on('error', () => undefined); // EPIPE: the program did not read its input; its exit code says the rest
  if (stdin instanceof Readable) stdin.pipe(input);
  else if (keepStdinOpen) input.write(stdin);
  else input.end(stdin);
}

/** Starts a program and waits for its end; see {@link start}. */
export function run(argv: readonly string[], options: StartOptions = {}): Promise<ProcessResult> {
  return start(argv, options).result;
}

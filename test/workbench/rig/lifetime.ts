// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from '../../../core/platform/process';

/** Environment variable that every process of one rig run carries: how its leftovers are found. */
const MARKER = 'KMODLAB_RIG_RUN';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const LEFTOVER_LIMIT_MS = 20_000;

type CleanUp = () => Promise<void> | void;

/**
 * What one run of the rig has started and made. Everything registered with {@link defer} is undone in reverse
 * order by {@link end}, whatever way the run ends: by itself, by an error, by Ctrl-C.
 */
export class Lifetime {
  private readonly controller = new AbortController();
  private readonly cleanUps: CleanUp[] = [];
  private readonly folders: string[] = [];
  /** Inside another run the processes are that one's to end. */
  private readonly outer = process.env[MARKER];
  private readonly marker = this.outer ?? `${process.pid}-${Date.now().toString(36)}`;
  private readonly stop = (): void => this.controller.abort();
  private ended: Promise<readonly string[]> | undefined;

  /** Aborted when the run has to stop. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Variables that children of this run are started with. */
  get env(): Record<string, string> {
    return { [MARKER]: this.marker };
  }

  defer(cleanUp: CleanUp): void {
    this.cleanUps.push(cleanUp);
  }

  /** A new folder, removed when everything that may still write to it has ended. Its path is short: sockets live in it. */
  temporaryFolder(prefix: string): string {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), `${prefix}-`));
    this.folders.push(dir);
    return dir;
  }

  /** Stops the run when the process is asked to end. Asking again (npm hands the terminal's signal on) does not cut the end short. */
  stopOnSignals(): this {
    for (const name of SIGNALS) process.on(name, this.stop);
    return this;
  }

  /** Resolves when the run has to stop. */
  stopped(): Promise<void> {
    if (this.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  /**
   * Undoes everything, then waits for the processes of this run that live on their own: a guest and its keeper
   * end by themselves when their window is gone.
   * @returns the command lines of processes that had to be killed: none in a healthy run
   */
  end(): Promise<readonly string[]> {
    this.ended ??= this.undo();
    return this.ended;
  }

  private async undo(): Promise<readonly string[]> {
    this.controller.abort();
    for (const cleanUp of this.cleanUps.splice(0).reverse()) await cleanUp();
    const killed = this.outer === undefined ? await endLeftovers(this.marker) : [];
    for (const dir of this.folders.splice(0)) fs.rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    for (const name of SIGNALS) process.off(name, this.stop);
    return killed;
  }
}

function readProc(pid: number, file: string): string {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it has ended, or belongs to somebody else
  }
}

/** Processes whose environment carries the marker. */
function marked(marker: string): { pid: number; command: string }[] {
  return fs
    .readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid && readProc(pid, 'environ').split('\0').includes(`${MARKER}=${marker}`))
    .map((pid) => ({ pid, command: readProc(pid, 'cmdline').split('\0').join(' ').trim() }));
}

async function endLeftovers(marker: string): Promise<string[]> {
  const killed: string[] = [];
  const deadline = Date.now() + LEFTOVER_LIMIT_MS;
  for (const { pid, command } of marked(marker)) {
    const ended = await run(['tail', `--pid=${pid}`, '-f', '/dev/null'], { timeoutMs: Math.max(deadline - Date.now(), 1) });
    if (!ended.timedOut) continue;
    killed.push(command);
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended in this very moment
    }
  }
  return killed;
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { putFailed } from '../hosts/files';
import type { Host } from '../hosts/host';
import type { ProcessResult, RunningProcess } from '../platform/process';
import { EXIT_NOT_COPIED, INSERT } from './host-scripts';

export interface InsertionOptions {
  readonly host: Host;
  /** Of {@link INSERT} in their order: the first eleven. */
  readonly about: readonly string[];
  /** Where the .ko will be on the host, in a folder that goes when insmod has ended. */
  readonly ko: string;
  readonly parameters: readonly string[];
  readonly signal?: AbortSignal;
}

const GIVE_UP_LIMIT_MS = 3_000;
/** {@link INSERT} prints it when the .ko has arrived. */
const ARRIVED = '@ insmod';

/**
 * One insmod, made ready on the host beforehand: its shell waits there for the .ko, so that a load needs no further round trip
 * once the module is built. Order of use: {@link aboutToInsert}, {@link insert}; or {@link giveUp}.
 */
export class Insertion {
  /** Resolves when the .ko is on the host and insmod begins. */
  readonly begun: Promise<void>;
  private readonly stdin = new PassThrough();
  private readonly process: RunningProcess;

  constructor(private readonly options: InsertionOptions) {
    const { host, about, ko, parameters, signal } = options;
    let begin: () => void = () => undefined;
    this.begun = new Promise((resolve) => (begin = resolve));
    this.process = host.start(['sh', '-c', INSERT, 'kmodlab-insert', ...about, ko, ...parameters], {
      stdin: this.stdin,
      onStdoutLine: (line) => line === ARRIVED && begin(),
      asRoot: true,
      ...(signal ? { signal } : {}),
    });
    this.process.result.catch(() => undefined); // told by insert
  }

  /** What was loaded before it is there: from now on new devices are the module's. */
  aboutToInsert(): void {
    this.stdin.write('\n');
  }

  /**
   * Copies the .ko and inserts it. @param trace file on the host that is marked besides the log, or nothing
   * @throws Failure `host-disk-full`, `host-put-failed`, `host-lost`, `sudo-refused`
   */
  async insert(localKo: string, trace: string): Promise<ProcessResult> {
    const ko = await fs.readFile(localKo);
    this.stdin.write(`${ko.length} ${trace}\n`);
    this.stdin.end(ko);
    const result = await this.process.result;
    if (result.exitCode === EXIT_NOT_COPIED) throw putFailed(this.options.host, path.basename(this.options.ko), this.options.ko, result);
    return result;
  }

  /** Ends what waits on the host; nothing was inserted. Never rejects. */
  async giveUp(): Promise<void> {
    this.stdin.end();
    const limit = setTimeout(() => this.process.kill(), GIVE_UP_LIMIT_MS);
    await this.process.result.catch(() => undefined);
    clearTimeout(limit);
  }
}

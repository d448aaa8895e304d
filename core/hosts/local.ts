// SPDX-License-Identifier: MIT
import { start, type ProcessResult, type RunningProcess } from '../platform/process';
import { FACTS_SCRIPT, readFacts } from './facts';
import { getFile, putFile } from './files';
import type { BuildEnvironment, Host, HostFacts, HostRunOptions } from './host';

/** This machine. Whether modules may be loaded on it is decided in core/modules. */
export class LocalHost implements Host {
  readonly id = 'local';
  readonly name = 'This machine';
  readonly kind = 'local';

  async facts(signal?: AbortSignal): Promise<HostFacts> {
    return readFacts(await this.script(FACTS_SCRIPT, [], signal ? { signal } : {}), this.name, this.kind);
  }

  run(argv: readonly string[], options?: HostRunOptions): Promise<ProcessResult> {
    return this.start(argv, options).result;
  }

  start(argv: readonly string[], options?: HostRunOptions): RunningProcess {
    return start(argv, options);
  }

  script(script: string, args: readonly string[], options?: Omit<HostRunOptions, 'stdin'>): Promise<ProcessResult> {
    return this.run(['sh', '-s', '--', ...args], { ...options, stdin: script });
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

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

// SPDX-License-Identifier: MIT
import { findBuildEnvironment, type HeaderPackages } from '../build/environment';
import type { WorkOptions } from '../packages/work';
import { start, type ProcessResult, type RunningProcess } from '../platform/process';
import { Command, type Elevation } from './command';
import { FACTS_SCRIPT, readFacts } from './facts';
import { getFile, putFile } from './files';
import type { BuildEnvironment, Host, HostFacts, HostRunOptions } from './host';
import { Sudo, type AskSecret } from './sudo';

/** This machine. Whether modules may be loaded on it is decided in core/modules. */
export class LocalHost implements Host {
  readonly id = 'local';
  readonly name = 'This machine';
  readonly kind = 'local';
  private readonly sudo: Sudo;
  private knownFacts: Promise<HostFacts> | null = null;

  /** @param packages where headers are fetched from that this machine lacks */
  constructor(
    askSecret?: AskSecret,
    private readonly packages: HeaderPackages | null = null,
  ) {
    this.sudo = new Sudo(this.name, askSecret);
  }

  facts(signal?: AbortSignal): Promise<HostFacts> {
    this.knownFacts ??= this.script(FACTS_SCRIPT, [], signal ? { signal } : {}).then((result) => readFacts(result, this.name, this.kind));
    this.knownFacts.catch(() => (this.knownFacts = null));
    return this.knownFacts;
  }

  run(argv: readonly string[], options?: HostRunOptions): Promise<ProcessResult> {
    return this.start(argv, options).result;
  }

  start(argv: readonly string[], options: HostRunOptions = {}): RunningProcess {
    const { asRoot = false, ...rest } = options;
    if (!asRoot) return start(argv, rest);
    const command = new Command();
    return {
      get pid() {
        return command.pid;
      },
      result: this.startAsRoot(argv, rest, command),
      kill: () => command.stop('kill'),
    };
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

  buildEnvironment(work?: WorkOptions): Promise<BuildEnvironment> {
    return findBuildEnvironment(this, this.packages, work);
  }

  dispose(): Promise<void> {
    this.sudo.forget();
    return Promise.resolve();
  }

  private startAsRoot(argv: readonly string[], options: HostRunOptions, command: Command): Promise<ProcessResult> {
    const { signal, timeoutMs, ...rest } = options;
    const prepare = async (): Promise<Elevation | null> => this.sudo.elevation(await this.facts(), (elevation) => new Command().run(start, [':'], {}, elevation));
    return command.within({ ...(signal ? { signal } : {}), ...(timeoutMs === undefined ? {} : { timeoutMs }) }, prepare, async (elevation) => {
      const { result, began, said } = await command.run(start, argv, rest, elevation);
      if (elevation === null || began || command.wasStopped()) return result;
      const { user } = await this.facts();
      this.knownFacts = null;
      throw this.sudo.lapsed(user, said);
    });
  }
}

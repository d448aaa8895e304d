// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import { Readable } from 'node:stream';
import { connectWithoutDelay } from '../platform/loopback';
import { findBuildEnvironment, type HeaderPackages } from '../build/environment';
import { Failure, type HostKind } from '../model';
import type { WorkOptions } from '../packages/work';
import { run, start, type ProcessResult, type RunningProcess, type StartOptions } from '../platform/process';
import { Command, type CommandEnd, type Elevation } from './command';
import { FACTS_SCRIPT, readFacts } from './facts';
import { getFile, putFile } from './files';
import type { BuildEnvironment, Host, HostFacts, HostRunOptions } from './host';
import { shCommand } from '../platform/sh-quote';
import { connectFailure, connectionLost, connectTimeout, fingerprintIn, isExplained, sshMissing } from './ssh-failure';
import { sharing, type SshTarget } from './ssh-options';
import { Sudo, type AskSecret } from './sudo';

export interface SshHostOptions {
  readonly id: string;
  readonly name: string;
  readonly kind: Extract<HostKind, 'ssh' | 'guest'>;
  readonly target: SshTarget;
  /** The ssh program and its leading arguments; `env` is added to ours. */
  readonly ssh: { readonly argv: readonly string[]; readonly env: Readonly<Record<string, string>> };
  /** Socket of the shared connection, short and in a folder of mode 0700; null where ssh cannot share (Windows). */
  readonly controlPath: string | null;
  /** Asked for the password of sudo; without it, commands that need one are refused. */
  readonly askSecret?: AskSecret;
  /** Where headers are fetched from that the host lacks. */
  readonly packages?: HeaderPackages;
}

const PERSIST_SECONDS = 600;
const FACTS_LIMIT_MS = 30_000;
const CONNECT_LIMIT_MS = 45_000;

/** A Linux machine reached by the system's OpenSSH client. */
export class SshHost implements Host {
  readonly id: string;
  readonly name: string;
  readonly kind: Extract<HostKind, 'ssh' | 'guest'>;
  private connecting: Promise<void> | null = null;
  private knownFacts: Promise<HostFacts> | null = null;
  private wasConnected = false;

  private readonly sudo: Sudo;

  constructor(private readonly options: SshHostOptions) {
    ({ id: this.id, name: this.name, kind: this.kind } = options);
    this.sudo = new Sudo(options.name, options.askSecret);
  }

  facts(signal?: AbortSignal): Promise<HostFacts> {
    if (this.wasConnected && !this.isConnected()) this.knownFacts = null; // it may come back as another boot
    this.knownFacts ??= this.script(FACTS_SCRIPT, [], { timeoutMs: FACTS_LIMIT_MS, ...(signal ? { signal } : {}) }).then((result) => {
      if (result.cancelled) throw Failure.cancelled(`${this.name} was not asked what it is.`);
      if (result.timedOut) throw connectTimeout(this.name, FACTS_LIMIT_MS);
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
    const command = new Command();
    return {
      get pid() {
        return command.pid;
      },
      result: this.execute(argv, options, command),
      kill: () => command.stop('kill'),
    };
  }

  put(localPath: string, remotePath: string, signal?: AbortSignal): Promise<void> {
    return putFile(this, localPath, remotePath, signal);
  }

  get(remotePath: string, options?: { maxBytes?: number; signal?: AbortSignal }): Promise<Buffer> {
    return getFile(this, remotePath, options);
  }

  buildEnvironment(work?: WorkOptions): Promise<BuildEnvironment> {
    return findBuildEnvironment(this, this.options.packages ?? null, work);
  }

  /** Closes the shared connection; commands under way end. */
  async dispose(): Promise<void> {
    this.sudo.forget();
    if (this.options.controlPath !== null && fs.existsSync(this.options.controlPath)) await this.ssh(['-O', 'exit'], []);
  }

  private execute(argv: readonly string[], options: HostRunOptions, command: Command): Promise<ProcessResult> {
    const { signal, timeoutMs, asRoot = false, ...rest } = options;
    const prepare = (): Promise<Elevation | null> => (asRoot ? this.elevation() : Promise.resolve(null));
    return command.within({ ...(signal ? { signal } : {}), ...(timeoutMs === undefined ? {} : { timeoutMs }) }, prepare, async (elevation) => {
      await Promise.race([this.connect(), command.stopped]);
      return command.wasStopped() ? command.neverRun() : this.runConnected(argv, rest, command, elevation);
    });
  }

  private async runConnected(argv: readonly string[], options: HostRunOptions, command: Command, elevation: Elevation | null): Promise<ProcessResult> {
    for (let triesLeft = 1; ; triesLeft--) {
      const end = await command.run(this.launch, argv, options, elevation);
      const { result, began, said } = end;
      if (result.startError !== null) throw sshMissing(this.options.ssh.argv[0] ?? 'ssh', result.startError);
      if (command.wasStopped()) return result;
      const mayTryAgain = triesLeft > 0 && !(options.stdin instanceof Readable);
      if (result.exitCode === 255 && !began && mayTryAgain && !isExplained(said)) continue;
      if (result.exitCode === 255) await this.explain255(end);
      if (elevation !== null && !began) throw await this.lapsed(said);
      return result;
    }
  }

  private readonly launch = (argv: readonly string[], options: StartOptions): RunningProcess => start(this.argv([], [shCommand(argv)]), { ...options, env: this.env() });

  private async elevation(): Promise<Elevation | null> {
    if (this.kind === 'guest') return null;
    return this.sudo.elevation(await this.facts(), async (elevation) => {
      await this.connect();
      const end = await new Command().run(this.launch, [':'], {}, elevation);
      if (end.result.exitCode === 255) await this.explain255(end);
      return end;
    });
  }

  private async lapsed(said: string): Promise<Failure> {
    const { user } = await this.facts();
    this.knownFacts = null;
    return this.sudo.lapsed(user, said);
  }

  /** ssh ends with 255 when it fails, but a command may do so as well. */
  private async explain255({ began, said, result }: CommandEnd): Promise<void> {
    if (!began) throw await this.cannotConnect(said);
    const { stderr } = result;
    const alive = this.options.controlPath === null ? !/^(client_loop|Connection to|Timeout, server)/m.test(stderr) : (await this.ssh(['-O', 'check'], [])).exitCode === 0;
    if (alive) return;
    this.knownFacts = null;
    throw connectionLost(this.name, stderr);
  }

  /** Opens the shared connection unless it is open; concurrent callers wait for one attempt. */
  private async connect(): Promise<void> {
    if (this.isConnected()) return;
    this.connecting ??= this.openConnection().finally(() => (this.connecting = null));
    await this.connecting;
  }

  /** Whether commands can be given to ssh at once. */
  private isConnected(): boolean {
    return this.options.controlPath === null || fs.existsSync(this.options.controlPath);
  }

  private async openConnection(): Promise<void> {
    if (this.wasConnected) this.knownFacts = null;
    const result = await this.openMaster();
    if (result.startError !== null) throw sshMissing(this.options.ssh.argv[0] ?? 'ssh', result.startError);
    if (result.timedOut) throw connectTimeout(this.name, CONNECT_LIMIT_MS);
    if (result.exitCode === 255 || result.exitCode === null) throw await this.cannotConnect(result.stderr);
    this.wasConnected = true;
  }

  /**
   * Over a socket that waits for nothing where the port is one of ours: ssh sets TCP_NODELAY only when its session begins, and loses 40 ms
   * to a delayed acknowledgement twice before. ssh takes its standard input and output for the connection where ProxyCommand is `-`.
   */
  private async openMaster(): Promise<ProcessResult> {
    const { loopbackPort } = this.options.target;
    const connection = loopbackPort === undefined ? null : await connectWithoutDelay(loopbackPort);
    if (connection === null) return this.ssh([], ['true']);
    try {
      return await run(this.argv(['-N', '-f', '-o', 'ProxyCommand=-'], []), { env: this.env(), timeoutMs: CONNECT_LIMIT_MS, connection });
    } finally {
      connection.destroy();
    }
  }

  private async cannotConnect(stderr: string): Promise<Failure> {
    const failure = connectFailure(this.name, this.options.target.destination, stderr, null);
    if (failure.code !== 'host-key-unknown') return failure;
    const verbose = await this.ssh(['-o', 'LogLevel=DEBUG1'], ['true']);
    return connectFailure(this.name, this.options.target.destination, stderr, fingerprintIn(verbose.stderr));
  }

  private ssh(options: readonly string[], command: readonly string[]): Promise<ProcessResult> {
    return run(this.argv(options, command), { env: this.env(), timeoutMs: CONNECT_LIMIT_MS });
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

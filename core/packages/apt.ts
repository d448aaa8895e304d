// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Failure } from '../model/failure';
import { ensurePrivateDir } from '../platform/dirs';
import { start, type ProcessResult, type StartOptions } from '../platform/process';
import { writeWhole } from '../platform/whole-file';
import { diskFull, fileFailure, packageFailure, wasCancelled } from './apt-failures';
import { withFileLock } from '../platform/file-lock';
import { cancelOf, progressOf, type WorkOptions } from './work';

const LISTS_MAX_AGE_MS = 24 * 3600 * 1000;
/** After a failed update with older lists at hand, the next try. */
const RETRY_AFTER_MS = 3600 * 1000;

/**
 * Read after the machine's own settings, which stay in force (proxies, credentials, time-outs). What is cleared would
 * run commands of the system's set-up or would mix in what is installed.
 */
const aptConfig = `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
#clear APT::Architectures;
#clear APT::Default-Release;
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Install-Recommends "false";
APT::Install-Suggests "false";
APT::Sandbox::User "root";
APT::Get::List-Cleanup "true";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::GzipIndexes "true";
Acquire::Retries "2";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
`;

/** While apt works, free space is looked at this often; below the limit it is stopped. */
const SPACE_WATCH_MS = 1000;
const SPACE_LEFT_BYTES = 1_000_000;

/** What an {@link AptRoot} reads the package lists of. */
export interface AptSource {
  /** For people, e.g. `Debian bookworm`. */
  readonly title: string;
  /** Names its packages in the cache; a plain file name. */
  readonly label: string;
  /** Those that the archive does not offer are skipped. */
  readonly suites: readonly string[];
  /** Without this suite the lists count as unread; null: one of them is enough. */
  readonly mainSuite: string | null;
  /** Settings of apt.conf(5) besides ours, as `Name=value`. */
  readonly settings?: readonly string[];
  /** Lines of sources.list(5). `dir`: the folder of the apt root. @throws Failure */
  entries(dir: string, work: WorkOptions): Promise<readonly string[]>;
}

interface Stamp {
  readonly updatedAt: number;
}

/**
 * A private apt root for one source: its own lists, state, cache and an empty dpkg status, so that nothing of the system is
 * read or changed but the settings of its apt.
 */
export class AptRoot {
  constructor(
    readonly source: AptSource,
    private readonly dir: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly log: (line: string) => void,
  ) {}

  /**
   * Reads the package lists unless they are younger than a day.
   * @throws Failure `packages-unreachable`, `suite-not-offered`, `archive-keys-too-old`, `unsupported-system`, …
   */
  async ensureLists(work: WorkOptions, options: { force?: boolean } = {}): Promise<void> {
    if (options.force !== true && this.isFresh()) return;
    await this.locked(work, async () => {
      if (options.force !== true && this.isFresh()) return;
      await this.update(work);
    });
  }

  /** A value computed from the package lists, kept until they are read again. `key` names the question and, by its number, the way of the answer. */
  async memo<T>(key: string, work: WorkOptions, compute: () => Promise<T>): Promise<T> {
    await this.ensureLists(work);
    const file = path.join(this.dir, 'memo', `${createHash('sha256').update(key).digest('hex').slice(0, 24)}.json`);
    const known = readJson(file) as { value: T } | null;
    if (known) return known.value;
    return this.locked(work, async () => {
      const value = await compute();
      fs.mkdirSync(path.dirname(file), { recursive: true });
      writeWhole(file, JSON.stringify({ value }));
      return value;
    });
  }

  /**
   * Runs `apt-get` or `apt-cache` against this root.
   * @throws Failure `disk-full`: apt itself waits for ever when it cannot write (seen with apt 2.6)
   */
  async run(program: 'apt-get' | 'apt-cache', args: readonly string[], options: StartOptions = {}): Promise<ProcessResult> {
    const at = (name: string): string => path.join(this.dir, name);
    const settings = [
      `Dir::State=${at('state')}/`,
      'Dir::State::lists=lists/',
      `Dir::State::status=${at('status')}`,
      `Dir::Cache=${at('cache')}/`,
      'Dir::Cache::archives=archives/',
      `Dir::Etc::sourcelist=${at('sources.list')}`,
      'Dir::Etc::sourceparts=/dev/null',
      'Dir::Etc::preferences=/dev/null',
      'Dir::Etc::preferencesparts=/dev/null',
      'Dir::Etc::trusted=/dev/null',
      'Dir::Etc::trustedparts=/dev/null',
      ...(this.source.settings ?? []),
    ];
    const running = start([program, '-c', at('apt.conf'), ...settings.flatMap((setting) => ['-o', setting]), ...args], {
      ...options,
      env: { ...this.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
    });
    const disk = { full: false };
    const watch = setInterval(() => {
      disk.full ||= freeBytes(this.dir) < SPACE_LEFT_BYTES;
      if (disk.full) running.kill();
    }, SPACE_WATCH_MS);
    const result = await running.result.finally(() => clearInterval(watch));
    if (disk.full && result.exitCode !== 0) throw diskFull('Packages cannot be fetched.', result.stderr);
    return result;
  }

  private isFresh(): boolean {
    const stamp = readJson(path.join(this.dir, 'updated.json')) as Stamp | null;
    if (!stamp || !Number.isFinite(stamp.updatedAt)) return false;
    const age = Date.now() - stamp.updatedAt;
    return age >= 0 && age < LISTS_MAX_AGE_MS;
  }

  private async update(work: WorkOptions): Promise<void> {
    const what = `The package lists of ${this.source.title} cannot be read.`;
    this.lay();
    const entries = await this.source.entries(this.dir, work);
    // A mirror's address may hold a password.
    fs.writeFileSync(path.join(this.dir, 'sources.list'), entries.map((line) => `${line}\n`).join(''), { mode: 0o600 });
    progressOf(work).step(`Reading the package lists of ${this.source.title}`);
    const result = await this.run('apt-get', ['update', '-q'], {
      ...cancelOf(work),
      onStdoutLine: (line) => this.log(`apt: ${line}`),
      onStderrLine: (line) => this.log(`apt: ${line}`),
    });
    if (wasCancelled(result, work.signal)) throw Failure.cancelled(what);
    fs.rmSync(path.join(this.dir, 'memo'), { recursive: true, force: true });
    const available = await this.suitesWithLists(work);
    const { suites, mainSuite, title } = this.source;
    for (const suite of suites) if (!available.has(suite)) this.log(`packages: suite ${suite} is not offered, skipped`);
    if (mainSuite === null ? available.size === 0 : !available.has(mainSuite)) throw this.updateFailure(what, result, work);
    const failed = /^[EW]: Failed to fetch/m.test(result.stderr);
    if (failed) this.log(`packages: the lists of ${title} could not be renewed, the older ones are used`);
    const stamp: Stamp = { updatedAt: Date.now() - (failed ? LISTS_MAX_AGE_MS - RETRY_AFTER_MS : 0) };
    writeWhole(path.join(this.dir, 'updated.json'), JSON.stringify(stamp));
  }

  private updateFailure(what: string, result: ProcessResult, work: WorkOptions): Failure {
    const { mainSuite } = this.source;
    if (!result.stderr.includes(`${mainSuite === null ? '' : ` ${mainSuite}`} Release' does not have a Release file`)) return packageFailure(what, result, work.signal);
    return new Failure({
      code: 'suite-not-offered',
      what,
      why: 'The mirror of this machine does not carry that release.',
      next: 'Choose a kernel of another release, or add a mirror that carries it to the apt sources.',
      detail: result.stderr,
    });
  }

  /** Folders and files that apt expects; the empty status file says that nothing is installed. */
  private lay(): void {
    for (const folder of ['state/lists/partial', 'cache/archives/partial']) fs.mkdirSync(path.join(this.dir, folder), { recursive: true });
    fs.writeFileSync(path.join(this.dir, 'status'), '');
    fs.writeFileSync(path.join(this.dir, 'apt.conf'), aptConfig);
  }

  private async suitesWithLists(work: WorkOptions): Promise<Set<string>> {
    const result = await this.run('apt-get', ['indextargets', '--format', '$(RELEASE)', 'Created-By: Packages'], cancelOf(work));
    return new Set(result.stdout.split('\n').filter((line) => line !== ''));
  }

  private async locked<T>(work: WorkOptions, inside: () => Promise<T>): Promise<T> {
    const waiting = (): void => progressOf(work).step('Waiting for another Kernel Module Lab process to read package lists');
    try {
      ensurePrivateDir(this.dir);
      return await withFileLock(path.join(this.dir, 'lock'), work.signal, waiting, inside);
    } catch (error) {
      throw fileFailure(`The package lists of ${this.source.title} cannot be kept.`, error);
    }
  }
}

function freeBytes(dir: string): number {
  try {
    const { bavail, bsize } = fs.statfsSync(dir);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY; // the folder was deleted meanwhile: apt says so itself
  }
}

/** A JSON file of ours, or null when there is none or it was cut. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

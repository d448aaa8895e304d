// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { BuildEnvironment, Host, HostFacts, HostRunOptions } from '../../core/hosts/host';
import { Failure, type HostKind } from '../../core/model';
import type { Dirs } from '../../core/platform/dirs';
import { LineSplitter, start, type ProcessResult, type RunningProcess } from '../../core/platform/process';

export const FAKE_RELEASE = '9.9.9-fake';

const TOOL = (body: string): string => `#!/bin/sh\nset -u\nroot=\${0%/bin/*}\nkernel() { printf 'KERNEL%s\\n' "$1" >"$root/dev/kmsg"; }\n${body}\n`;

/** Without `-f`, a reader that was overrun; the next one starts from the oldest record again, as /dev/kmsg does. */
const DD = TOOL('[ -e "$root/overrun" ] && rm "$root/overrun" && cat "$root/ring" && exit 1\nexec tail -n +1 -f "$root/ring"');
const INSMOD = TOOL('printf "%s\\n" "$@" >"$root/insmod.args"\necho /proc/$$/fd/* >"$root/insmod.fds"\nname=$(basename "$1" .ko)\n. "$root/on-insmod"\necho "$name 16384 0 - Live 0x0" >>"$root/proc/modules"');
const RMMOD = TOOL('name=$1\n. "$root/on-rmmod"\ngrep -v "^$name " "$root/proc/modules" >"$root/left"\ncat "$root/left" >"$root/proc/modules"');
/** A node that can be written to and is a character device, as any user may make one. */
const MKNOD = TOOL('printf "%s\\n" "$*" >>"$root/mknod.args"\nln -s /dev/null "$3"');

/**
 * A kernel that is no kernel: a folder with `dev`, `proc` and executables on PATH that stand for insmod, rmmod, mknod
 * and a reader of /dev/kmsg. Scripts run for real by `sh`; paths below /dev, /proc, /sys and /tmp are led into the folder.
 */
export class FakeKernel {
  readonly root = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-fake-'));
  readonly dirs: Dirs = { cache: path.join(this.root, 'cache'), state: path.join(this.root, 'state'), runtime: path.join(this.root, 'run') };
  private readonly log: net.Socket;
  private seq = 100;

  constructor() {
    for (const folder of ['bin', 'dev', 'proc', 'tmp']) fs.mkdirSync(path.join(this.root, folder));
    for (const [name, text] of Object.entries({ dd: DD, insmod: INSMOD, rmmod: RMMOD, mknod: MKNOD })) {
      fs.writeFileSync(path.join(this.root, 'bin', name), text, { mode: 0o755 });
    }
    this.write('ring', '');
    this.write('proc/modules', 'other 4096 0 - Live 0x0\n');
    this.write('proc/devices', 'Character devices:\n  1 mem\n  4 tty\n\nBlock devices:\n  8 sd\n');
    this.write('proc/misc', ' 63 loop-control\n');
    this.onInsmod(':');
    this.onRmmod(':');
    execFileSync('mkfifo', [path.join(this.root, 'dev', 'kmsg')]);
    this.log = new net.Socket({ fd: fs.openSync(path.join(this.root, 'dev', 'kmsg'), fs.constants.O_RDWR | fs.constants.O_NONBLOCK), readable: true, writable: false });
    const lines = new LineSplitter((line) => this.accept(line));
    this.log.on('data', (chunk: Buffer) => lines.push(chunk));
  }

  /** Shell commands that insmod runs; `kernel '<6>text'` logs as the kernel does, `exit N` refuses. */
  onInsmod(commands: string): void {
    this.write('on-insmod', commands);
  }

  onRmmod(commands: string): void {
    this.write('on-rmmod', commands);
  }

  /** The kernel logs a line by itself, e.g. `<6>text`. */
  print(line: string): void {
    const [, level = '6', text = ''] = /^<(\d)>(.*)$/.exec(line) ?? [];
    fs.appendFileSync(path.join(this.root, 'ring'), `${level},${++this.seq},${this.seq * 1000},-;${text}\n`);
  }

  /** Numbers that are never to be read. */
  loseRecords(count: number): void {
    this.seq += count;
  }

  /** The next reader of the log is cut off once. */
  overrun(): void {
    this.write('overrun', '');
  }

  read(file: string): string {
    return fs.readFileSync(path.join(this.root, file), 'utf8');
  }

  exists(file: string): boolean {
    return fs.existsSync(path.join(this.root, file));
  }

  list(folder: string): string[] {
    return fs.readdirSync(path.join(this.root, folder));
  }

  write(file: string, text: string): void {
    fs.writeFileSync(path.join(this.root, file), text);
  }

  dispose(): void {
    this.log.destroy();
    fs.rmSync(this.root, { recursive: true, force: true });
  }

  private accept(line: string): void {
    if (line.startsWith('KERNEL')) this.print(line.slice('KERNEL'.length));
    else fs.appendFileSync(path.join(this.root, 'ring'), `${8 + Number(/^<(\d)>/.exec(line)?.[1] ?? 4)},${++this.seq},${this.seq * 1000},-;${line.replace(/^<\d>/, '')}\n`);
  }
}

/** {@link FakeKernel} as a host. */
export class FakeHost implements Host {
  readonly id: string;
  readonly name = 'Fake';
  bootId = 'boot-1';
  rights: HostFacts['rights'] = 'root';
  private lostBecause: Failure | null = null;
  private readonly running = new Set<RunningProcess>();
  private announceLost: (failure: Failure) => void = () => undefined;
  private readonly lost = new Promise<Failure>((resolve) => (this.announceLost = resolve));

  constructor(
    readonly kernel: FakeKernel,
    readonly kind: HostKind = 'guest',
  ) {
    this.id = `fake:${kernel.root}`;
  }

  /** The host is gone from now on. `console` is the last that it said. */
  lose(console: string): void {
    this.lostBecause = new Failure({ code: 'host-lost', what: 'Fake was lost.', why: 'Its virtual machine ended.', next: 'Load again.', detail: console });
    this.announceLost(this.lostBecause);
    for (const process of this.running) process.kill();
  }

  facts(): Promise<HostFacts> {
    const { name, kind, bootId, rights } = this;
    const kernel = { kptrRestrict: 0, dmesgRestrict: false, lockdown: 'none', sigEnforce: false, modulesDisabled: false, nomodule: false, tracefs: true } as const;
    return Promise.resolve({ name, kind, kernel: FAKE_RELEASE, arch: 'x86_64', bootId, uid: 0, user: 'root', rights, sudoSaid: null, tainted: 0, kernelBuildDir: null, compiler: null, ...kernel });
  }

  start(argv: readonly string[], options: HostRunOptions = {}): RunningProcess {
    const { root } = this.kernel;
    const env = { ...process.env, PATH: `${path.join(root, 'bin')}:${process.env['PATH'] ?? ''}` };
    const running = start(argv.map((argument) => this.inside(argument)), { ...options, env, cwd: root });
    this.running.add(running);
    const lost = this.lost.then((failure) => Promise.reject(failure));
    const result = Promise.race([running.result, lost]).finally(() => this.running.delete(running));
    if (this.lostBecause) running.kill();
    return { pid: running.pid, result, kill: () => running.kill() };
  }

  run(argv: readonly string[], options?: HostRunOptions): Promise<ProcessResult> {
    return this.start(argv, options).result;
  }

  script(script: string, args: readonly string[], options: Omit<HostRunOptions, 'stdin'> = {}): Promise<ProcessResult> {
    return this.run(['sh', '-s', '--', ...args], { ...options, stdin: script });
  }

  put(localPath: string, remotePath: string): Promise<void> {
    fs.copyFileSync(localPath, this.inside(remotePath));
    return Promise.resolve();
  }

  get(remotePath: string): Promise<Buffer> {
    return Promise.resolve(fs.readFileSync(this.inside(remotePath)));
  }

  buildEnvironment(): Promise<BuildEnvironment> {
    return Promise.resolve({
      kernel: FAKE_RELEASE,
      kernelDir: path.resolve('test/fixtures/kernel'),
      makeArgs: [`RELEASE=${FAKE_RELEASE}`],
      compiler: 'gcc',
      wrap: (argv) => ({ argv: [...argv], env: process.env }),
    });
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  private inside(argument: string): string {
    if (argument.startsWith(this.kernel.root)) return argument;
    return /^\/(?:dev|proc|sys|tmp)(?:\/|$)/.test(argument) ? path.join(this.kernel.root, argument) : argument;
  }
}

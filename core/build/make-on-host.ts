// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Host } from '../hosts/host';
import { Failure } from '../model';
import type { ProcessResult } from '../platform/process';
import { BUILD_SCRIPT, EXIT_NO_FOLDER, EXIT_NO_MAKE, EXIT_NO_SOURCES } from './host-script';
import { SYMVERS_FOLDER, type Made, type MakeJob } from './make';
import { writeFailure } from './mirror';
import { tarOf } from './tar';

const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Takes the lines of {@link BUILD_SCRIPT} apart: what make prints, and the files that follow it. */
class ScriptOutput {
  folder: string | null = null;
  private readonly files = new Map<string, { chunks: Buffer[]; bytes: number }>();
  private file: { chunks: Buffer[]; bytes: number } | null = null;
  private isComplete = false;

  constructor(
    private readonly mark: string,
    private readonly job: MakeJob,
  ) {}

  push(line: string): void {
    if (line.startsWith(`${this.mark} `)) this.command(line.slice(this.mark.length + 1));
    else if (!this.file) this.job.onLine(line);
    else if (this.file.bytes <= MAX_FILE_BYTES) {
      const chunk = Buffer.from(line, 'base64');
      this.file.chunks.push(chunk);
      this.file.bytes += chunk.length;
    }
  }

  /** A file that came back whole; null when it did not. */
  content(name: string): Buffer | null {
    const file = this.files.get(name);
    return this.isComplete && file && file.bytes <= MAX_FILE_BYTES ? Buffer.concat(file.chunks) : null;
  }

  private command(text: string): void {
    const [word, ...rest] = text.split(' ');
    if (word === 'folder') {
      this.folder = rest.join(' ');
      this.job.onFolder(this.folder);
    } else if (word === 'file') this.files.set(rest.join(' '), (this.file = { chunks: [], bytes: 0 }));
    else this.isComplete = word === 'end';
  }
}

/** How debug information names the folder of a module's sources that was built on a host. */
export function sourceRootOnHost(name: string): string {
  return `/kmodlab/${name}`;
}

/**
 * Runs make on a host that has its kernel's headers and a compiler. The sources travel there and the .ko comes back through
 * one command; nothing stays there.
 * @throws Failure `cancelled`, `host-lost`, `make-missing`, `host-disk-full`, `host-not-writable`, `disk-full`, `build-folder-unwritable`
 */
export async function makeOnHost(job: MakeJob, host: Host): Promise<Made> {
  const { environment, signal } = job;
  const mark = `kmodlab-${randomBytes(12).toString('hex')}`;
  const output = new ScriptOutput(mark, job);
  const sourceRoot = sourceRootOnHost(job.name);
  const archive = tarOf(new Map([...job.files, ...job.symvers.map((content, at) => [`${SYMVERS_FOLDER}/${at}`, content] as const)]));
  const argv = ['sh', '-c', BUILD_SCRIPT, 'sh', mark, job.place, environment.kernelDir, job.name, sourceRoot, String(job.symvers.length), String(archive.length), ...environment.makeArgs];
  const result = await host.run(argv, { stdin: archive, keepStdinOpen: true, onStdoutLine: (line) => output.push(line), maxOutputBytes: 64 * 1024, ...(signal ? { signal } : {}) });
  check(result, host, output);
  const kept = (name: string): string | null => keep(path.join(job.folder, name), output.content(name));
  const make = ['make', '-C', environment.kernelDir, `M=${output.folder ?? ''}`, ...environment.makeArgs, 'modules'];
  return { argv: make, exitCode: result.exitCode, buildDir: job.folder, koPath: kept(`${job.name}.ko`), symversPath: kept('Module.symvers'), sourceRoot };
}

function keep(file: string, content: Buffer | null): string | null {
  if (!content) return null;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    fs.writeFileSync(file, content);
  } catch (error) {
    throw writeFailure(error);
  }
  return file;
}

function check(result: ProcessResult, host: Host, output: ScriptOutput): void {
  if (result.cancelled) throw Failure.cancelled('The build was stopped.');
  if (output.folder !== null) return;
  const what = `The module was not built on ${host.name}.`;
  if (result.exitCode === EXIT_NO_MAKE) throw new Failure({ code: 'make-missing', what, why: 'The program make is not installed there.', next: 'Install make on that host, then build again.' });
  const full = /No space left on device|Disk quota exceeded/i.test(result.stderr);
  const why = full ? 'Its disk is full.' : result.exitCode === EXIT_NO_FOLDER ? 'No private folder can be made in /tmp there.' : result.exitCode === EXIT_NO_SOURCES ? 'The sources cannot be unpacked there.' : 'The build could not begin there.';
  throw new Failure({
    code: full ? 'host-disk-full' : 'host-not-writable',
    what,
    why,
    next: full ? 'Free some space on that host.' : 'Check that tar is installed on that host, and that /tmp can be written to.',
    detail: result.stderr,
  });
}

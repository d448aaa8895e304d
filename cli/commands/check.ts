// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Architecture, ExitCode, Failure, KernelRelease, visibleText } from '../../core/model';
import { systemPath } from '../../server/src/workspace/file-names';
import { DiskFiles, SnapshotFiles } from '../../server/src/workspace/source-files';
import { loadAnalyzer } from '../analysis';
import { Checker } from '../check/checker';
import { JsonReport, TextReport, type Output, type Report } from '../check/report';
import { SarifReport } from '../check/sarif';
import { walk } from '../check/walk';
import type { CliContext, Command } from '../context';

const FORMATS = ['text', 'json', 'sarif'] as const;
/** How many files go by between two lines of progress. */
const PROGRESS_STEP = 16;

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error';
  return code === 'EACCES' ? 'it may not be read' : `the system answered ${code}`;
}

function unreadable(file: string, error: unknown): Failure {
  return new Failure({
    code: 'unreadable',
    what: `${visibleText(file)} cannot be read.`,
    why: isMissing(error) ? 'There is no such file or folder.' : `When it was looked at, ${reasonOf(error)}.`,
    next: 'Check the path and its permissions.',
    exitCode: ExitCode.usage,
  });
}

/** The size of a regular file that may be read; null when there is none. */
async function sizeOf(file: string): Promise<number | { why: string } | null> {
  try {
    const stat = await fs.stat(systemPath(file));
    if (!stat.isFile()) return { why: 'it is no file' };
    await fs.access(systemPath(file), fs.constants.R_OK);
    return stat.size;
  } catch (error) {
    return isMissing(error) ? null : { why: reasonOf(error) };
  }
}

/** The folder that holds `.git`, from here upwards; else the one we are in. */
async function repositoryRoot(cwd: string): Promise<string> {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    const found = await fs.access(path.join(folder, '.git')).then(
      () => true,
      () => false,
    );
    if (found) return folder;
    if (folder === path.dirname(folder)) return cwd;
  }
}

/** Shows on a terminal how far the check is; wiped before anything else is written. */
class Progress {
  private files = 0;
  private shown = false;

  constructor(private readonly stream: CliContext['err']) {}

  file(folder: string): void {
    if (!('isTTY' in this.stream) || !this.stream.isTTY || this.files++ % PROGRESS_STEP !== 0) return;
    this.stream.write(`\r  ${this.files} files, ${visibleText(folder).slice(-60)}\u001b[K`);
    this.shown = true;
  }

  wipe(): void {
    if (this.shown) this.stream.write('\r\u001b[K');
    this.shown = false;
  }
}

function reportFor(format: (typeof FORMATS)[number], output: Output, cwd: string, root: string): Report {
  if (format === 'json') return new JsonReport(output);
  return format === 'sarif' ? new SarifReport(output, root) : new TextReport(output, cwd);
}

export const check: Command = {
  name: 'check',
  usage: 'check [--target KERNEL] [--arch x86_64|arm64|i386] [--format text|json|sarif] FILE|DIR…',
  summary: 'what the analysis says of modules; needs no headers and no compiler',

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { target: { type: 'string' }, arch: { type: 'string' }, format: { type: 'string', default: 'text' } },
    });
    const arch = Architecture.optional().safeParse(values.arch);
    const kernel = KernelRelease.optional().safeParse(values.target);
    const format = FORMATS.find((each) => each === values.format);
    if (positionals.length === 0 || !arch.success || !kernel.success || format === undefined) {
      context.err.write(`Usage: kmodlab ${check.usage}\n`);
      return ExitCode.usage;
    }
    const asked = await Promise.all(
      positionals.map(async (argument) => {
        const file = path.resolve(context.cwd, argument);
        const stat = await fs.stat(file).catch((error: unknown) => Promise.reject(unreadable(argument, error)));
        return { file, isFolder: stat.isDirectory() };
      }),
    );
    const analyzer = await loadAnalyzer(context.distDir);
    const progress = new Progress(context.err);
    const writeTo = (stream: NodeJS.WritableStream) => (text: string) => {
      progress.wipe();
      stream.write(text);
    };
    const report = reportFor(format, { out: writeTo(context.out), err: writeTo(context.err) }, context.cwd, await repositoryRoot(context.cwd));
    const target = { ...(arch.data ? { arch: arch.data } : {}), ...(kernel.data === undefined ? {} : { kernel: kernel.data }) };
    const checker = new Checker({ analyzer, files: new SnapshotFiles(new DiskFiles()), sizeOf, report, target, signal: context.signal, onFile: (file) => progress.file(path.relative(context.cwd, path.dirname(file))) });
    for (const { file, isFolder } of asked) {
      if (!isFolder) await checker.checkFile(file);
      else {
        const onUnreadable = (folder: string, error: unknown): void => {
          checker.unreadable = true;
          report.note({ file: folder, line: null, message: `not looked into: ${reasonOf(error)}` });
        };
        for await (const folder of walk(file, onUnreadable)) {
          if (context.signal.aborted) break;
          await checker.checkFolder(folder);
        }
      }
    }
    report.end();
    analyzer.dispose();
    if (context.signal.aborted) return ExitCode.cancelled;
    if (checker.errors > 0) return ExitCode.findings;
    return checker.unreadable ? ExitCode.usage : ExitCode.ok;
  },
};

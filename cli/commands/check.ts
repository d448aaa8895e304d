// SPDX-License-Identifier: MIT
import fs from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { discoverModules, type ModuleDescription } from '../../core/modules/discover';
import { Architecture, ExitCode, Failure, type AnalysisTarget, type Finding, type SourceFile } from '../../core/model';
import { loadAnalyzer } from '../analysis';
import type { Command } from '../context';

const MAX_BYTES = 4 * 1024 * 1024;

interface Unit {
  readonly folder: string;
  readonly sources: readonly string[];
  /** Which of them the user asked about; null for all. */
  readonly only: ReadonlySet<string> | null;
}

interface Note {
  readonly file: string;
  readonly message: string;
}

function failureFor(file: string, error: unknown): Failure {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
  return new Failure({
    code: 'unreadable',
    what: `${file} cannot be read.`,
    why: code === 'ENOENT' ? 'There is no such file or folder.' : `The system answered ${code}.`,
    next: 'Check the path and its permissions.',
    exitCode: ExitCode.usage,
  });
}

function unitOf(module: ModuleDescription, only: ReadonlySet<string> | null): Unit {
  return { folder: module.folder, sources: [...module.sources, ...module.headers], only };
}

async function unitsFor(argument: string, cwd: string, signal: AbortSignal): Promise<Unit[]> {
  const target = path.resolve(cwd, argument);
  const stat = await fs.stat(target).catch((error: unknown) => Promise.reject(failureFor(argument, error)));
  if (stat.isDirectory()) {
    const modules = await discoverModules(target, { signal });
    if (modules.length > 0) return modules.map((module) => unitOf(module, null));
    const files = (await fs.readdir(target)).filter((name) => name.endsWith('.c')).sort();
    return files.map((name) => ({ folder: target, sources: [name], only: null }));
  }
  const folder = path.dirname(target);
  const name = path.basename(target);
  const modules = await discoverModules(folder, { signal });
  const owner = modules.find((module) => module.folder === folder && module.sources.includes(name));
  return [owner ? unitOf(owner, new Set([name])) : { folder, sources: [name], only: null }];
}

/** Reads a source; a file that is not C text is answered by a note instead. */
async function readSource(unit: Unit, name: string, notes: Note[]): Promise<SourceFile | null> {
  const file = path.join(unit.folder, name);
  const asked = unit.only === null || unit.only.has(name);
  const note = (message: string): null => {
    if (asked) notes.push({ file, message });
    return null;
  };
  const stat = await fs.stat(file).catch((error: unknown) => Promise.reject(failureFor(file, error)));
  if (stat.size > MAX_BYTES) return note(`not analysed: larger than ${MAX_BYTES / 1024 / 1024} MB`);
  const bytes = await fs.readFile(file).catch((error: unknown) => Promise.reject(failureFor(file, error)));
  if (bytes.includes(0)) return note('not analysed: a binary file');
  return { path: name, text: bytes.toString('utf8') };
}

function textLine(folder: string, finding: Finding, cwd: string): string {
  const file = path.relative(cwd, path.join(folder, finding.file)) || finding.file;
  const { line, character } = finding.range.start;
  return `${file}:${line + 1}:${character + 1}: ${finding.severity}: ${finding.message} [${finding.rule}]`;
}

export const check: Command = {
  name: 'check',
  usage: 'check [--target KERNEL] [--arch ARCH] [--format text|json] FILE|DIR…',
  summary: 'what the analysis says of modules; needs no headers and no compiler',

  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { target: { type: 'string' }, arch: { type: 'string', default: 'x86_64' }, format: { type: 'string', default: 'text' } },
    });
    const arch = Architecture.safeParse(values.arch);
    if (positionals.length === 0 || !arch.success || (values.format !== 'text' && values.format !== 'json')) {
      context.err.write(`Usage: kmodlab ${check.usage}\n`);
      return ExitCode.usage;
    }
    const target: AnalysisTarget = { arch: arch.data, kernel: values.target ?? null };
    const analyzer = await loadAnalyzer(context.distDir);
    const findings: (Finding & { folder: string })[] = [];
    const notes: Note[] = [];
    for (const argument of positionals) {
      for (const unit of await unitsFor(argument, context.cwd, context.signal)) {
        if (context.signal.aborted) return ExitCode.cancelled;
        const read = await Promise.all(unit.sources.map((name) => readSource(unit, name, notes)));
        const sources = read.filter((source) => source !== null);
        for (const finding of analyzer.analyze(sources, target).findings) {
          if (unit.only === null || unit.only.has(finding.file)) findings.push({ ...finding, folder: unit.folder });
        }
      }
    }
    analyzer.dispose();
    if (values.format === 'json') context.out.write(`${JSON.stringify({ findings, notes }, null, 2)}\n`);
    else {
      for (const finding of findings) context.out.write(`${textLine(finding.folder, finding, context.cwd)}\n`);
      for (const { file, message } of notes) context.err.write(`${path.relative(context.cwd, file)}: ${message}\n`);
      const errors = findings.filter((finding) => finding.severity === 'error').length;
      context.err.write(`${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}, ${errors} of them errors\n`);
    }
    return findings.some((finding) => finding.severity === 'error') ? ExitCode.findings : ExitCode.ok;
  },
};

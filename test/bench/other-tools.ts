// SPDX-License-Identifier: MIT
// `kmodlab check` beside the checkers that kernel developers have, on the same files: what a file costs, and who sees the kernel buffers.
import fs from 'node:fs';
import path from 'node:path';
import { PackageStore, type ProvidedKernel, type ProvidedTree } from '../../core/packages';
import { Failure } from '../../core/model';
import { userDirs } from '../../core/platform/dirs';
import { run } from '../../core/platform/process';
import { kmodlab, ROOT } from '../support/cli';
import { counted, inTurn, milliseconds, scratchFolder, type Figure, type NotMeasured } from './measure';

/** What Kbuild hands to a checker for one file. */
interface CheckerCall {
  readonly file: string;
  readonly options: readonly string[];
}

interface Place {
  readonly file: string;
  readonly line: number;
}

/** A checker as it is run on one file, and the pattern of what it says of a line. */
interface OtherTool {
  readonly name: string;
  readonly how: string;
  argv(call: CheckerCall): string[];
  says(output: string, place: Place): boolean;
}

/** Prints when the command began and ended around what it said, so that entering the tree is not counted. */
const TIMED = 'date +%s%N; "$@" 2>&1; date +%s%N';
const RECORDER = '#!/bin/sh\n{ printf "%s\\n" "$@"; echo; } >> "$KMODLAB_BENCH_CALLS"\n';
/** The options of gcc that say how the source is read; clang takes them too. */
const READING = /^-(?:I|D|U|std=|nostdinc|include$)/;
const COPIES = 20;
const NOT_READING = /^-D(?:__linux__|linux|__STDC__|unix|__unix__|__x86_64__)$/;

const namesFileAndLine = (output: string, { file, line }: Place): boolean => output.split('\n').some((said) => said.includes(`${path.basename(file)}:${line}:`));

function otherTools(): OtherTool[] {
  return [
    { name: 'sparse', how: 'as make C=2 runs it', argv: ({ file, options }) => ['sparse', ...options, file], says: namesFileAndLine },
    {
      name: 'clangd',
      how: '--check',
      argv: ({ file }) => ['clangd', `--check=${file}`, '--check-lines=1', '--background-index=false', '--log=error'],
      says: (output, { line }) => new RegExp(String.raw`^E\[.* Line ${line}: `, 'm').test(output),
    },
    { name: 'cppcheck', how: '--enable=all --inconclusive, without the kernel headers', argv: ({ file }) => ['cppcheck', '--enable=all', '--inconclusive', '--quiet', file], says: namesFileAndLine },
    { name: 'smatch', how: '-p=kernel', argv: ({ file, options }) => ['smatch', '-p=kernel', ...options, file], says: namesFileAndLine },
  ];
}

function objectsOf(module: string): string[] {
  return fs.readdirSync(module).filter((name) => name.endsWith('.c')).map((name) => name.replace(/\.c$/, '.o'));
}

/** Copies of the example module and of the analysis' fixtures, each a module of its own. */
function copyModules(folder: string): string[] {
  const fixtures = path.join(ROOT, 'test/fixtures/analysis');
  const from = [path.join(ROOT, 'module'), ...fs.readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => path.join(fixtures, name))];
  return from.map((module) => {
    const copy = path.join(folder, path.basename(module));
    fs.cpSync(module, copy, { recursive: true });
    const kbuild = path.join(copy, 'Kbuild');
    if (!fs.existsSync(kbuild)) fs.writeFileSync(kbuild, `obj-m := ${objectsOf(copy).join(' ')}\n`);
    return copy;
  });
}

/** Lets Kbuild check each module with a script that notes how it is called. */
async function checkerCalls(folder: string, modules: readonly string[], { buildEnvironment }: ProvidedKernel): Promise<CheckerCall[]> {
  const recorder = path.join(folder, 'recorder.sh');
  const calls = path.join(folder, 'calls');
  fs.writeFileSync(recorder, RECORDER, { mode: 0o755 });
  for (const module of modules) {
    const make = buildEnvironment.wrap(['make', '-C', buildEnvironment.kernelDir, `M=${module}`, 'C=2', `CHECK=${recorder}`, ...buildEnvironment.makeArgs, ...objectsOf(module)], [folder]);
    const result = await run(make.argv, { env: { ...make.env, KMODLAB_BENCH_CALLS: calls } });
    if (result.exitCode !== 0) throw new Error(`${module} is not built:\n${result.stderr}`);
  }
  return fs
    .readFileSync(calls, 'utf8')
    .split('\n\n')
    .map((call) => call.split('\n').filter((word) => word !== ''))
    .filter((words) => words.length > 0)
    .map((words) => ({ file: path.resolve(buildEnvironment.kernelDir, words.at(-1)!), options: words.slice(0, -1) }));
}

/** What clangd reads beside a source: Kbuild's options as far as clang knows them. */
function writeCompileCommands(folder: string, calls: readonly CheckerCall[], directory: string): void {
  const commands = calls.map(({ file, options }) => {
    const reading = options.flatMap((option, index) => (option === '-include' ? [option, options[index + 1]!] : READING.test(option) && !NOT_READING.test(option) ? [option] : []));
    return { file, directory, arguments: ['clang', '-xc', ...reading, '-Wno-gnu', '-Wall', '-Wextra', '-Wno-unused-parameter', file] };
  });
  fs.writeFileSync(path.join(folder, 'compile_commands.json'), JSON.stringify(commands));
}

/** As many files as a tree of modules has, so that starting the process weighs little. */
function manyCopies(folder: string, files: readonly string[]): string[] {
  return Array.from({ length: COPIES }, (_, index) => {
    const copy = path.join(folder, `copy-${index}`);
    return files.map((file) => {
      const module = path.dirname(file);
      fs.cpSync(module, path.join(copy, path.basename(module)), { recursive: true });
      return path.join(copy, path.relative(folder, file));
    });
  }).flat();
}

async function kernelBuffers(files: readonly string[], target: string): Promise<Place[]> {
  const { stdout } = await kmodlab(['check', '--target', target, '--format', 'json', ...files]);
  const report = JSON.parse(stdout) as { findings: { rule: string; folder: string; file: string; range: { start: { line: number } } }[] };
  return report.findings.filter(({ rule }) => rule === 'kernel-buffer').map(({ folder, file, range }) => ({ file: path.join(folder, file), line: range.start.line + 1 }));
}

/** Runs a checker on one file in its tree. */
async function runInTree(tree: ProvidedTree, argv: readonly string[], folder: string, cwd: string): Promise<{ milliseconds: number; output: string }> {
  const wrapped = tree.wrap(['/bin/sh', '-c', TIMED, 'timed', ...argv], { bind: [folder, userDirs().cache], cwd });
  const { stdout } = await run(wrapped.argv, { env: wrapped.env });
  const lines = stdout.trimEnd().split('\n');
  const [began, ended] = [lines[0], lines.at(-1)].map((text) => BigInt(text ?? '0')) as [bigint, bigint];
  return { milliseconds: Number(ended - began) / 1e6, output: lines.slice(1, -1).join('\n') };
}

async function treeOf(packages: PackageStore, name: string): Promise<ProvidedTree | Failure> {
  try {
    return await packages.provideTree({ packages: [name], suite: 'bookworm' });
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

export async function otherToolsFigures(runs: number): Promise<(Figure | NotMeasured)[]> {
  const folder = scratchFolder();
  const packages = new PackageStore(userDirs());
  const kernel = await packages.provideKernel('6.1-cloud');
  const { kernelDir } = kernel.buildEnvironment;
  const calls = await checkerCalls(folder, copyModules(folder), kernel);
  writeCompileCommands(folder, calls, kernelDir);
  const files = calls.map(({ file }) => file);
  const target = kernel.buildEnvironment.kernel;
  const buffers = await kernelBuffers(files, target);
  const many = manyCopies(folder, files);
  const together = async (checked: readonly string[]): Promise<number> => (await milliseconds(() => kmodlab(['check', '--target', target, ...checked]))) / checked.length;
  const oneByOne = async (): Promise<number> => {
    let sum = 0;
    for (const file of files) sum += await together([file]);
    return sum / files.length;
  };

  const figures: (Figure | NotMeasured)[] = [counted(`kernel buffers in ${files.length} files that check flags`, 'lines', [buffers.length])];
  for (const tool of otherTools()) {
    const tree = await treeOf(packages, tool.name);
    if (tree instanceof Failure) {
      figures.push({ name: `check beside ${tool.name}`, missing: `${tool.name} is not to be had: ${tree.why}` });
      continue;
    }
    const flagged = new Set<Place>();
    const theirs = async (): Promise<number> => {
      let sum = 0;
      for (const call of calls) {
        const { milliseconds: took, output } = await runInTree(tree, tool.argv(call), folder, kernelDir);
        sum += took;
        for (const place of buffers) if (place.file === call.file && tool.says(output, place)) flagged.add(place);
      }
      return sum / files.length;
    };
    const beside = `${tool.name} (${tool.how}), per file`;
    figures.push(await inTurn(`check, per file, one process for ${files.length} files`, () => together(files), beside, theirs, runs));
    if (tool.name === 'sparse') {
      figures.push(await inTurn('check, per file, a process for each', oneByOne, beside, theirs, runs));
      figures.push(await inTurn(`check, per file, one process for ${many.length} files (${COPIES} copies of them)`, () => together(many), beside, theirs, runs));
    }
    figures.push(counted(`kernel buffers that ${tool.name} flags, of ${buffers.length}`, 'lines', [flagged.size]));
  }
  return figures;
}

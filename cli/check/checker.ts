// SPDX-License-Identifier: MIT
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AnalysisTarget, Finding, SourceFile } from '../../core/model';
import type { Analyzer } from '../../server/src/analysis';
import { isKernelModule } from '../../server/src/analysis/module';
import { review } from '../../server/src/analysis/review';
import { gatherModule, kbuildGroups, modulesOf, type ModuleFiles } from '../../server/src/workspace/modules';
import { PROJECT_FILE } from '../../server/src/workspace/project-file';
import { findProject, optionsFor, type AnalysisOptions } from '../../server/src/workspace/project';
import { KBUILD_FILES } from '../../server/src/analysis/module-build';
import { MAX_SOURCE_BYTES, type SourceFiles } from '../../server/src/workspace/source-files';
import type { LocatedFinding, Report } from './report';
import type { Folder } from './walk';

export interface CheckerDeps {
  readonly analyzer: Analyzer;
  readonly files: SourceFiles;
  /** Size in bytes of a regular file that can be read, else why not; null when there is none. */
  readonly sizeOf: (file: string) => Promise<number | { readonly why: string } | null>;
  readonly report: Report;
  /** What the command line asks for. */
  readonly target: Partial<AnalysisTarget>;
  readonly signal: AbortSignal;
  /** Told of every C file that is looked at. */
  readonly onFile: (file: string) => void;
}

/** What is known of one file while the modules of its folder are looked at. */
interface CheckedFile {
  readonly source: SourceFile;
  readonly findings: Map<string, Finding>;
  /** Findings for every supported kernel, made when they are asked for. */
  readonly elsewhere: (() => readonly Finding[])[];
  analysed: boolean;
}

interface LookedAt {
  readonly sources: ModuleFiles['sources'];
  readonly target: AnalysisTarget;
  readonly findings: readonly Finding[];
  /** They are a kernel module's. */
  readonly analysed: boolean;
  /** Findings for every supported kernel. */
  readonly elsewhere: () => readonly Finding[];
}

/** Checks files and folders, one folder after the other, and reports as it goes. */
export class Checker {
  errors = 0;
  /** Something could not be read. */
  unreadable = false;
  private readonly reported = new Set<string>();
  /** Files below a folder that its Kbuild file already had, by absolute path. */
  private readonly taken = new Set<string>();
  private lookedAt: LookedAt | undefined;
  private readonly projectsReported = new Set<string>();

  constructor(private readonly deps: CheckerDeps) {}

  /** All C files of a folder, those of one module together. */
  async checkFolder({ path: folder, files }: Folder): Promise<void> {
    const cFiles = files.filter((name) => name.endsWith('.c') && !name.endsWith('.mod.c'));
    const kbuild = await this.kbuildOf(folder, files);
    if (cFiles.length === 0 && kbuild === undefined) return;
    const options = await this.optionsOf(path.join(folder, PROJECT_FILE));
    const groups: string[][] = [];
    const grouped = new Set<string>();
    for (const group of kbuild === undefined ? [] : kbuildGroups(kbuild)) {
      const there = group.filter((name) => cFiles.includes(name) || name.includes('/'));
      if (there.every((name) => grouped.has(name))) continue;
      for (const name of there) grouped.add(name);
      groups.push(there);
    }
    const alone = cFiles.filter((name) => !grouped.has(name) && !this.taken.delete(path.join(folder, name))).map((name) => [name]);
    const checked = new Map<string, CheckedFile>();
    for (const group of [...groups, ...alone]) {
      if (this.deps.signal.aborted) return;
      for (const name of group) if (name.includes('/')) this.taken.add(path.join(folder, name));
      const readable = await this.readable(folder, group);
      if (readable.length === 0) continue;
      for await (const sources of gatherModule(folder, readable, this.deps.files, options.target)) this.look(sources, options.target, checked, () => true);
    }
    await this.conclude(folder, checked);
  }

  /** One file, with the other files of its module. */
  async checkFile(file: string): Promise<void> {
    const folder = path.dirname(file);
    if ((await this.readable(folder, [path.basename(file)])).length === 0) return;
    const options = await this.optionsOf(file);
    const { modules } = await modulesOf(file, this.deps.files, options.target);
    const checked = new Map<string, CheckedFile>();
    for (const { sources, own } of modules) this.look(sources, options.target, checked, (name) => name === own);
    await this.conclude(modules[0]?.folder ?? folder, checked);
  }

  private look(sources: ModuleFiles['sources'], target: AnalysisTarget, checked: Map<string, CheckedFile>, isAsked: (name: string) => boolean): void {
    const { findings, analysed, elsewhere } = this.lookAt(sources, target);
    for (const source of sources) {
      const own = findings.filter(({ file }) => file === source.path);
      if (!isAsked(source.path) || (own.length === 0 && !source.text.includes('kmodlab:'))) continue;
      const known = checked.get(source.path) ?? { source, findings: new Map<string, Finding>(), elsewhere: [], analysed: false };
      checked.set(source.path, known);
      for (const finding of own) known.findings.set(JSON.stringify([finding.rule, finding.range, finding.message]), finding);
      known.elsewhere.push(() => elsewhere().filter(({ file }) => file === source.path));
      known.analysed ||= analysed && !source.path.startsWith('../'); // what other folders include, they may need
    }
  }

  /** Files of one module that are asked for one after the other cost one analysis. */
  private lookAt(sources: ModuleFiles['sources'], target: AnalysisTarget): LookedAt {
    const before = this.lookedAt;
    const isSame = before?.sources.length === sources.length && isDeepStrictEqual(before.target, target) && sources.every(({ path: name, text }, at) => before.sources[at]?.path === name && before.sources[at].text === text);
    return isSame ? before : (this.lookedAt = this.lookAnew(sources, target));
  }

  /** A function of its own, so that what it hands on holds nothing of what was looked at before. */
  private lookAnew(sources: ModuleFiles['sources'], target: AnalysisTarget): LookedAt {
    const { findings } = this.deps.analyzer.analyze(sources, target);
    const elsewhere = once(() => this.deps.analyzer.analyze(sources, { arch: target.arch, kernel: null }).findings);
    return { sources, target, findings, analysed: isKernelModule(sources), elsewhere };
  }

  private async conclude(folder: string, checked: ReadonlyMap<string, CheckedFile>): Promise<void> {
    for (const [name, { source, findings, elsewhere, analysed }] of [...checked].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const { levels } = await this.optionsOf(path.join(folder, name));
      const lines = once(() => source.text.split(/\r\n|\r|\n/));
      const reviewed = review(source, [...findings.values()], { levels, analysed, elsewhere: () => elsewhere.flatMap((each) => each()) });
      for (const finding of reviewed.findings) this.tell({ ...finding, folder, lineText: lines()[finding.range.start.line] ?? '', suppressed: null });
      for (const finding of reviewed.suppressed) this.tell({ ...finding, folder, lineText: lines()[finding.range.start.line] ?? '', suppressed: finding.reason });
    }
  }

  private tell(finding: LocatedFinding): void {
    const key = JSON.stringify([path.join(finding.folder, finding.file), finding.rule, finding.range, finding.message]);
    if (this.reported.has(key)) return;
    this.reported.add(key);
    if (finding.severity === 'error' && finding.suppressed === null) this.errors++;
    this.deps.report.finding(finding);
  }

  private async optionsOf(file: string): Promise<AnalysisOptions> {
    const { project } = await findProject(file, this.deps.files);
    if (project && !this.projectsReported.has(project.path)) {
      this.projectsReported.add(project.path);
      for (const { range, message } of project.problems) this.deps.report.note({ file: project.path, line: range.start.line, message });
    }
    return optionsFor(this.deps.target, project, { analysis: {}, rules: {} });
  }

  private async kbuildOf(folder: string, files: readonly string[]): Promise<string | undefined> {
    const name = KBUILD_FILES.find((candidate) => files.includes(candidate));
    return name === undefined ? undefined : this.deps.files.read(path.join(folder, name));
  }

  /** Those of the files that can be analysed; a note for each other one that is there. */
  private async readable(folder: string, names: readonly string[]): Promise<string[]> {
    const readable: string[] = [];
    for (const name of names) {
      const file = path.join(folder, name);
      this.deps.onFile(file);
      const size = await this.deps.sizeOf(file);
      if (size === null && name.includes('/')) continue; // named by a Kbuild file, and made by the build
      if (size === null || typeof size === 'object') {
        this.unreadable = true;
        this.deps.report.note({ file, line: null, message: `not analysed: ${size?.why ?? 'there is no such file'}` });
      } else if (size > MAX_SOURCE_BYTES) this.deps.report.note({ file, line: null, message: `not analysed: larger than ${MAX_SOURCE_BYTES / 1024 / 1024} MB` });
      else if ((await this.deps.files.read(file))?.includes('\0') === true) this.deps.report.note({ file, line: null, message: 'not analysed: a binary file' });
      else readable.push(name);
    }
    return readable;
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

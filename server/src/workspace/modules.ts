// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { AnalysisTarget, SourceFile } from '../../../core/model/analysis';
import { parseKbuild } from '../../../core/modules/kbuild';
import { KBUILD_FILES, ModuleBuild } from '../analysis/module-build';
import { belongTogether } from '../analysis/module';
import { TargetFacts } from '../analysis/syntax/target';
import type { SourceFiles } from './source-files';

const MAX_FILES = 500;
/** C files of one module that are analysed together; those of a larger one are analysed each by itself. */
const MAX_C_FILES = 32;
/** Modules that a header is looked at with. */
const MAX_MODULES = 20;
/** Folders above a file whose Kbuild file may name it. */
const MAX_LEVELS = 4;

/** The files that are analysed together with one file: those of its module. */
export interface ModuleFiles {
  /** Absolute path; the paths of the sources are relative to it. */
  readonly folder: string;
  /** The file that was asked for, among the sources. */
  readonly own: string;
  /** C files, headers and the Kbuild file. */
  readonly sources: readonly SourceFile[];
}

/** The modules of a file, and every file (absolute path) that decided on them, there or not. */
export interface ModulesOfFile {
  readonly modules: readonly ModuleFiles[];
  readonly dependencies: ReadonlySet<string>;
}

/**
 * Gathers the modules of a C file or header: Kbuild siblings and the local headers they include. A header belongs to
 * every module that includes it, or stands alone. Runs nothing.
 * @param file absolute path
 */
export async function modulesOf(file: string, files: SourceFiles, target: AnalysisTarget): Promise<ModulesOfFile> {
  const gathering = new Gathering(files, target);
  return { modules: await gathering.modulesOf(file), dependencies: gathering.dependencies };
}

/** The C files of each module that a folder's Kbuild file describes; relative to the folder, with `/`. */
export function kbuildGroups(kbuild: string): string[][] {
  const { modules, configured } = parseKbuild(kbuild);
  return [...modules, ...configured].filter(({ objects }) => objects.length <= MAX_C_FILES).map(({ objects }) => objects.map((object) => `${object}.c`));
}

/** The sources of one module: its C files, what they include, and the Kbuild file; in parts where the files do not depend on each other. */
export async function* gatherModule(folder: string, cFiles: readonly string[], files: SourceFiles, target: AnalysisTarget): AsyncGenerator<SourceFile[]> {
  const gathering = new Gathering(files, target);
  const kbuild = await gathering.kbuildOf(folder);
  const together = await gathering.gather(folder, cFiles, kbuild);
  if (cFiles.length === 1 || belongTogether(together)) yield together;
  else for (const name of cFiles) yield await gathering.gather(folder, [name], kbuild);
}

class Gathering {
  readonly dependencies = new Set<string>();
  private readonly facts: TargetFacts;

  constructor(
    private readonly files: SourceFiles,
    target: AnalysisTarget,
  ) {
    this.facts = new TargetFacts(target);
  }

  async modulesOf(file: string): Promise<ModuleFiles[]> {
    const folder = path.dirname(file);
    for (let level = 0, at = folder; level < MAX_LEVELS; level++, at = path.dirname(at)) {
      const kbuild = await this.kbuildOf(at);
      const own = relative(at, file);
      const groups = kbuild ? kbuildGroups(kbuild.text) : [];
      const candidates = own.endsWith('.h') ? groups.slice(0, MAX_MODULES) : groups.filter((group) => group.includes(own)).slice(0, 1);
      const modules: ModuleFiles[] = [];
      for (const group of candidates) {
        const together = await this.gather(at, group, kbuild);
        if (!together.some((source) => source.path === own)) continue;
        const sources = own.endsWith('.h') || belongTogether(together) ? together : await this.gather(at, [own], kbuild);
        modules.push({ folder: at, own, sources });
      }
      if (modules.length > 0) return modules;
      if (path.dirname(at) === at) break;
    }
    const own = path.basename(file);
    return [{ folder, own, sources: await this.gather(folder, [own], await this.kbuildOf(folder)) }];
  }

  async kbuildOf(folder: string): Promise<SourceFile | null> {
    for (const name of KBUILD_FILES) {
      const text = await this.read(path.join(folder, name));
      if (text !== undefined) return { path: name, text };
    }
    return null;
  }

  async gather(folder: string, cFiles: readonly string[], kbuild: SourceFile | null): Promise<SourceFile[]> {
    const sources = new Map<string, SourceFile>();
    const toRead: (readonly string[])[] = cFiles.map((name) => [name]);
    const build = new ModuleBuild(kbuild ? [kbuild] : [], [], this.facts);
    const folders = new Map(cFiles.map((name) => [name, build.includeFolders({ path: name })]));
    const everyFolder = [...new Set([...folders.values()].flat())];
    for (const name of cFiles) toRead.push(...build.forcedIncludes({ path: name }).map((header) => places(header, '.', folders.get(name) ?? [])));
    for (let at = 0; at < toRead.length && sources.size < MAX_FILES; at++) {
      for (const name of toRead[at] ?? []) {
        if (sources.has(name)) break;
        const text = await this.read(path.join(folder, name));
        if (text === undefined) continue;
        const source = { path: name, text };
        sources.set(name, source);
        toRead.push(...localIncludes(source, folders.get(name) ?? everyFolder));
        break;
      }
    }
    return [...sources.values(), ...(kbuild ? [kbuild] : [])];
  }

  private read(file: string): Promise<string | undefined> {
    this.dependencies.add(file);
    return this.files.read(file);
  }
}

/** For each `#include` of a file the places where the named file may lie, the first that counts first. */
function localIncludes(file: SourceFile, folders: readonly string[]): string[][] {
  const directives = file.text.matchAll(/^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]{1,255})"|<([^>\n]{1,255})>)/gm);
  return [...directives].map(([, quoted, system]) => (quoted === undefined ? folders.map((folder) => path.posix.join(folder, system ?? '')) : places(quoted, path.posix.dirname(file.path), folders)));
}

function places(name: string, folder: string, folders: readonly string[]): string[] {
  return path.posix.isAbsolute(name) ? [] : [folder, ...folders].map((each) => path.posix.join(each, name));
}

function relative(folder: string, file: string): string {
  return path.relative(folder, file).split(path.sep).join('/');
}

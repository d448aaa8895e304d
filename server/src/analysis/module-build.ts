// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { SourceFile } from '../../../core/model/analysis';
import { parseKbuild, type KbuildFile, type KbuildModule } from '../../../core/modules/kbuild';
import type { TargetFacts } from './syntax/target';

/** The names of the file that says how a module is built, the one that counts first. */
export const KBUILD_FILES = ['Kbuild', 'Makefile'] as const;

/** Options that take the next word as their argument. */
const TAKES_WORD = /^-(?:D|U|I|include|isystem|iquote|idirafter)$/;

/** How the files of a module are compiled, by its Kbuild file where that is among the sources. */
export class ModuleBuild {
  private readonly kbuild: KbuildFile | null;

  /** @param roots the module's C files that are compiled by themselves */
  constructor(
    sources: readonly SourceFile[],
    private readonly roots: readonly Pick<SourceFile, 'path'>[],
    private readonly target: TargetFacts,
  ) {
    const file = KBUILD_FILES.map((name) => sources.find((source) => source.path === name)).find((source) => source !== undefined);
    this.kbuild = file ? parseKbuild(file.text) : null;
  }

  /** What the compiler is told for a file, as directives that stand before its first line. */
  directives(file: Pick<SourceFile, 'path'>): string {
    const name = this.moduleName;
    const lines = name === null ? [] : [`#define KBUILD_MODNAME ${JSON.stringify(name)}`];
    for (const { option, value } of this.options(file)) {
      if (option === '-D') lines.push(`#define ${value.includes('=') ? value.replace('=', ' ') : `${value} 1`}`);
      else if (option === '-U') lines.push(`#undef ${value}`);
    }
    return [...lines, ...this.forcedIncludes(file).map((header) => `#include ${JSON.stringify(header)}`), ''].join('\n');
  }

  /** Folders that `#include` looks in, relative to the module's folder. */
  includeFolders(file: Pick<SourceFile, 'path'>): string[] {
    return this.options(file).flatMap(({ option, value }) => (/^-(?:I|isystem|iquote|idirafter)$/.test(option) && !path.posix.isAbsolute(value) ? [path.posix.normalize(value)] : []));
  }

  /** Files that are included before the first line of a file. */
  forcedIncludes(file: Pick<SourceFile, 'path'>): readonly string[] {
    return this.options(file).flatMap(({ option, value }) => (option === '-include' ? [value] : []));
  }

  /** Whether `obj-m` names a module of these files. */
  get isLoadable(): boolean {
    return this.roots.length > 0 && this.ownersAmong(this.kbuild?.modules ?? []).length > 0;
  }

  /** Kbuild's KBUILD_MODNAME; null when it is not known. */
  private get moduleName(): string | null {
    const names = new Set(this.ownersAmong([...(this.kbuild?.modules ?? []), ...(this.kbuild?.configured ?? [])]).map(({ name }) => name));
    const [named, ...others] = names;
    const [only, ...more] = this.roots;
    const name = named !== undefined && others.length === 0 ? named : only && more.length === 0 ? objectOf(only) : null;
    return name === null ? null : path.posix.basename(name).replace(/[^A-Za-z0-9_]/g, '_');
  }

  private ownersAmong(modules: readonly KbuildModule[]): KbuildModule[] {
    const objects = this.roots.map((file) => objectOf(file));
    return modules.filter((module) => objects.every((object) => module.objects.includes(object)));
  }

  private options(file: Pick<SourceFile, 'path'>): { option: string; value: string }[] {
    const object = objectOf(file);
    const words = (this.kbuild?.flags ?? [])
      .filter((flags) => (flags.object === null || flags.object === object) && (flags.config === null || this.target.config(flags.config.slice('CONFIG_'.length)) !== null))
      .flatMap((flags) => flags.words);
    const options: { option: string; value: string }[] = [];
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? '';
      if (TAKES_WORD.test(word)) options.push({ option: word, value: words[++at] ?? '' });
      else if (/^-[DUI]./.test(word)) options.push({ option: word.slice(0, 2), value: word.slice(2) });
    }
    return options;
  }
}

function objectOf(file: Pick<SourceFile, 'path'>): string {
  return file.path.replace(/\.c$/i, '');
}

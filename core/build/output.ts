// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { BuildDiagnostic, SourceFile } from '../model';
import { columnUnit, isClangsCount, linesOf, withCharacters, type ColumnUnit } from './parsers/columns';
import { GccParser } from './parsers/gcc';
import { LinkerParser } from './parsers/linker';
import { MakeParser } from './parsers/make';
import { ModpostParser } from './parsers/modpost';
import { MAX_LINE, type LineParser } from './parsers/parser';

export interface BuildOutputOptions {
  /** Sources and headers of the module. */
  readonly sources: readonly SourceFile[];
  /** Paths relative to the build folder that exist there. */
  readonly isBuildFile: (relative: string) => boolean;
  /** Name and version of the compiler. */
  readonly compiler: string;
}

const MAX_DIAGNOSTICS = 2_000;

/** Reads everything that a build prints, one line at a time, and turns it into diagnostics of the module's own files, which are right after {@link end}. */
export class BuildOutput {
  readonly diagnostics: BuildDiagnostic[] = [];
  diskFull = false;
  /** Symbols that nothing was found to export. */
  readonly undefinedSymbols: ReadonlySet<string>;
  private buildDir = '/';
  private unit: ColumnUnit;
  private readonly seen = new Set<string>();
  private readonly make: MakeParser;
  private readonly parsers: readonly LineParser[];

  constructor(private readonly options: BuildOutputOptions) {
    this.unit = columnUnit(options.compiler);
    const accept = (diagnostic: BuildDiagnostic): void => this.accept(diagnostic);
    const resolve = (file: string): { path: string; inside: boolean } => this.resolve(file);
    const gcc = new GccParser(resolve, accept);
    const emit = (diagnostic: BuildDiagnostic): void => {
      gcc.end(); // what the compiler said before comes before
      accept(diagnostic);
    };
    this.make = new MakeParser(resolve, emit);
    const modpost = new ModpostParser(options.sources, emit);
    this.undefinedSymbols = modpost.undefinedSymbols;
    this.parsers = [this.make, modpost, new LinkerParser(options.sources, resolve, emit), gcc];
  }

  /** Where make runs for the module, as the tools print it. */
  runsIn(folder: string): void {
    this.buildDir = folder;
  }

  push(line: string): void {
    const text = line.slice(0, MAX_LINE);
    if (text.includes('No space left on device')) this.diskFull = true;
    if (isClangsCount(text)) this.unit = 'bytes';
    this.parsers.some((parser) => parser.push(text));
  }

  end(): void {
    for (const parser of this.parsers) parser.end?.();
    const lineOf = linesOf(this.options.sources);
    for (const [at, diagnostic] of this.diagnostics.entries()) this.diagnostics[at] = withCharacters(diagnostic, lineOf, this.unit);
  }

  /** A path of the output: relative to the module's folder when it is one of its files, else absolute. */
  private resolve(file: string): { path: string; inside: boolean } {
    const { buildDir } = this;
    const { isBuildFile } = this.options;
    const candidates = path.posix.isAbsolute(file) ? [file] : [...this.make.bases(), buildDir].map((base) => path.posix.join(base, file));
    for (const candidate of candidates) {
      const relative = path.posix.relative(buildDir, candidate);
      if (isBuildFile(relative)) return { path: relative, inside: true };
    }
    return { path: candidates[0] ?? file, inside: false };
  }

  private accept(raw: BuildDiagnostic): void {
    const diagnostic = { ...raw, message: raw.message.replaceAll(`${this.buildDir}/`, '').replaceAll(/(?<=^|[\s'"[:;])\.\//g, '') };
    const key = JSON.stringify(diagnostic);
    if (this.seen.has(key) || this.diagnostics.length >= MAX_DIAGNOSTICS) return;
    this.seen.add(key);
    this.diagnostics.push(diagnostic);
  }
}

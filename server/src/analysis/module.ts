// SPDX-License-Identifier: MIT
import type { SourceFile } from '../../../core/model/analysis';
import { syscallAbi } from '../../../core/abi';
import { Program } from './flow/program';
import { Unit } from './flow/unit';
import { tokenize, type Token } from './syntax/lexer';
import type { CParser } from './syntax/parser';
import { preprocess, type Sources } from './syntax/preprocessor';
import { SourceText } from './syntax/source';
import type { TargetFacts } from './syntax/target';

/** A file above this is not analysed (UTF-16 units, near enough to bytes of C). */
export const MAX_FILE_LENGTH = 4 * 1024 * 1024;

const IS_MODULE = /#\s*include\s*<linux\/module\.h>|\bmodule_init\s*\(|\bMODULE_LICENSE\s*\(|\bint\s+init_module\s*\(/;
/** Without any of these words no rule has anything to say. */
const IS_RELEVANT = /sys_call_table|__NR_|\bSYS_\w|pt_regs|(?:__x64_|__arm64_|__ia32_|\bk)sys_|\bsys_\w+\s*\(|\bkallsyms_lookup_name\b|\b[gs]et_fs\s*\(|\bget_ds\s*\(|\bvfs_(?:read|write)\b|\bstruct\s+(?:file_operations|proc_ops)\b/;

/** The module's files as one program; null when they are no kernel module, or make no syscall at all. */
export function readModule(sources: readonly SourceFile[], parser: CParser, target: TargetFacts): Program | null {
  const files = sources.filter((source) => /\.[ch]$/i.test(source.path) && source.text.length <= MAX_FILE_LENGTH).map((source) => new SourceText(source));
  if (!files.some((file) => IS_MODULE.test(file.text)) || !files.some((file) => IS_RELEVANT.test(file.text))) return null;
  const reader = new ModuleFiles(files);
  const units: Unit[] = [];
  const roots = files.filter((file) => /\.c$/i.test(file.path) && !reader.isIncluded(file));
  const [only] = roots;
  const name = only && roots.length === 1 ? moduleName(only.path) : null;
  for (const file of roots.length > 0 ? roots : files) {
    const preprocessed = preprocess(file, reader, target, name);
    const syntax = parser.parse(preprocessed.text);
    if (syntax) units.push(new Unit(file.path, syntax, preprocessed));
  }
  return new Program(units, target, syscallAbi(target.arch));
}

/** Kbuild's name for a module of one file. */
function moduleName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.c$/i, '').replace(/[^A-Za-z0-9_]/g, '_');
}

/** The files as the preprocessor asks for them. */
class ModuleFiles implements Sources {
  private readonly byPath: ReadonlyMap<string, SourceText>;
  private readonly tokenCache = new Map<SourceText, readonly Token[]>();

  constructor(private readonly files: readonly SourceText[]) {
    this.byPath = new Map(files.map((file) => [file.path, file]));
  }

  tokens(file: SourceText): readonly Token[] {
    const known = this.tokenCache.get(file) ?? tokenize(file.text);
    this.tokenCache.set(file, known);
    return known;
  }

  /** As gcc: beside the including file, then by its path in the module's folder, then by its name alone. */
  include(name: string, from: SourceText): SourceText | undefined {
    const folder = from.path.includes('/') ? from.path.slice(0, from.path.lastIndexOf('/') + 1) : '';
    const base = name.slice(name.lastIndexOf('/') + 1);
    return this.byPath.get(normalize(folder + name)) ?? this.byPath.get(normalize(name)) ?? this.files.find((file) => file.path.endsWith(`/${base}`) || file.path === base);
  }

  /** A `.c` file that another one includes is no unit of its own. */
  isIncluded(file: SourceText): boolean {
    const base = file.path.slice(file.path.lastIndexOf('/') + 1);
    const pattern = new RegExp(`^[ \\t]*#[ \\t]*include[ \\t]*"(?:[^"\\n]*/)?${base.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}"`, 'm');
    return this.files.some((other) => other !== file && pattern.test(other.text));
  }
}

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

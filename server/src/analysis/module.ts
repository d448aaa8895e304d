// SPDX-License-Identifier: MIT
import type { SourceFile } from '../../../core/model/analysis';
import { syscallAbi } from '../../../core/abi';
import { Program } from './flow/program';
import { Unit } from './flow/unit';
import type { CParser } from './syntax/parser';
import type { Sources } from './syntax/preprocessor';
import { SourceText } from './syntax/source';
import type { TargetFacts } from './syntax/target';
import { UnitReader } from './syntax/unit-reader';

/** A file above this is not analysed (UTF-16 units, near enough to bytes of C). */
export const MAX_FILE_LENGTH = 4 * 1024 * 1024;

const IS_MODULE = /#\s*include\s*<linux\/module\.h>|\bmodule_init\s*\(|\bMODULE_LICENSE\s*\(|\bint\s+init_module\s*\(/;
/** Without any of these words no rule has anything to say. */
const IS_RELEVANT = /sys_call_table|__NR_|\bSYS_\w|pt_regs|(?:__x64_|__arm64_|__ia32_|\bk)sys_|\bsys_\w+\s*\(|\bkallsyms_lookup_name\b|\b[gs]et_fs\s*\(|\bget_ds\s*\(|\b(?:__)?vfs_(?:read|write)\b|\bf_op\b|\bstruct\s+(?:file_operations|proc_ops)\b/;

/** A module that is read time and again, for one target: what did not change is not looked at anew. */
export class ModuleReader {
  private readonly files = new Map<string, SourceText>();
  private readonly units = new Map<string, { readonly unit: Unit; readonly reader: UnitReader }>();

  constructor(
    private readonly parser: CParser,
    private readonly target: TargetFacts,
  ) {}

  /** The module's files as one program; null when they are no kernel module, or make no syscall at all. */
  read(sources: readonly SourceFile[]): Program | null {
    const files = this.take(sources.filter((source) => /\.[ch]$/i.test(source.path) && source.text.length <= MAX_FILE_LENGTH));
    if (!files.some((file) => IS_MODULE.test(file.text)) || !files.some((file) => IS_RELEVANT.test(file.text))) return null;
    const reader = new ModuleFiles(files);
    const roots = files.filter((file) => /\.c$/i.test(file.path) && !reader.isIncluded(file));
    const [only] = roots;
    const name = only && roots.length === 1 ? moduleName(only.path) : null;
    const units = (roots.length > 0 ? roots : files).map((file) => this.unit(file, reader, name));
    return new Program(units, this.target, syscallAbi(this.target.arch));
  }

  private take(sources: readonly SourceFile[]): SourceText[] {
    const paths = new Set(sources.map(({ path }) => path));
    for (const path of this.files.keys()) {
      if (paths.has(path)) continue;
      this.files.delete(path);
      this.units.delete(path);
    }
    return sources.map((source) => {
      const file = this.files.get(source.path);
      file?.update(source.text);
      const taken = file ?? new SourceText(source);
      this.files.set(source.path, taken);
      return taken;
    });
  }

  private unit(file: SourceText, sources: Sources, name: string | null): Unit {
    const known = this.units.get(file.path) ?? { unit: new Unit(file), reader: new UnitReader(this.parser, this.target) };
    this.units.set(file.path, known);
    known.unit.update(known.reader.read(file, sources, name));
    return known.unit;
  }
}

/** Kbuild's name for a module of one file. */
function moduleName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.c$/i, '').replace(/[^A-Za-z0-9_]/g, '_');
}

/** The files as the preprocessor asks for them. */
class ModuleFiles implements Sources {
  private readonly byPath: ReadonlyMap<string, SourceText>;

  constructor(private readonly files: readonly SourceText[]) {
    this.byPath = new Map(files.map((file) => [file.path, file]));
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

// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { SourceFile } from '../../../core/model/analysis';
import type { Architecture } from '../../../core/model/analysis';
import { syscallAbi, type SyscallAbi } from '../../../core/abi';
import { FieldMemories } from './flow/field-memory';
import { Program } from './flow/program';
import { Unit } from './flow/unit';
import { ModuleBuild } from './module-build';
import type { Places } from './place-memory';
import type { CParser } from './syntax/parser';
import type { Sources } from './syntax/preprocessor';
import { SourceText } from './syntax/source';
import { TargetFacts } from './syntax/target';
import { UnitReader } from './syntax/unit-reader';

/** A file above this is not analysed (UTF-16 units, near enough to bytes of C). */
export const MAX_FILE_LENGTH = 4 * 1024 * 1024;

const IS_MODULE = /#\s*include\s*<linux\/module\.h>|\bmodule_init\s*\(|\bMODULE_LICENSE\s*\(|\bint\s+init_module\s*\(/;
/** A file of a module that has these words in another file. */
const IS_KERNEL_CODE = /#\s*include\s*<linux\/(?:kallsyms|kprobes|ftrace|syscalls|uaccess|slab|vmalloc|kthread|kernel|init|sched\/\w+)\.h>|#\s*include\s*<asm\/uaccess\.h>|\basmlinkage\b|\b__(?:init|exit|user)\b|\bGFP_(?:KERNEL|ATOMIC)\b|\bKERN_[A-Z]+\b|\bEXPORT_SYMBOL|\bmm_segment_t\b|\bmodule_param\w*\s*\(/;
const IS_USER_CODE = /#\s*include\s*<(?:std(?:io|lib)|unistd|string|sys\/\w+)\.h>|\bint\s+main\s*\(/;
/** Without any of these words nothing is called, or looked up, that a rule follows from one file to another. */
const FOLLOWS_CALLS = /sys_call_table|__NR_|\bSYS_\w|pt_regs|(?:__x64_|__arm64_|__ia32_|\bk)sys_|\bsys_\w+\s*\(|"sys_\w+"|\bkallsyms_\w+|\b[gs]et_fs\s*\(|\bget_ds\s*\(|\b(?:__)?vfs_(?:read|write)\b|\bf_op\b|\biov_iter_init\b|\bregister_kprobe\b/;
/** Without any of these words either no rule has anything to say. */
const HAS_HANDLERS = /\bstruct\s+(?:file_operations|proc_ops|proto_ops|ctl_table)\b/;

function isKernelText(text: string): boolean {
  return IS_MODULE.test(text) || (IS_KERNEL_CODE.test(text) && !IS_USER_CODE.test(text));
}

/** Whether these are the files of a kernel module, and so analysed. */
export function isKernelModule(sources: readonly SourceFile[]): boolean {
  const roots = sources.filter((source) => /\.c$/i.test(source.path));
  return sources.some(({ text }) => isKernelText(text)) || new ModuleBuild(sources, roots, new TargetFacts({ arch: 'x86_64', kernel: null })).isLoadable;
}

/** Whether the files of a module are to be looked at together: else what is said of one does not depend on another. */
export function belongTogether(sources: readonly SourceFile[]): boolean {
  return sources.some(({ text }) => FOLLOWS_CALLS.test(text));
}

/** A module that is read time and again, for one target: what did not change is not looked at anew. */
export class ModuleReader {
  private readonly files = new Map<string, SourceText>();
  private readonly units = new Map<string, KnownUnit>();
  private readonly abis = new Map<Architecture, SyscallAbi>();
  /** Where the files' lines are. */
  places: Places = {};

  constructor(
    private readonly parser: CParser,
    private readonly target: TargetFacts,
  ) {}

  /** The module's files as one program; null when they are no kernel module, or make no syscall at all. Yields now and then. */
  *read(sources: readonly SourceFile[]): Generator<undefined, Program | null> {
    const files = this.take(sources.filter((source) => /\.[ch]$/i.test(source.path) && source.text.length <= MAX_FILE_LENGTH));
    if (!files.some((file) => FOLLOWS_CALLS.test(file.text) || HAS_HANDLERS.test(file.text))) return null;
    const reader = new ModuleFiles(files);
    const roots = files.filter((file) => /\.c$/i.test(file.path) && !reader.isIncluded(file));
    const build = new ModuleBuild(sources, roots, this.target);
    if (!build.isLoadable && !files.some(({ text }) => isKernelText(text))) return null;
    const units: Unit[] = [];
    for (const file of roots.length > 0 ? roots : files) units.push(yield* this.unit(file, reader, build));
    return new Program(units, this.target, (arch) => this.abi(arch), (program) => new FieldMemories(program));
  }

  private abi(arch: Architecture): SyscallAbi {
    const abi = this.abis.get(arch) ?? syscallAbi(arch);
    this.abis.set(arch, abi);
    return abi;
  }

  /** Files of the last reading that are too large to be looked at. */
  get tooLarge(): string[] {
    return [...this.files.values()].filter((file) => file.isTooLarge).map((file) => file.path);
  }

  private take(sources: readonly SourceFile[]): SourceText[] {
    const paths = new Set(sources.map((source) => source.path));
    for (const name of this.files.keys()) {
      if (paths.has(name)) continue;
      this.files.delete(name);
      this.units.delete(name);
      this.places = {};
    }
    return sources.map((source) => {
      const file = this.files.get(source.path);
      if (file?.update(source.text) !== false) this.places = {};
      const taken = file ?? new SourceText(source);
      this.files.set(source.path, taken);
      return taken;
    });
  }

  private *unit(file: SourceText, sources: ModuleFiles, build: ModuleBuild): Generator<undefined, Unit> {
    const known = this.units.get(file.path) ?? { unit: new Unit(file), reader: new UnitReader(this.parser, this.target), options: new SourceText({ path: '', text: '' }) };
    this.units.set(file.path, known);
    sources.folders = build.includeFolders(file);
    known.options.update(build.directives(file));
    known.unit.update(yield* known.reader.read(file, known.options, sources));
    return known.unit;
  }
}

interface KnownUnit {
  readonly unit: Unit;
  readonly reader: UnitReader;
  /** The compiler's options as directives. */
  readonly options: SourceText;
}

/** The files as the preprocessor asks for them. */
class ModuleFiles implements Sources {
  /** Where the unit that is read looks for what it includes, as its `-I` options say. */
  folders: readonly string[] = [];
  private readonly byPath: ReadonlyMap<string, SourceText>;

  constructor(private readonly files: readonly SourceText[]) {
    this.byPath = new Map(files.map((file) => [file.path, file]));
  }

  /** As gcc: beside the including file (not for `<name>`), in the folders of `-I`, else by its path in the module's folder or its name alone. */
  include(name: string, from: SourceText, system: boolean): SourceText | undefined {
    for (const folder of system ? this.folders : [path.posix.dirname(from.path), ...this.folders]) {
      const file = this.byPath.get(path.posix.join(folder, name));
      if (file) return file;
    }
    if (system) return undefined;
    const base = name.slice(name.lastIndexOf('/') + 1);
    return this.byPath.get(path.posix.normalize(name)) ?? this.files.find((file) => file.path.endsWith(`/${base}`) || file.path === base);
  }

  /** A `.c` file that another one includes is no unit of its own. */
  isIncluded(file: SourceText): boolean {
    const base = file.path.slice(file.path.lastIndexOf('/') + 1);
    const pattern = new RegExp(`^[ \\t]*#[ \\t]*include[ \\t]*"(?:[^"\\n]*/)?${base.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}"`, 'm');
    return this.files.some((other) => other !== file && pattern.test(other.text));
  }
}

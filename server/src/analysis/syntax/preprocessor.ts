// SPDX-License-Identifier: MIT
import { applyDefinition, ChunkMemory, UnitAllowance, type Chunk } from './chunk';
import { argumentsOf, Conditions, DirectiveMemory } from './directives';
import type { MacroTable } from './macros';
import type { SourceLine, SourceText, Span } from './source';
import type { TargetFacts } from './target';

export interface Sources {
  /** Resolves `#include "name"` of a file, or `<name>` (`system`); undefined when it is not one of the module's files. */
  include(name: string, from: SourceText, system: boolean): SourceText | undefined;
}

const MAX_INCLUDE_DEPTH = 30;
const MAX_INCLUDES = 400;
/** Of all files together, each counted as often as it is included. */
const MAX_LINES = 400_000;

/** Preprocesses one unit, time and again: what an edit left alone is not looked at anew. */
export class Preprocessor {
  private readonly directives = new DirectiveMemory();
  private readonly chunks = new ChunkMemory();

  constructor(private readonly target: TargetFacts) {}

  /**
   * Reads a file with its local headers, keeping the place of every token, and cuts it into declarations.
   * @param options the compiler's, as directives that are read before the file
   */
  read(file: SourceText, options: SourceText, sources: Sources): Chunk[] {
    const run = new Reading(file, sources, this.target, this.directives, this.chunks);
    run.file(options, 0);
    run.file(file, 0);
    run.finish();
    return run.read;
  }
}

interface Conditional {
  active: boolean;
  taken: boolean;
  readonly outer: boolean;
}

class Reading {
  readonly read: Chunk[] = [];
  private readonly macros: MacroTable;
  private readonly conditions: Conditions;
  private readonly includedOnce = new Set<SourceText>();
  private readonly allowance = new UnitAllowance();
  private readonly whole: Span;
  private including = 0;
  private lines = 0;
  private pending: Declaration | null = null;

  constructor(
    root: SourceText,
    private readonly sources: Sources,
    target: TargetFacts,
    private readonly directives: DirectiveMemory,
    private readonly chunks: ChunkMemory,
  ) {
    this.whole = { file: root, start: 0, end: 0 };
    this.macros = directives.firstMacros();
    this.conditions = new Conditions(this.macros, target, directives);
  }

  file(file: SourceText, depth: number): void {
    if (depth > MAX_INCLUDE_DEPTH || ++this.including > MAX_INCLUDES || this.includedOnce.has(file)) return;
    this.lines += file.lines.length;
    if (depth > 0 && this.lines > MAX_LINES) return;
    const conditionals: Conditional[] = [];
    const { lines } = file;
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at];
      if (!line) break;
      const active = conditionals.at(-1)?.active ?? true;
      if (line.directive === null) {
        if (active) at = this.codeAsBefore(lines, at) ?? this.code(line, at);
      } else if (!this.conditional(line, conditionals, active) && active) this.directive(line, file, depth);
    }
  }

  private conditional(line: SourceLine, stack: Conditional[], active: boolean): boolean {
    const top = stack.at(-1);
    switch (line.directive) {
      case 'if':
      case 'ifdef':
      case 'ifndef': {
        const yes = active && this.conditions.holds(line);
        stack.push({ active: yes, taken: yes, outer: active });
        return true;
      }
      case 'elif':
        if (top) {
          top.active = top.outer && !top.taken && this.conditions.holds(line);
          top.taken ||= top.active;
        }
        return true;
      case 'else':
        if (top) {
          top.active = top.outer && !top.taken;
          top.taken = true;
        }
        return true;
      case 'endif':
        stack.pop();
        return true;
      default:
        return false;
    }
  }

  private directive(line: SourceLine, file: SourceText, depth: number): void {
    this.pending?.interrupt(line, this.macros);
    applyDefinition(line, this.macros, this.directives);
    const [first] = argumentsOf(line);
    if (line.directive === 'include') {
      const system = first?.text === '<';
      const name = system ? /^[^>]*/.exec(argumentsOf(line).slice(1).map(({ text }) => text).join(''))?.[0] : first?.kind === 'string' ? first.text.slice(1, -1) : undefined;
      const included = name === undefined ? undefined : this.sources.include(name, file, system);
      if (included) this.file(included, depth + 1);
    } else if (line.directive === 'pragma' && first?.text === 'once') this.includedOnce.add(file);
  }

  /** Takes a whole declaration that is known from an earlier reading. @returns index of its last line */
  private codeAsBefore(lines: readonly SourceLine[], at: number): number | null {
    if (this.pending) return null;
    const found = this.chunks.wholeAt(lines, at, this.macros, this.allowance);
    if (!found) return null;
    this.take(found.chunk);
    return found.last;
  }

  /** @returns index of the line */
  private code(line: SourceLine, at: number): number {
    if (line.isBlank) return at;
    if (this.pending?.mustEndBefore(line)) this.finish();
    this.pending ??= new Declaration();
    this.pending.add(line);
    if (!this.pending.mayEnd) return at;
    const chunk = this.chunkOf(this.pending);
    if (chunk.openBraces > 0) this.pending.goOn();
    else {
      if (this.pending.isPlain) this.chunks.noteWhole(chunk);
      this.take(chunk);
    }
    return at;
  }

  /** Ends what is open, whether it is whole or not. */
  finish(): void {
    if (this.pending) this.take(this.chunkOf(this.pending));
  }

  private take(chunk: Chunk): void {
    this.read.push(chunk);
    this.allowance.take(chunk);
    this.pending = null;
  }

  private chunkOf({ lines, macros }: Declaration): Chunk {
    return this.chunks.chunk(lines, macros ?? this.macros, this.directives, this.allowance, this.whole);
  }
}

/** The lines of a declaration that is being read, with what tells where it ends. */
class Declaration {
  readonly lines: SourceLine[] = [];
  /** The macros at its first line, where lines of its own change them. */
  macros: MacroTable | null = null;
  mayEnd = false;
  /** It is told by its lines alone that it ends here: no directive stands among them, and no macro opened a brace. */
  isPlain = true;
  private braces = 0;
  private parens = 0;
  private hasParameters = false;
  private hasInitializer = false;
  private endsAt = 0;

  add(line: SourceLine): void {
    this.lines.push(line);
    for (const mark of line.marks) this.follow(mark);
    this.mayEnd = this.isComplete(line) && this.lines.length >= this.endsAt;
  }

  /** A directive among the lines. */
  interrupt(line: SourceLine, macros: MacroTable): void {
    this.isPlain = false;
    this.macros ??= macros.copy();
    this.lines.push(line);
  }

  /** A macro opened a brace: it does not end here. It is looked at again when it has grown by half, so that this stays cheap. */
  goOn(): void {
    this.isPlain = false;
    this.mayEnd = false;
    this.endsAt = Math.ceil(this.lines.length * 1.5);
  }

  /** A brace is missing: what stands at the start of a line behind a `}` there must be a declaration of its own. */
  mustEndBefore(line: SourceLine): boolean {
    if (this.braces === 0 || this.lines.at(-1)?.opening !== 'brace') return false;
    return line.opening === 'declaration' || (line.opening === 'function' && line.marks.includes('(') && !line.marks.includes(';') && !line.marks.includes('='));
  }

  private follow(mark: string): void {
    switch (mark) {
      case '{':
        this.braces++;
        break;
      case '}':
        this.braces = Math.max(0, this.braces - 1);
        break;
      case '(':
      case '[':
        this.parens++;
        if (this.braces === 0 && mark === '(') this.hasParameters = true;
        break;
      case ')':
      case ']':
        this.parens = Math.max(0, this.parens - 1);
        break;
      case '=':
        if (this.braces === 0 && this.parens === 0) this.hasInitializer = true;
        break;
      default:
    }
  }

  private isComplete({ ending, opening }: SourceLine): boolean {
    if (this.braces > 0) return false;
    const isFunctionsEnd = ending === '}' && this.hasParameters && !this.hasInitializer;
    if (this.parens > 0) return isFunctionsEnd && opening !== null;
    return ending === ';' || isFunctionsEnd;
  }
}

// SPDX-License-Identifier: MIT
import type { BuildDiagnostic, Severity } from '../../model';
import type { LineParser, OnDiagnostic } from './parser';

const MESSAGE = /^([^\s:][^:]*):(\d{1,9}):(?:(\d{1,9}):)? (fatal error|error|warning|note): (.*)$/;
const INCLUDED = /^(?:In file included|\s+) ?from ([^:]+):(\d{1,9})(?::\d{1,9})?[:,]$/;
const WITHOUT_PLACE = /^(?:[\w./-]*\bgcc(?:-\d+)?|cc1|[\w./-]*\bclang(?:-\d+)?|as): (fatal error|error): (.*)$/;
const ASSEMBLER = /^\{standard input\}:(\d{1,9}): (Error|Warning): (.*)$/;
const MACRO_NOTE = /^in (?:definition|expansion) of macro /;

const SEVERITY: Readonly<Record<string, Severity>> = {
  'fatal error': 'error',
  error: 'error',
  Error: 'error',
  warning: 'warning',
  Warning: 'warning',
  note: 'information',
};

/** Where a file of the output lies: relative to the module's folder when inside, else absolute. */
export type ResolvePath = (file: string) => { readonly path: string; readonly inside: boolean };

/**
 * Messages of gcc and clang. One that stands in a file outside the module is shown in the module: where the macro
 * was used that it is about, else at the line that included that file.
 */
export class GccParser implements LineParser {
  private includes: { file: string; line: number }[] = [];
  /** A message from outside the module, while notes may still tell where the module comes in. */
  private held: BuildDiagnostic | null = null;

  constructor(
    private readonly resolve: ResolvePath,
    private readonly emit: OnDiagnostic,
  ) {}

  push(line: string): boolean {
    const included = INCLUDED.exec(line);
    if (included) {
      if (line.startsWith('In file')) this.includes = [];
      this.includes.push({ file: included[1] ?? '', line: Number(included[2]) });
      return true;
    }
    const message = MESSAGE.exec(line);
    if (message?.[4] === 'note') this.acceptNote(message);
    else if (message) this.acceptMessage(message);
    else return this.pushWithoutPlace(line);
    return true;
  }

  end(): void {
    const held = this.held;
    this.held = null;
    if (held) this.emit(held);
  }

  private acceptMessage([, file = '', line, column, kind = 'error', text = '']: RegExpExecArray): void {
    this.end();
    const found = this.resolve(file);
    const severity = SEVERITY[kind] ?? 'error';
    if (found.inside) {
      this.emit({ file: found.path, line: atLeastOne(line), column: atLeastOne(column), severity, message: text, tool: 'gcc' });
    } else {
      const includer = this.includes.map((place) => ({ ...this.resolve(place.file), line: place.line })).find(({ inside }) => inside);
      const place = includer ? { file: includer.path, line: includer.line, column: null } : { file: found.path, line: atLeastOne(line), column: atLeastOne(column) };
      this.held = { ...place, severity, message: includer ? `${text} (in ${headerName(found.path)}:${line ?? ''})` : text, tool: 'gcc' };
    }
    this.includes = [];
  }

  private acceptNote([, file = '', line, column, , text = '']: RegExpExecArray): void {
    const found = this.resolve(file);
    const place = { file: found.path, line: atLeastOne(line), column: atLeastOne(column) };
    if (this.held && found.inside) {
      this.emit({ ...this.held, ...place });
      this.held = null;
    }
    if (MACRO_NOTE.test(text)) return;
    this.end();
    this.emit({ ...place, severity: 'information', message: text, tool: 'gcc' });
  }

  private pushWithoutPlace(line: string): boolean {
    const plain = WITHOUT_PLACE.exec(line);
    const assembler = plain ? null : ASSEMBLER.exec(line);
    if (!plain && !assembler) return false;
    const severity = SEVERITY[plain?.[1] ?? assembler?.[2] ?? 'error'] ?? 'error';
    this.emit({ file: null, line: null, column: null, severity, message: plain?.[2] ?? assembler?.[3] ?? '', tool: 'gcc' });
    return true;
  }
}

/** `include/linux/printk.h` of a kernel header's absolute path. */
function headerName(path: string): string {
  return path.replace(/^.*\/(?=(?:include|arch)\/)/, '');
}

function atLeastOne(digits: string | undefined): number | null {
  const value = Number(digits ?? 0);
  return value > 0 ? value : null;
}

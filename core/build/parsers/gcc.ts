// SPDX-License-Identifier: MIT
import type { BuildDiagnostic, Severity } from '../../model';
import type { LineParser, OnDiagnostic } from './parser';

const MESSAGE = /^([^\s:][^:]*):(\d{1,9}):(?:(\d{1,9}):)? (fatal error|error|warning|note): (.*)$/;
const INCLUDED = /^(?:In file included|\s+) ?from ([^:]+):(\d{1,9})(?::\d{1,9})?[:,]$/;
const WITHOUT_PLACE = /^(?:[\w./-]*\bgcc(?:-\d+)?|cc1|[\w./-]*\bclang(?:-\d+)?|as): (fatal error|error): (.*)$/;
const ASSEMBLER = /^\{standard input\}:(\d{1,9}): (Error|Warning): (.*)$/;
const INLINED = /^ +inlined from '([^']+)' at ([^:]+):(\d{1,9})(?::(\d{1,9}))?[:,]$/;
/** How a place came out of a macro: gcc's words, then clang's. */
const MACRO_NOTE = /^(?:in (?:definition|expansion) of|expanded from) macro /;
const MAX_RELATED = 20;

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

type Related = NonNullable<BuildDiagnostic['related']>[number];

/**
 * Messages of gcc and clang. One that stands in a file outside the module is shown in the module: where the macro or the
 * inlined function was used that it is about, else at the line that included that file. Notes go with the message before them.
 */
export class GccParser implements LineParser {
  private includes: { file: string; line: number }[] = [];
  private inlined: Related[] = [];
  /** The last message, while notes of it may follow. */
  private held: { diagnostic: BuildDiagnostic; related: Related[]; isOutside: boolean } | null = null;

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
    const inlined = INLINED.exec(line);
    if (inlined) {
      const [, name = '', file = '', at, column] = inlined;
      if (Number(at) > 0) this.inlined.push({ file: this.resolve(file).path, line: Number(at), column: atLeastOne(column), message: `inlined from ${name}()` });
      return true;
    }
    const message = MESSAGE.exec(line);
    if (message?.[4] === 'note') this.acceptNote(message);
    else if (message) this.acceptMessage(message);
    else return this.pushWithoutPlace(line);
    return true;
  }

  end(): void {
    const { held } = this;
    this.held = null;
    if (held) this.emit({ ...held.diagnostic, ...(held.related.length > 0 ? { related: held.related.slice(0, MAX_RELATED) } : {}) });
  }

  private acceptMessage([, file = '', line, column, kind = 'error', text = '']: RegExpExecArray): void {
    this.end();
    const found = this.resolve(file);
    const severity = SEVERITY[kind] ?? 'error';
    const own = { file: found.path, line: atLeastOne(line), column: atLeastOne(column) };
    const user = found.inside ? undefined : this.userOf();
    const message = user ? `${text} (in ${headerName(found.path)}:${line ?? ''})` : text;
    this.held = { diagnostic: { ...(user ?? own), severity, message, tool: 'gcc' }, related: this.inlined.filter(({ file, line: at }) => file !== user?.file || at !== user.line), isOutside: !found.inside && this.inlined.length === 0 };
    this.includes = [];
    this.inlined = [];
  }

  /** The line of the module through which a message in another file came about. */
  private userOf(): { file: string; line: number; column: number | null } | undefined {
    const inlined = this.inlined.find(({ file }) => this.resolve(file).inside);
    if (inlined) return { file: inlined.file, line: inlined.line, column: inlined.column };
    const includer = this.includes.map((place) => ({ ...this.resolve(place.file), line: place.line })).find(({ inside }) => inside);
    return includer && { file: includer.path, line: includer.line, column: null };
  }

  private acceptNote([, file = '', line, column, , text = '']: RegExpExecArray): void {
    const found = this.resolve(file);
    const { held } = this;
    if (held?.isOutside && found.inside) {
      Object.assign(held, { diagnostic: { ...held.diagnostic, file: found.path, line: atLeastOne(line), column: atLeastOne(column) }, isOutside: false });
    }
    const at = atLeastOne(line);
    if (!MACRO_NOTE.test(text) && at !== null) held?.related.push({ file: found.path, line: at, column: atLeastOne(column), message: text });
  }

  private pushWithoutPlace(line: string): boolean {
    const plain = WITHOUT_PLACE.exec(line);
    const assembler = plain ? null : ASSEMBLER.exec(line);
    if (!plain && !assembler) return false;
    this.end();
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

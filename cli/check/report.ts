// SPDX-License-Identifier: MIT
import path from 'node:path';
import { visibleText, type Finding } from '../../core/model';

/** A finding with where it lies on this machine. */
export interface LocatedFinding extends Finding {
  /** Absolute folder that `file` and the related files are relative to. */
  readonly folder: string;
  /** The line that it begins in. */
  readonly lineText: string;
  /** The reason of the comment that suppresses it; null when none does. */
  readonly suppressed: string | null;
}

/** Something about a file that is no finding. */
export interface Note {
  /** Absolute path. */
  readonly file: string;
  /** From 0; null for the whole file. */
  readonly line: number | null;
  readonly message: string;
}

/** Takes what `check` finds as it comes, and writes it in one format. */
export interface Report {
  finding(finding: LocatedFinding): void;
  note(note: Note): void;
  end(): void;
}

/** What a report writes to; text for people goes to `err`. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** A path as people read it: relative to where they are. */
export function shownPath(file: string, cwd: string): string {
  return visibleText(path.relative(cwd, file) || file).replaceAll('\n', '\\x0a');
}

/** One line a finding, as compilers write them. */
export class TextReport implements Report {
  private findings = 0;
  private errors = 0;

  constructor(
    private readonly output: Output,
    private readonly cwd: string,
  ) {}

  finding({ folder, file, range, severity, message, rule, suppressed }: LocatedFinding): void {
    if (suppressed !== null) return;
    this.findings++;
    if (severity === 'error') this.errors++;
    const { line, character } = range.start;
    this.output.out(`${shownPath(path.join(folder, file), this.cwd)}:${line + 1}:${character + 1}: ${severity}: ${visibleText(message)} [${rule}]\n`);
  }

  note({ file, line, message }: Note): void {
    this.output.err(`${shownPath(file, this.cwd)}${line === null ? '' : `:${line + 1}`}: ${visibleText(message)}\n`);
  }

  end(): void {
    this.output.err(`${this.findings} ${this.findings === 1 ? 'finding' : 'findings'}, ${this.errors} of them errors\n`);
  }
}

/** One JSON document. Files are absolute paths in `folder` and relative ones in `file`; positions count from 0. */
export class JsonReport implements Report {
  private readonly notes: Note[] = [];
  private separator = '{"findings":[\n';

  constructor(private readonly output: Output) {}

  finding(located: LocatedFinding): void {
    this.output.out(`${this.separator}${JSON.stringify({ ...located, lineText: undefined })}`);
    this.separator = ',\n';
  }

  note(note: Note): void {
    this.notes.push(note);
  }

  end(): void {
    this.output.out(`${this.separator === ',\n' ? '\n' : this.separator}],"notes":${JSON.stringify(this.notes)}}\n`);
  }
}

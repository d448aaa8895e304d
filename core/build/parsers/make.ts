// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { LineParser, OnDiagnostic } from './parser';

const ENTERING = /^make(?:\[\d+\])?: Entering directory ['`]([^']+)'$/;
const LEAVING = /^make(?:\[\d+\])?: Leaving directory ['`]/;
const AT_LINE = /^([^\s:*][^:]*):(\d{1,9}): \*\*\* (.*)$/;
const STOPPED = /^make(?:\[\d+\])?: \*\*\* (.*)$/;
/** `[Makefile:12: target] Error 1`: what went wrong was said before. */
const CONSEQUENCE = /^\[[^\]]*\] (?:Error \d+|Killed|Terminated|Interrupt)|^Waiting for unfinished jobs|^Deleting file/;
const NOT_FOUND = /^(?:\/bin\/)?sh: (?:\d+: |line \d+: )?([^:]+): (?:command )?not found$/;

/** What make itself says, and the folder in which its commands run. */
export class MakeParser implements LineParser {
  private readonly folders: string[] = [];

  constructor(
    private readonly resolve: (file: string) => { path: string },
    private readonly emit: OnDiagnostic,
  ) {}

  /** Folders to which a relative path may refer, the innermost first. */
  bases(): readonly string[] {
    return [...this.folders].reverse();
  }

  push(line: string): boolean {
    const entering = ENTERING.exec(line)?.[1];
    if (entering !== undefined) {
      this.folders.push(path.posix.resolve('/', entering));
      return true;
    }
    if (LEAVING.test(line)) {
      this.folders.pop();
      return true;
    }
    const atLine = AT_LINE.exec(line);
    if (atLine) {
      this.report(atLine[3] ?? '', this.resolve(atLine[1] ?? '').path, Number(atLine[2]));
      return true;
    }
    const missing = NOT_FOUND.exec(line)?.[1];
    if (missing !== undefined) {
      this.report(`The program ${missing} is not installed.`, null, null);
      return true;
    }
    const stopped = STOPPED.exec(line)?.[1];
    if (stopped === undefined) return false;
    if (!CONSEQUENCE.test(stopped)) this.report(stopped, null, null);
    return true;
  }

  private report(message: string, file: string | null, line: number | null): void {
    this.emit({ file, line: line === 0 ? null : line, column: null, severity: 'error', message, tool: 'make' });
  }
}

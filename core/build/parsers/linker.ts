// SPDX-License-Identifier: MIT
import type { BuildDiagnostic, SourceFile } from '../../model';
import type { ResolvePath } from './gcc';
import type { LineParser, OnDiagnostic } from './parser';
import { findSymbol } from './place';

const LD = /^(?:[\w./-]*\bld(?:\.\w+)?): (?:(warning): )?(.*)$/;
/** With debug information ld knows the line, else only the section: `a.c:5: …`, `a.c:(.text+0x0): …`. */
const AT_SOURCE = /^(?:[\w./-]*\bld(?:\.\w+)?: )?(?:\S+\.o: ?)?([^\s:]+\.[chS]):(?:(\d{1,9})|\(\.[\w.]+\+0x[0-9a-f]+\)): ((?:multiple definition|undefined reference|relocation|warning:) .*)$/;
const IN_FUNCTION = /: in function [`'][^']*':$/;
const OBJTOOL = /^\S+\.k?o: (warning|error): objtool: (.*)$/;

/** Messages of ld and objtool; one without a line is shown where the sources name the symbol that it is about. */
export class LinkerParser implements LineParser {
  constructor(
    private readonly sources: readonly SourceFile[],
    private readonly resolve: ResolvePath,
    private readonly emit: OnDiagnostic,
  ) {}

  push(line: string): boolean {
    const objtool = OBJTOOL.exec(line);
    if (objtool) {
      const text = objtool[2] ?? '';
      this.report('objtool', objtool[1] === 'error' ? 'error' : 'warning', text, /^([A-Za-z_]\w*)(?:\(\))?[+:]/.exec(text)?.[1]);
      return true;
    }
    if (IN_FUNCTION.test(line)) return true;
    const atSource = AT_SOURCE.exec(line);
    if (atSource) {
      const [, file = '', lineNumber, message = ''] = atSource;
      if (lineNumber === undefined) this.report('ld', 'error', message, symbolIn(message));
      else this.emit({ file: this.resolve(file).path, line: Number(lineNumber), column: null, severity: 'error', message: message, tool: 'ld' });
      return true;
    }
    const plain = LD.exec(line);
    if (!plain) return false;
    const message = plain[2] ?? '';
    this.report('ld', plain[1] === 'warning' ? 'warning' : 'error', message, symbolIn(message));
    return true;
  }

  private report(tool: BuildDiagnostic['tool'], severity: BuildDiagnostic['severity'], message: string, symbol: string | undefined): void {
    const place = symbol === undefined ? null : findSymbol(this.sources, symbol);
    this.emit({ file: place?.file ?? null, line: place?.line ?? null, column: place?.column ?? null, severity, message: message, tool });
  }
}

function symbolIn(message: string): string | undefined {
  return /[`']([A-Za-z_]\w*)'/.exec(message)?.[1];
}

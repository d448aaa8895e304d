// SPDX-License-Identifier: MIT
import type { BuildDiagnostic, SourceFile } from '../../model';
import type { LineParser, OnDiagnostic } from './parser';
import { findSymbol } from './place';

const LD = /^(?:[\w./-]*\bld(?:\.\w+)?): (?:(warning): )?(.*)$/;
const LD_WITH_SOURCE = /^(?:[\w./-]*\bld(?:\.\w+)?: )?(?:\S+\.o: ?)?[\w./-]*\.[cS]:\(\.[\w.]+\+0x[0-9a-f]+\): (.*)$/;
const IN_FUNCTION = /: in function [`'][^']*':$/;
const OBJTOOL = /^(?:\S+\.k?o: )?(?:(warning|error): )objtool: (.*)$|^\S+\.k?o: (warning|error): objtool: (.*)$/;

/** Messages of ld and objtool; shown where the sources name the symbol that they are about. */
export class LinkerParser implements LineParser {
  constructor(
    private readonly sources: readonly SourceFile[],
    private readonly emit: OnDiagnostic,
  ) {}

  push(line: string): boolean {
    const objtool = OBJTOOL.exec(line);
    if (objtool) {
      const text = objtool[2] ?? objtool[4] ?? '';
      this.report('objtool', (objtool[1] ?? objtool[3]) === 'error' ? 'error' : 'warning', text, /^([A-Za-z_]\w*)(?:\(\))?[+:]/.exec(text)?.[1]);
      return true;
    }
    if (IN_FUNCTION.test(line)) return true;
    const withSource = LD_WITH_SOURCE.exec(line);
    const plain = withSource ? null : LD.exec(line);
    if (!withSource && !plain) return false;
    const text = withSource?.[1] ?? plain?.[2] ?? '';
    this.report('ld', plain?.[1] === 'warning' ? 'warning' : 'error', text, /[`']([A-Za-z_]\w*)'/.exec(text)?.[1]);
    return true;
  }

  private report(tool: BuildDiagnostic['tool'], severity: BuildDiagnostic['severity'], message: string, symbol: string | undefined): void {
    const place = symbol === undefined ? null : findSymbol(this.sources, symbol);
    this.emit({ file: place?.file ?? null, line: place?.line ?? null, column: place?.column ?? null, severity, message, tool });
  }
}

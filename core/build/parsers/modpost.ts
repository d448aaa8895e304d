// SPDX-License-Identifier: MIT
import type { SourceFile } from '../../model';
import type { LineParser, OnDiagnostic } from './parser';
import { findSymbol, type Place } from './place';

const LINE = /^(ERROR|WARNING|FATAL): (?:modpost: )?(.*)$/;

/** Ways in which modpost names the symbol that a message is about; 7.3 changed most of the words. */
const SYMBOLS: readonly RegExp[] = [
  /^"([^"]+)" \[[^\]]*\] undefined!/,
  /: symbol '([^']+)' undefined!/,
  /uses GPL-only symbol '([^']+)'/,
  /uses symbol '?([A-Za-z_]\w*)'? from namespace/,
  /section mismatch in reference: ([A-Za-z_]\w*)/i,
];
const UNDEFINED = /^"([^"]+)" \[[^\]]*\] undefined!|: symbol '([^']+)' undefined!/;
const MAX_UNDEFINED = 1_000;
const ABOUT_THE_MODULE = /missing MODULE_(?:LICENSE|DESCRIPTION|AUTHOR)\(\)/;

/**
 * Messages of modpost, which name no file: they are shown at the first use of their symbol in the module's sources,
 * and those about the whole module at its first source.
 */
export class ModpostParser implements LineParser {
  readonly undefinedSymbols = new Set<string>();

  constructor(
    private readonly sources: readonly SourceFile[],
    private readonly emit: OnDiagnostic,
  ) {}

  push(line: string): boolean {
    const parsed = LINE.exec(line);
    if (!parsed) return false;
    const message = (parsed[2] ?? '').replace(/\[[^\]]*\/([^/\]]+)\]/, '[$1]');
    const [, old, current = old] = UNDEFINED.exec(message) ?? [];
    if (current !== undefined && this.undefinedSymbols.size < MAX_UNDEFINED) this.undefinedSymbols.add(current);
    const place = this.placeOf(message);
    this.emit({
      file: place?.file ?? null,
      line: place?.line ?? null,
      column: place?.column ?? null,
      severity: parsed[1] === 'WARNING' ? 'warning' : 'error',
      message,
      tool: 'modpost',
    });
    return true;
  }

  private placeOf(message: string): Place | null {
    for (const pattern of SYMBOLS) {
      const symbol = pattern.exec(message)?.[1];
      if (symbol !== undefined) return findSymbol(this.sources, symbol);
    }
    if (!ABOUT_THE_MODULE.test(message)) return null;
    const main = this.sources.find(({ text }) => /\bmodule_init\b/.test(text)) ?? this.sources[0];
    return main ? (findSymbol([main], 'module_init') ?? { file: main.path, line: 1, column: 1 }) : null;
  }
}

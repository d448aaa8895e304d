// SPDX-License-Identifier: MIT
import { hiddenSymbol, whyHidden } from '../../abi/hidden-symbols';
import type { SourceFile } from '../../model';
import type { LineParser, OnDiagnostic } from './parser';
import { findSymbol, type Place } from './place';

const LINE = /^(ERROR|WARNING|FATAL): (?:modpost: )?(.*)$/;

interface About {
  readonly symbol: string;
  /** What else there is to know, as a sentence; null when modpost says it all. */
  readonly advice: string | null;
}

/** A way in which modpost words a message about a symbol, and what is added to it. */
interface Wording {
  readonly pattern: RegExp;
  readonly advice?: (symbol: string, second: string) => string | null;
}

const undefinedAdvice = (symbol: string): string | null => {
  const known = hiddenSymbol(symbol);
  return known ? `${symbol} ${whyHidden(known, 'x86_64')}. ${known.instead}` : 'Neither the kernel nor a module that was built before exports it.';
};
const licenseAdvice = (): string => 'Modules under MODULE_LICENSE("GPL") may use it.';
const namespaceAdvice = (_symbol: string, namespace: string): string => `Add MODULE_IMPORT_NS(${namespace}), from Linux 6.13 on MODULE_IMPORT_NS("${namespace}").`;

const UNDEFINED: readonly RegExp[] = [/^"([^"]+)" \[[^\]]*\] undefined!/, /(?:^|: )symbol '([^']+)' undefined!/];

/** By the messages of modpost in 5.10, 6.1, 6.12 and 7.3, which changed most of them. */
const WORDINGS: readonly Wording[] = [
  ...UNDEFINED.map((pattern) => ({ pattern, advice: undefinedAdvice })),
  { pattern: /uses (?:future )?GPL-only symbol (?:marked UNUSED )?'([^']+)'/, advice: licenseAdvice },
  { pattern: /uses symbol '?([A-Za-z_]\w*)'? from namespace '?(\w[\w:,*-]*?)'?,/, advice: namespaceAdvice },
  { pattern: /section mismatch in reference: ([A-Za-z_]\w*)/ },
  { pattern: /Section mismatch in reference from the (?:function|variable) ([A-Za-z_]\w*)/ },
  { pattern: /EXPORT_SYMBOL used for init\/exit symbol: ([A-Za-z_]\w*)/ },
  { pattern: /: ([A-Za-z_]\w*): EXPORT_SYMBOL used for (?:init|exit) symbol/ },
  { pattern: /EXPORT_SYMBOL used for (?:init|exit) symbol '([^']+)'/ },
  { pattern: /'([^']+)' exported twice/ },
  { pattern: /[Ss]ymbol '([^']+)' (?:was exported|has no CRC|version generation)/ },
  { pattern: /"([^"]+)" \[[^\]]*\] (?:has no CRC|was exported|version generation|is COMMON)/ },
  { pattern: /The symbol ([A-Za-z_]\w*) is exported and annotated/ },
];
const ABOUT_THE_MODULE = /missing MODULE_(?:LICENSE|DESCRIPTION|AUTHOR)\(\)/;
/** Of many undefined symbols only some are named. */
const MAX_UNDEFINED = 1_000;

/**
 * Messages of modpost, which name no file: they are shown at the first use of their symbol in the module's sources,
 * and those about the whole module at its first source.
 */
export class ModpostParser implements LineParser {
  /** Symbols that nothing was found to export. */
  readonly undefinedSymbols = new Set<string>();

  constructor(
    private readonly sources: readonly SourceFile[],
    private readonly emit: OnDiagnostic,
  ) {}

  push(line: string): boolean {
    const parsed = LINE.exec(line);
    if (!parsed) return false;
    const message = (parsed[2] ?? '').replace(/\[[^\]]*\/([^/\]]+)\]/, '[$1]');
    this.noteUndefined(message);
    const about = aboutSymbol(message);
    const place = about ? findSymbol(this.sources, about.symbol) : ABOUT_THE_MODULE.test(message) ? this.modulePlace() : null;
    this.emit({
      file: place?.file ?? null,
      line: place?.line ?? null,
      column: place?.column ?? null,
      severity: parsed[1] === 'WARNING' ? 'warning' : 'error',
      message: about?.advice ? `${message}${/[.!]$/.test(message) ? '' : '.'} ${about.advice}` : message,
      tool: 'modpost',
    });
    return true;
  }

  private noteUndefined(message: string): void {
    const symbol = UNDEFINED.map((pattern) => pattern.exec(message)?.[1]).find((found) => found !== undefined);
    if (symbol !== undefined && this.undefinedSymbols.size < MAX_UNDEFINED) this.undefinedSymbols.add(symbol);
  }

  private modulePlace(): Place | null {
    const main = this.sources.find(({ text }) => /\bmodule_init\b/.test(text)) ?? this.sources[0];
    return main ? (findSymbol([main], 'module_init') ?? { file: main.path, line: 1, column: 1 }) : null;
  }
}

function aboutSymbol(message: string): About | null {
  for (const { pattern, advice } of WORDINGS) {
    const [, symbol, second = ''] = pattern.exec(message) ?? [];
    if (symbol !== undefined) return { symbol, advice: advice?.(symbol, second) ?? null };
  }
  return null;
}

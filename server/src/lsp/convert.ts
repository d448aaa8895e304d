// SPDX-License-Identifier: MIT
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { DiagnosticSeverity, DiagnosticTag, type Diagnostic } from 'vscode-languageserver/node';
import type { Finding, Severity } from '../../../core/model/analysis';

const SEVERITY: Readonly<Record<Severity, DiagnosticSeverity>> = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  information: DiagnosticSeverity.Information,
  hint: DiagnosticSeverity.Hint,
};

export function toSeverity(severity: Severity): DiagnosticSeverity {
  return SEVERITY[severity];
}

/** Where the pages of docs/rules/ can be read. */
const RULE_PAGES = 'https://github.com/kmodlab/kmodlab/blob/main/docs/rules';

/** Findings as LSP wants them. Those that an edit left alone are the same objects as before, and so are their diagnostics. */
export class Diagnostics {
  private readonly known = new WeakMap<Finding, { readonly folder: string; readonly diagnostic: Diagnostic }>();

  /** @param folder the module's */
  of(findings: readonly Finding[], folder: string): Diagnostic[] {
    const uris = new Map<string, string>();
    return findings.map((finding) => {
      const known = this.known.get(finding);
      if (known?.folder === folder) return known.diagnostic;
      const diagnostic = toDiagnostic(finding, folder, uris);
      this.known.set(finding, { folder, diagnostic });
      return diagnostic;
    });
  }
}

/** @param uris of files that were met before, by their path in the folder */
export function toDiagnostic(finding: Finding, folder: string, uris = new Map<string, string>()): Diagnostic {
  const uriOf = (file: string): string => {
    const uri = uris.get(file) ?? pathToFileURL(path.join(folder, file)).toString();
    uris.set(file, uri);
    return uri;
  };
  return {
    range: finding.range,
    severity: toSeverity(finding.severity),
    code: finding.rule,
    codeDescription: { href: `${RULE_PAGES}/${finding.rule}.md` },
    source: 'kmodlab',
    message: finding.message,
    ...(finding.rule === 'unused-suppression' ? { tags: [DiagnosticTag.Unnecessary] } : {}),
    relatedInformation: finding.related.map(({ file, range, message }) => ({ location: { uri: uriOf(file), range }, message })),
  };
}

/** What is said of a document that is too large to be analysed. */
export function tooLarge(limitBytes: number): Diagnostic {
  return {
    range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
    severity: DiagnosticSeverity.Information,
    code: 'not-analysed',
    codeDescription: { href: `${RULE_PAGES}/not-analysed.md` },
    source: 'kmodlab',
    message: `Not analysed: this file is larger than ${limitBytes / 1024 / 1024} MB.`,
  };
}

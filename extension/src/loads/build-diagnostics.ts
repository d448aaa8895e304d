// SPDX-License-Identifier: MIT
import path from 'node:path';
import * as vscode from 'vscode';
import type { BuildDiagnostic, Severity } from '../../../core/model';

const SEVERITY: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

/** What the last build of each module said, at the lines it said it of. */
export class BuildDiagnostics implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection('kmodlab-build');
  private readonly filesOf = new Map<string, vscode.Uri[]>();

  /** Replaces what the previous build of the module in this folder said. Without a file it is said of the Kbuild file. */
  publish(folder: string, kbuildFile: string, diagnostics: readonly BuildDiagnostic[]): void {
    this.clear(folder);
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const diagnostic of diagnostics) {
      const file = path.resolve(folder, diagnostic.file ?? kbuildFile);
      byFile.set(file, [...(byFile.get(file) ?? []), toDiagnostic(diagnostic)]);
    }
    const uris = [...byFile].map(([file, list]) => {
      const uri = vscode.Uri.file(file);
      this.collection.set(uri, list);
      return uri;
    });
    this.filesOf.set(folder, uris);
  }

  clear(folder: string): void {
    for (const uri of this.filesOf.get(folder) ?? []) this.collection.delete(uri);
    this.filesOf.delete(folder);
  }

  dispose(): void {
    this.collection.dispose();
  }
}

function toDiagnostic(diagnostic: BuildDiagnostic): vscode.Diagnostic {
  const line = (diagnostic.line ?? 1) - 1;
  const column = (diagnostic.column ?? 1) - 1;
  const end = diagnostic.column === null ? Number.MAX_SAFE_INTEGER : column + 1;
  const result = new vscode.Diagnostic(new vscode.Range(line, column, line, end), diagnostic.message, SEVERITY[diagnostic.severity]);
  result.source = diagnostic.tool;
  return result;
}

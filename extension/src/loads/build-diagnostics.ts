// SPDX-License-Identifier: MIT
import path from 'node:path';
import * as vscode from 'vscode';
import type { BuildDiagnostic, Severity } from '../../../core/model';
import type { ModuleDescription } from '../../../core/modules/discover';

const SEVERITY: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

/**
 * What the last build of each module said, at the lines it said it of. The problem matchers of the tasks have the same owner
 * as this collection, so a build by command clears what a task reported, and the other way round.
 */
export class BuildDiagnostics implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection('kmodlab-build');
  private readonly filesOf = new Map<string, readonly vscode.Uri[]>();

  /** Replaces what the previous build of the module said. Without a file it is said of the Kbuild file. */
  publish(module: ModuleDescription, diagnostics: readonly BuildDiagnostic[]): void {
    this.clear(module);
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const diagnostic of diagnostics) {
      const file = path.resolve(module.folder, diagnostic.file ?? module.kbuildFile);
      byFile.set(file, [...(byFile.get(file) ?? []), toDiagnostic(diagnostic, module.folder)]);
    }
    const uris = [...byFile].map(([file, list]) => {
      const uri = vscode.Uri.file(file);
      this.collection.set(uri, list);
      return uri;
    });
    this.filesOf.set(module.folder, uris);
  }

  clear(module: ModuleDescription): void {
    const files = [module.kbuildFile, ...module.sources, ...module.headers].map((file) => vscode.Uri.file(path.resolve(module.folder, file)));
    for (const uri of [...files, ...(this.filesOf.get(module.folder) ?? [])]) this.collection.delete(uri);
    this.filesOf.delete(module.folder);
  }

  dispose(): void {
    this.collection.dispose();
  }
}

function toDiagnostic(diagnostic: BuildDiagnostic, folder: string): vscode.Diagnostic {
  const result = new vscode.Diagnostic(rangeOf(diagnostic), diagnostic.message, SEVERITY[diagnostic.severity]);
  result.source = diagnostic.tool;
  result.relatedInformation = (diagnostic.related ?? []).map((note) => new vscode.DiagnosticRelatedInformation(new vscode.Location(vscode.Uri.file(path.resolve(folder, note.file)), rangeOf(note)), note.message));
  return result;
}

function rangeOf({ line, column }: Pick<BuildDiagnostic, 'line' | 'column'>): vscode.Range {
  const start = new vscode.Position((line ?? 1) - 1, (column ?? 1) - 1);
  return new vscode.Range(start, column === null ? start.with({ character: Number.MAX_SAFE_INTEGER }) : start); // VS Code marks the word at an empty range
}

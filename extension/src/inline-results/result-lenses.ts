// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Command } from '../manifest';
import type { Settings } from '../settings';
import type { EditorResults } from './editor-results';

/** A code lens above each line that made calls: what they returned, and the way to their cards. */
export class ResultLenses implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changed.event;
  private readonly subscriptions: { dispose(): void }[];
  /** What the lenses of the visible documents said last. */
  private shown = '';

  constructor(
    private readonly results: EditorResults,
    private readonly settings: Settings,
  ) {
    this.subscriptions = [
      this.changed,
      results.onChange(() => this.refresh()),
      settings.onChange('kmodlab.results.codeLens', () => this.changed.fire()),
      vscode.languages.registerCodeLensProvider({ scheme: 'file', language: 'c' }, this),
    ];
  }

  /** Asks for new lenses only where they differ: a lens that is replaced while it is clicked does nothing. */
  private refresh(): void {
    const now = JSON.stringify(vscode.window.visibleTextEditors.map(({ document }) => this.results.of(document)));
    if (now === this.shown) return;
    this.shown = now;
    this.changed.fire();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const found = this.settings.codeLens ? this.results.of(document) : null;
    return (found?.results ?? []).flatMap(({ line, calls }) =>
      calls.map(({ title, callId }) => new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title, tooltip: 'Open this call in Syscall Results', command: Command.showResults, arguments: [{ session: found?.sessionId, call: callId }] })),
    );
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}

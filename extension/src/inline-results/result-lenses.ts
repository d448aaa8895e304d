// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Command } from '../manifest';
import type { Settings } from '../settings';
import type { EditorResults } from './editor-results';

class CallLens extends vscode.CodeLens {
  constructor(
    line: number,
    readonly title: string,
    readonly link: { readonly session: string | undefined; readonly call: string },
  ) {
    super(new vscode.Range(line, 0, line, 0));
  }
}

/** A code lens above each line that made calls: what they returned, and the way to their cards. */
export class ResultLenses implements vscode.CodeLensProvider<CallLens>, vscode.Disposable {
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

  provideCodeLenses(document: vscode.TextDocument): CallLens[] {
    const found = this.settings.codeLens ? this.results.of(document) : null;
    return (found?.results ?? []).flatMap(({ line, calls }) => calls.map(({ title, callId }) => new CallLens(line, title, { session: found?.sessionId, call: callId })));
  }

  /** The command comes with the lens being shown: VS Code forgets the commands of lenses that it has asked for anew. */
  resolveCodeLens(lens: CallLens): CallLens {
    lens.command = { title: lens.title, tooltip: 'Open this call in Syscall Results', command: Command.showResults, arguments: [lens.link] };
    return lens;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }
}

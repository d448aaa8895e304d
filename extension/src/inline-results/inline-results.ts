// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { Emitter } from '../emitter';
import { Command } from '../manifest';
import type { Settings } from '../settings';
import type { EditorResults } from './editor-results';
import type { InlineResult } from './inline-model';

const SPACE = '0 0 0 3ch';

/** Puts what each call returned at the end of the line that made it, in every visible editor. */
export class InlineResults implements vscode.Disposable {
  private readonly styles = {
    fresh: vscode.window.createTextEditorDecorationType({ after: { margin: SPACE, color: new vscode.ThemeColor('editorCodeLens.foreground') } }),
    differs: vscode.window.createTextEditorDecorationType({ after: { margin: SPACE, color: new vscode.ThemeColor('editorWarning.foreground') } }),
    stale: vscode.window.createTextEditorDecorationType({ after: { margin: SPACE, color: new vscode.ThemeColor('disabledForeground'), fontStyle: 'italic' } }),
  } as const;
  private readonly shown = new Map<string, readonly InlineResult[]>();
  private readonly changed = new Emitter<void>();
  private readonly subscriptions: { dispose(): void }[];

  constructor(
    private readonly results: EditorResults,
    private readonly settings: Settings,
  ) {
    this.subscriptions = [
      this.changed,
      ...Object.values(this.styles),
      results.onChange(() => this.showAll()),
      settings.onChange('kmodlab.results.inline', () => this.showAll()),
    ];
  }

  /** What stands in the editors of a document now. */
  of(uri: vscode.Uri): readonly InlineResult[] {
    return this.shown.get(uri.toString()) ?? [];
  }

  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private showAll(): void {
    this.shown.clear();
    for (const editor of vscode.window.visibleTextEditors) this.show(editor);
    this.changed.fire();
  }

  private show(editor: vscode.TextEditor): void {
    const found = this.settings.inlineResults ? this.results.of(editor.document) : null;
    const results = found?.results ?? [];
    this.shown.set(editor.document.uri.toString(), results);
    const decorations: Record<keyof typeof this.styles, vscode.DecorationOptions[]> = { fresh: [], differs: [], stale: [] };
    for (const result of results) decorations[result.stale ? 'stale' : result.differs ? 'differs' : 'fresh'].push(decoration(editor.document, result, found?.sessionId ?? ''));
    for (const kind of ['fresh', 'differs', 'stale'] as const) editor.setDecorations(this.styles[kind], decorations[kind]);
  }
}

function decoration(document: vscode.TextDocument, result: InlineResult, sessionId: string): vscode.DecorationOptions {
  const { end } = document.lineAt(result.line).range;
  return { range: new vscode.Range(end, end), hoverMessage: hover(result, sessionId), renderOptions: { after: { contentText: result.text } } };
}

function hover(result: InlineResult, sessionId: string): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.isTrusted = { enabledCommands: [Command.showResults] };
  for (const paragraph of result.hover) text.appendText(paragraph).appendMarkdown('\n\n');
  const argument = encodeURIComponent(JSON.stringify([{ session: sessionId, call: result.callId }]));
  return text.appendMarkdown(`[Open in Syscall Results](command:${Command.showResults}?${argument})`);
}

// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import * as vscode from 'vscode';
import type { LoadSession } from '../../../core/model';
import { Emitter } from '../emitter';
import { Command } from '../manifest';
import type { SessionFeed } from '../sessions/session-feed';
import type { Settings } from '../settings';
import { Coalesced } from '../webviews/coalesce';
import { callSites, type CallSites } from './call-sites';
import { inlineResults, isBuiltFrom, sourcePath, type InlineResult } from './inline-model';

export interface InlineResultsDeps {
  readonly feed: SessionFeed;
  readonly settings: Settings;
}

const SPACE = '0 0 0 3ch';

/** Puts what each call returned at the end of the line that made it, in every visible editor. */
export class InlineResults implements vscode.Disposable {
  private readonly styles = {
    fresh: vscode.window.createTextEditorDecorationType({ after: { margin: SPACE, color: new vscode.ThemeColor('editorCodeLens.foreground') } }),
    differs: vscode.window.createTextEditorDecorationType({ after: { margin: SPACE, color: new vscode.ThemeColor('editorWarning.foreground') } }),
    stale: vscode.window.createTextEditorDecorationType({ after: { margin: SPACE, color: new vscode.ThemeColor('disabledForeground'), fontStyle: 'italic' } }),
  } as const;
  private readonly update = new Coalesced(() => this.showAll());
  private readonly shown = new Map<string, readonly InlineResult[]>();
  private readonly changed = new Emitter<void>();
  private readonly subscriptions: { dispose(): void }[];
  private readonly sites = new WeakMap<LoadSession, CallSites>();
  /** By document: the last text that was built, with the session that it was built for. */
  private readonly built = new Map<string, { readonly sessionId: string; readonly text: string }>();

  constructor(private readonly deps: InlineResultsDeps) {
    const request = (): void => this.update.request();
    this.subscriptions = [
      this.update,
      this.changed,
      ...Object.values(this.styles),
      deps.feed.subscribe(({ event }) => {
        if (event.type !== 'record') request();
      }),
      deps.settings.onChange('kmodlab.results.inline', request),
      vscode.window.onDidChangeVisibleTextEditors(request),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme === 'file') request();
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.built.delete(uri.toString())),
      vscode.workspace.onDidSaveTextDocument(request),
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
    const found = this.deps.settings.inlineResults ? this.sessionOf(editor.document) : null;
    const results = found ? this.resultsOf(editor.document, found.session, found.file) : [];
    this.shown.set(editor.document.uri.toString(), results);
    const decorations: Record<keyof typeof this.styles, vscode.DecorationOptions[]> = { fresh: [], differs: [], stale: [] };
    for (const result of results) decorations[result.stale ? 'stale' : result.differs ? 'differs' : 'fresh'].push(decoration(editor.document, result, found?.session.id ?? ''));
    for (const kind of ['fresh', 'differs', 'stale'] as const) editor.setDecorations(this.styles[kind], decorations[kind]);
  }

  /** The newest session that was built from a document's file. */
  private sessionOf({ uri }: vscode.TextDocument): { session: LoadSession; file: string } | null {
    if (uri.scheme !== 'file') return null;
    for (const live of this.deps.feed.all().toReversed()) {
      const session = live.session();
      const file = sourcePath(session, uri.fsPath);
      if (file !== null) return { session, file };
    }
    return null;
  }

  private resultsOf(document: vscode.TextDocument, session: LoadSession, file: string): InlineResult[] {
    const key = document.uri.toString();
    const text = document.getText();
    const isAsBuilt = isBuiltFrom(session, file, text) || (!document.isDirty && isBuiltFrom(session, file, bytesOf(document)));
    if (isAsBuilt) this.built.set(key, { sessionId: session.id, text });
    const built = this.built.get(key);
    return inlineResults(this.sitesOf(session), file, { text, isAsBuilt, built: built?.sessionId === session.id ? built.text : null });
  }

  private sitesOf(session: LoadSession): CallSites {
    const sites = this.sites.get(session) ?? callSites(session);
    this.sites.set(session, sites);
    return sites;
  }
}

/** The bytes of a document's file, whose encoding or line ends its text may not show; none when it cannot be read. */
function bytesOf(document: vscode.TextDocument): Uint8Array {
  try {
    return fs.readFileSync(document.uri.fsPath);
  } catch {
    return new Uint8Array();
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

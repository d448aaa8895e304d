// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import * as vscode from 'vscode';
import type { LoadSession } from '../../../core/model';
import { Emitter } from '../emitter';
import type { LiveSession, SessionFeed } from '../sessions/session-feed';
import { Coalesced } from '../webviews/coalesce';
import { inlineResults, isBuiltFrom, sourcePath, type InlineResult } from './inline-model';

/** The results that belong to the lines of a document, and the session that they are of. */
export interface DocumentResults {
  readonly sessionId: string;
  readonly results: readonly InlineResult[];
}

/** What the calls of a document's lines returned, for everything that shows it in an editor. */
export class EditorResults implements vscode.Disposable {
  private readonly changed = new Emitter<void>();
  private readonly change = new Coalesced(() => this.changed.fire());
  /** By document: the last text that was built, with the session that it was built for. */
  private readonly built = new Map<string, { readonly sessionId: string; readonly text: string }>();
  private readonly subscriptions: { dispose(): void }[];

  constructor(private readonly feed: SessionFeed) {
    const request = (): void => this.change.request();
    this.subscriptions = [
      this.change,
      this.changed,
      feed.subscribe(({ event }) => {
        if (event.type !== 'record') request();
      }),
      vscode.window.onDidChangeVisibleTextEditors(request),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme === 'file') request();
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.built.delete(uri.toString())),
      vscode.workspace.onDidSaveTextDocument(request),
    ];
  }

  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  /** Null where no session was built from the document. */
  of(document: vscode.TextDocument): DocumentResults | null {
    if (document.uri.scheme !== 'file') return null;
    for (const live of this.feed.all().toReversed()) {
      const session = live.session();
      const file = sourcePath(session, document.uri.fsPath);
      if (file !== null) return { sessionId: session.id, results: this.resultsOf(document, live, session, file) };
    }
    return null;
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private resultsOf(document: vscode.TextDocument, live: LiveSession, session: LoadSession, file: string): InlineResult[] {
    const key = document.uri.toString();
    const text = document.getText();
    const isAsBuilt = isBuiltFrom(session, file, text) || (!document.isDirty && isBuiltFrom(session, file, bytesOf(document)));
    if (isAsBuilt) this.built.set(key, { sessionId: session.id, text });
    const built = this.built.get(key);
    return inlineResults(live.callSites(), file, { text, isAsBuilt, built: built?.sessionId === session.id ? built.text : null });
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

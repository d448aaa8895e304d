// SPDX-License-Identifier: MIT
import path from 'node:path';
import * as vscode from 'vscode';
import { isInside } from '../loads/modules';
import type { LiveSession, SessionFeed } from '../sessions/session-feed';
import { Coalesced } from '../webviews/coalesce';
import { disagreements, fatalErrors, type Objection } from './objections';

/** What the kernel held against a module, as problems of the last load of its folder: calls that differ from their prediction, a fatal error. */
export class ObjectionDiagnostics implements vscode.Disposable {
  private readonly collection = vscode.languages.createDiagnosticCollection('kmodlab-predictions');
  /** By module folder. */
  private readonly newest = new Map<string, LiveSession>();
  private readonly published = new Map<string, readonly vscode.Uri[]>();
  private readonly grown = new Set<LiveSession>();
  private readonly update = new Coalesced(() => this.publishGrown());
  private readonly subscription: { dispose(): void };

  constructor(feed: SessionFeed) {
    this.subscription = feed.subscribe(({ live, event }) => {
      if (event.type === 'started') {
        this.clear(event.session.module.folder);
        this.newest.set(event.session.module.folder, live);
      } else if (event.type === 'call' || event.type === 'action' || event.type === 'ended') {
        this.grown.add(live);
        this.update.request();
      }
    });
  }

  dispose(): void {
    this.subscription.dispose();
    this.update.dispose();
    this.collection.dispose();
  }

  private publishGrown(): void {
    for (const [folder, live] of this.newest) if (this.grown.has(live)) this.publish(folder, live);
    this.grown.clear();
  }

  private publish(folder: string, live: LiveSession): void {
    this.clear(folder);
    const byFile = new Map<string, vscode.Diagnostic[]>();
    for (const objection of [...disagreements(live.callSites()), ...fatalErrors(live.end)]) {
      const file = path.resolve(folder, objection.file);
      if (isInside(folder, file)) byFile.set(file, [...(byFile.get(file) ?? []), toDiagnostic(objection)]);
    }
    this.published.set(
      folder,
      [...byFile].map(([file, diagnostics]) => {
        const uri = vscode.Uri.file(file);
        this.collection.set(uri, diagnostics);
        return uri;
      }),
    );
  }

  private clear(folder: string): void {
    for (const uri of this.published.get(folder) ?? []) this.collection.delete(uri);
    this.published.delete(folder);
  }
}

function toDiagnostic({ line, message, code }: Objection): vscode.Diagnostic {
  const range = new vscode.Range(line - 1, 0, line - 1, Number.MAX_SAFE_INTEGER);
  const diagnostic = new vscode.Diagnostic(range, message, code === 'kernel-fault' ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning);
  diagnostic.source = 'kmodlab';
  diagnostic.code = code;
  return diagnostic;
}

// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import type { LoadSession } from '../../core/model';
import { registerCommands } from './commands';
import { Context } from './context';
import { registerDebugger } from './debug';
import type { InlineResult } from './inline-results/inline-model';
import { registerTasks } from './tasks';

/** What other extensions and the tests may use. */
export interface Api {
  /** Resolves when the language server has answered or given up. */
  whenReady(): Promise<void>;
  /** The session that this window showed last. */
  lastSession(): LoadSession | undefined;
  /** Told of every session that begins, goes on, or ends. */
  onSession(listener: (session: LoadSession) => void): vscode.Disposable;
  /** What stands at the ends of a document's lines while an editor shows it. */
  inlineResults(uri: vscode.Uri): readonly InlineResult[];
  onInlineResults(listener: () => void): vscode.Disposable;
}

let context: Context | undefined;

export function activate(extension: vscode.ExtensionContext): Api {
  const ctx = (context = new Context(extension));
  ctx.own(registerCommands(ctx));
  ctx.own(registerTasks(ctx));
  ctx.own(registerDebugger(ctx));
  const ready = ctx.language.start();
  return {
    whenReady: () => ready,
    lastSession: () => ctx.feed.current?.session(),
    onSession: (listener) => vscode.Disposable.from(ctx.feed.subscribe(({ live }) => listener(live.session()))),
    inlineResults: (uri) => ctx.inlineResults.of(uri),
    onInlineResults: (listener) => vscode.Disposable.from(ctx.inlineResults.onChange(listener)),
  };
}

export function deactivate(): Promise<void> | undefined {
  return context?.dispose();
}

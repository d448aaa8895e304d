// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import type { Context } from './context';
import { decideReveal, type RevealQuestion } from './reveal';
import type { SessionOrigin } from './sessions/session-feed';

/** Brings those views to the front that this moment of a load calls for; none of them takes the cursor. */
export async function revealViews(context: Context, origin: SessionOrigin, outcome: RevealQuestion['outcome']): Promise<void> {
  const wanted = (view: RevealQuestion['view']): boolean => decideReveal({ view, origin, outcome, openAfterLoad: context.settings.openResultsAfterLoad }) !== 'none';
  if (wanted('kernelLog')) await context.kernelLog.show(false);
  if (wanted('problems')) await vscode.commands.executeCommand('workbench.panel.markers.view.focus', { preserveFocus: true });
  if (wanted('results')) context.results.show(false);
}

// SPDX-License-Identifier: MIT
import path from 'node:path';
import * as vscode from 'vscode';
import type { SourceLine } from '../../../core/model';
import type { ResultsToHost, ResultsToView } from '../../../media/protocol';
import { isInside } from '../loads/modules';
import { Command, RESULTS_PANEL } from '../manifest';
import type { LiveSession, SessionFeed } from '../sessions/session-feed';
import { Coalesced } from '../webviews/coalesce';
import type { WebviewResources } from '../webviews/resources';
import { AbiCache, resultsModel, type ResultsModel } from './view-model';

const TITLE = 'Syscall Results';

/** The panel that shows the newest session of this window, or the one that was asked for since it began: predicted beside observed, call by call. */
export class ResultsPanel implements vscode.Disposable {
  private readonly abis = new AbiCache();
  private readonly update = new Coalesced(() => this.sendSession());
  private readonly subscriptions: { dispose(): void }[];
  private panel: vscode.WebviewPanel | undefined;
  private model: ResultsModel | undefined;
  private shown: LiveSession | undefined;
  /** The view takes messages: it has said so, and has not been hidden since. */
  private ready = false;
  /** The session that a link named; the next load takes its place. */
  private chosen: LiveSession | undefined;
  /** The call to select as soon as the view can. */
  private chosenCall: string | undefined;
  /** Changes with the session, and whenever a row may have got another index. */
  private generation = 0;

  constructor(
    private readonly resources: WebviewResources,
    private readonly feed: SessionFeed,
  ) {
    this.subscriptions = [
      this.update,
      feed.subscribe(({ event }) => {
        if (event.type === 'started') this.chosen = this.chosenCall = undefined;
        if (event.type !== 'record') this.update.request();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.sendSession()),
      vscode.window.registerWebviewPanelSerializer(RESULTS_PANEL, {
        deserializeWebviewPanel: (panel) => {
          this.adopt(panel);
          return Promise.resolve();
        },
      }),
    ];
  }

  /** Opens the panel beside the editor, or brings it to the front; the cursor stays where it is unless `focus`. */
  show(focus: boolean): void {
    if (this.panel) this.panel.reveal(undefined, !focus);
    else this.adopt(vscode.window.createWebviewPanel(RESULTS_PANEL, TITLE, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: !focus }));
  }

  /** Opens the panel at one call of a session that this window knows. */
  showCall(sessionId: string, callId: string): void {
    this.chosen = this.feed.all().find(({ id }) => id === sessionId);
    this.chosenCall = this.chosen && callId;
    this.show(true);
    this.update.request();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.panel?.dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel = panel;
    panel.webview.onDidReceiveMessage((message: ResultsToHost) => this.onMessage(message));
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.ready = false;
      this.update.request();
    });
    panel.onDidDispose(() => {
      this.panel = undefined;
      this.ready = false;
    });
    this.resources.fill(panel.webview, 'results', TITLE);
  }

  private onMessage(message: ResultsToHost): void {
    switch (message.type) {
      case 'ready':
        this.ready = true;
        this.sendSession();
        return;
      case 'range':
        if (message.generation !== this.generation || !this.model) return;
        this.send({ type: 'rows', generation: this.generation, from: message.from, rows: this.model.range(message.from, message.count) });
        return;
      case 'details': {
        const details = this.model?.details(message.index);
        if (details) this.send({ type: 'details', generation: this.generation, index: message.index, details });
        return;
      }
      case 'open':
        void this.open(message.source);
        return;
      case 'load':
        void vscode.commands.executeCommand(Command.loadModule);
        return;
      case 'showKernelLog':
        void vscode.commands.executeCommand(Command.showKernelLog);
        return;
      case 'showLog':
        void vscode.commands.executeCommand(Command.showLog);
        return;
    }
  }

  private sendSession(): void {
    if (!this.ready) return;
    const live = this.chosen ?? this.feed.current;
    if (!live) {
      this.send({ type: 'empty', generation: this.generation, canLoad: vscode.workspace.isTrusted });
      return;
    }
    this.generation++;
    const isOther = live !== this.shown;
    this.shown = live;
    this.model = resultsModel(live.session(), this.abis);
    const { header, summary, actions, count } = this.model;
    const select = this.chosenCall === undefined ? null : this.model.indexOf(this.chosenCall);
    this.chosenCall = undefined;
    this.send({ type: 'session', generation: this.generation, isOther, header, summary, actions, calls: count, select });
  }

  /** Opens a source line of the shown module beside the panel. A path that leaves the module's folder is not opened. */
  private async open(source: SourceLine): Promise<void> {
    const folder = this.shown?.session().module.folder;
    if (folder === undefined) return;
    const file = path.resolve(folder, source.file);
    if (!isInside(folder, file)) return;
    const position = new vscode.Position(Math.max(0, source.line - 1), 0);
    const editor = vscode.window.visibleTextEditors.find((candidate) => candidate.document.uri.fsPath === file);
    const viewColumn = editor?.viewColumn ?? vscode.ViewColumn.One;
    await vscode.window.showTextDocument(vscode.Uri.file(file), { viewColumn, selection: new vscode.Range(position, position) });
  }

  private send(message: ResultsToView): void {
    if (this.panel?.visible) void this.panel.webview.postMessage(message);
  }
}

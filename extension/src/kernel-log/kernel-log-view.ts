// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import type { KernelLogToHost, KernelLogToView } from '../../../media/protocol';
import { Command, KERNEL_LOG_VIEW } from '../manifest';
import type { SessionFeed } from '../sessions/session-feed';
import { Coalesced } from '../webviews/coalesce';
import type { WebviewResources } from '../webviews/resources';
import { LogModel } from './log-model';

/** The view in the panel. The lines are kept here, so that nothing is lost while it is hidden or not there yet. */
export class KernelLogView implements vscode.WebviewViewProvider, vscode.Disposable {
  private readonly model = new LogModel();
  private readonly update = new Coalesced(() => this.sendState());
  private readonly subscriptions: { dispose(): void }[];
  private view: vscode.WebviewView | undefined;

  constructor(
    private readonly resources: WebviewResources,
    feed: SessionFeed,
  ) {
    this.subscriptions = [
      this.update,
      feed.subscribe(({ live, event }) => {
        this.model.apply(live, event);
        this.update.request();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.sendState()),
      vscode.window.registerWebviewViewProvider(KERNEL_LOG_VIEW, this),
    ];
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    view.webview.onDidReceiveMessage((message: KernelLogToHost) => this.onMessage(message));
    view.onDidChangeVisibility(() => this.sendState());
    view.onDidDispose(() => (this.view = undefined));
    this.resources.fill(view.webview, 'kernel-log', 'Kernel Log');
  }

  /** Brings the view to the front; the cursor stays in the editor unless `focus`. */
  async show(focus: boolean): Promise<void> {
    await vscode.commands.executeCommand(`${KERNEL_LOG_VIEW}.focus`, { preserveFocus: !focus });
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private onMessage(message: KernelLogToHost): void {
    switch (message.type) {
      case 'ready':
      case 'filter':
        this.model.setFilter(message.filter);
        this.sendState();
        return;
      case 'range':
        if (message.generation !== this.model.generation) return;
        this.send({ type: 'rows', generation: message.generation, from: message.from, rows: this.model.range(message.from, message.count) });
        return;
      case 'copy':
        void vscode.env.clipboard.writeText(this.model.text(message.from, message.to)).then(() => this.send({ type: 'copied', lines: message.to - message.from + 1 }));
        return;
      case 'clear':
        this.model.clear();
        this.sendState();
        return;
      case 'load':
        void vscode.commands.executeCommand(Command.loadModule);
        return;
    }
  }

  private sendState(): void {
    const { generation, shownCount, total } = this.model;
    this.send({ type: 'state', generation, shown: shownCount, total, canLoad: vscode.workspace.isTrusted });
  }

  private send(message: KernelLogToView): void {
    if (this.view?.visible) void this.view.webview.postMessage(message);
  }
}

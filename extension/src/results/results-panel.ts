// SPDX-License-Identifier: MIT
import path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { Failure, visibleText, type SourceLine } from '../../../core/model';
import type { ResultsToHost, ResultsToView } from '../../../media/protocol';
import { isInside } from '../loads/modules';
import { Command, RESULTS_PANEL } from '../manifest';
import type { Messages } from '../messages';
import type { SessionFeed } from '../sessions/session-feed';
import { namesOf } from '../sessions/stored-names';
import type { StoredSessions } from '../sessions/stored-sessions';
import { Coalesced } from '../webviews/coalesce';
import type { WebviewResources } from '../webviews/resources';
import { exportSession } from './export';
import { ResultsController } from './results-controller';

const TITLE = 'Syscall Results';
const MAX_PICKED = 500;
/** What the view keeps over a reload of the window. */
const KeptState = z.object({ session: z.string().catch(''), comparedWith: z.string().catch('') });

export interface ResultsPanelDeps {
  readonly resources: WebviewResources;
  readonly feed: SessionFeed;
  readonly stored: StoredSessions;
  readonly messages: Messages;
}

/** The panel that shows the newest session of this window, or the one that was asked for since it began. */
export class ResultsPanel implements vscode.Disposable {
  private readonly controller = new ResultsController((message) => this.send(message));
  private readonly update = new Coalesced(() => this.follow());
  private readonly subscriptions: { dispose(): void }[];
  private panel: vscode.WebviewPanel | undefined;
  /** The view takes messages: it has said so, and has not been hidden since. */
  private ready = false;
  /** A session that a person chose stays until the next load begins. */
  private isChosen = false;
  /** Counts what was asked to be shown: an answer to an older question is dropped. */
  private asked = 0;

  constructor(private readonly deps: ResultsPanelDeps) {
    this.subscriptions = [
      this.update,
      this.controller,
      deps.feed.subscribe(({ event }) => {
        if (event.type === 'started') {
          this.isChosen = false;
          this.asked++;
        }
        if (event.type !== 'record') this.update.request();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.follow()),
      vscode.window.registerWebviewPanelSerializer(RESULTS_PANEL, {
        deserializeWebviewPanel: async (panel, state) => {
          this.adopt(panel);
          const kept = KeptState.safeParse(state).data;
          if (kept?.session) await this.open(kept.session, { comparedWith: kept.comparedWith });
        },
      }),
    ];
  }

  /** Opens the panel beside the editor, or brings it to the front; the cursor stays where it is unless `focus`. */
  show(focus: boolean): void {
    if (this.panel) this.panel.reveal(undefined, !focus);
    else this.adopt(vscode.window.createWebviewPanel(RESULTS_PANEL, TITLE, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: !focus }));
  }

  /** Opens the panel at one call of a session. */
  async showCall(sessionId: string, callId: string): Promise<void> {
    this.show(true);
    await this.open(sessionId, { callId });
  }

  /** Lets the person choose a saved session. */
  async chooseSession(): Promise<void> {
    const id = await this.deps.stored.pick('Open Load Session', () => true);
    if (id === undefined) return;
    this.show(true);
    await this.open(id);
  }

  /** Lets the person choose a session of the same module to compare with. */
  async chooseComparison(): Promise<void> {
    const { session: shown } = this.controller;
    if (!shown) throw nothingShown();
    const id = await this.deps.stored.pick(`Compare This Load of ${shown.module.name} With`, (summary) => summary.module === shown.module.name && summary.id !== shown.id);
    if (id !== undefined && this.controller.session?.id === shown.id) await this.compareWith(id);
  }

  /** Lets the person choose among the calls of the shown session that failed. Undefined: none was chosen. */
  async pickFailedCall(): Promise<{ session: string; call: string } | undefined> {
    const { session } = this.controller;
    if (!session) throw nothingShown();
    const items = session.calls.flatMap((call) =>
      call.errno === null ? [] : [{ call: call.id, label: `${call.syscall}() = ${call.result ?? '?'} ${call.errno}`, description: visibleText(call.source ? `${call.source.file}:${call.source.line}` : (call.caller ?? '')) }],
    );
    if (items.length === 0) throw new Failure({ code: 'no-call', what: 'There is no call to explain.', why: 'No call of this load session failed.', next: 'Choose a call in Syscall Results.' });
    const choice = await vscode.window.showQuickPick(items.slice(0, MAX_PICKED), { title: "Show the Kernel's Path", placeHolder: 'Call' });
    return choice && { session: session.id, call: choice.call };
  }

  /** Saves what is shown in a format that the person chooses. @param index the row whose picture may be asked for */
  async export(index = -1): Promise<void> {
    const session = this.controller.session;
    if (!session) throw nothingShown();
    await exportSession(session, this.controller.callAt(index));
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    this.panel?.dispose();
  }

  private adopt(panel: vscode.WebviewPanel): void {
    this.panel?.dispose();
    this.panel = panel;
    panel.webview.onDidReceiveMessage((message: ResultsToHost) => this.onMessage(message));
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.ready = false;
      else this.update.request();
    });
    panel.onDidDispose(() => {
      if (this.panel !== panel) return;
      this.panel = undefined;
      this.ready = false;
    });
    this.deps.resources.fill(panel.webview, 'results', TITLE);
  }

  /** Shows a session that was asked for; a failure is shown in its place. */
  private async open(id: string, { callId, comparedWith = '' }: { callId?: string; comparedWith?: string } = {}): Promise<void> {
    const asked = ++this.asked;
    this.isChosen = true;
    if (this.controller.session?.id !== id) this.controller.showReading('Reading the load session…');
    try {
      const session = await this.deps.stored.open(id);
      if (asked !== this.asked) return;
      this.controller.show(session, callId);
      if (comparedWith !== '' && comparedWith !== id) await this.compareWith(comparedWith);
    } catch (error) {
      if (asked === this.asked) this.controller.showFailure(Failure.from(error));
    }
  }

  private async compareWith(id: string): Promise<void> {
    const asked = this.asked;
    const other = (await this.deps.stored.open(id)).session();
    const shown = this.controller.session;
    if (asked === this.asked && shown) this.controller.compareWith({ session: other, names: namesOf(other, shown) });
  }

  private onMessage(message: ResultsToHost): void {
    const run = (command: Command): void => void vscode.commands.executeCommand(command);
    switch (message.type) {
      case 'ready':
        this.ready = true;
        this.controller.restart(message.filter);
        this.follow();
        return;
      case 'open':
        void this.deps.messages.guard(() => this.openSource(message.source));
        return;
      case 'export':
        void this.deps.messages.guard(() => this.export(message.index));
        return;
      case 'explain': {
        const [session, call] = [this.controller.session, this.controller.callAt(message.index)];
        if (session && call) void vscode.commands.executeCommand(Command.explainCall, { session: session.id, call: call.id });
        return;
      }
      case 'stopComparing':
        this.controller.compareWith(undefined);
        return;
      case 'compare':
        run(Command.compareResults);
        return;
      case 'openSession':
        run(Command.openSession);
        return;
      case 'load':
        run(Command.loadModule);
        return;
      case 'showKernelLog':
        run(Command.showKernelLog);
        return;
      case 'showLog':
        run(Command.showLog);
        return;
      default:
        this.controller.onMessage(message);
    }
  }

  /** Shows what there is to show now. */
  private follow(): void {
    if (!this.ready) return;
    const live = this.deps.feed.current;
    if (this.isChosen) this.controller.update();
    else if (live) this.controller.show(live);
    else this.controller.showEmpty(vscode.workspace.isTrusted);
  }

  /** Opens a source line of the shown module beside the panel. A path that leaves the module's folder is not opened. */
  private async openSource(source: SourceLine): Promise<void> {
    const folder = this.controller.session?.module.folder;
    if (folder === undefined) return;
    const file = path.resolve(folder, source.file);
    if (!isInside(folder, file)) return;
    const uri = vscode.Uri.file(file);
    await vscode.workspace.fs.stat(uri).then(undefined, () => Promise.reject(sourceGone(source, folder)));
    const position = new vscode.Position(Math.max(0, source.line - 1), 0);
    const editor = vscode.window.visibleTextEditors.find((candidate) => candidate.document.uri.fsPath === file);
    const viewColumn = editor?.viewColumn ?? vscode.ViewColumn.One;
    await vscode.window.showTextDocument(uri, { viewColumn, selection: new vscode.Range(position, position) });
  }

  private send(message: ResultsToView): void {
    if (this.panel?.visible) void this.panel.webview.postMessage(message);
  }
}

function nothingShown(): Failure {
  return new Failure({ code: 'no-session', what: 'There is nothing to do this with.', why: 'Syscall Results shows no load session.', next: 'Load a module, or open an earlier load session.' });
}

function sourceGone(source: SourceLine, folder: string): Failure {
  return new Failure({ code: 'source-missing', what: `${source.file} cannot be opened.`, why: `It is no longer in ${folder}.`, next: 'Open the version of the module that was loaded.' });
}

// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { LanguageClient, RevealOutputChannelOn, State, TransportKind, type LanguageClientOptions, type ServerOptions } from 'vscode-languageclient/node';
import { Analysis, Failure, type Predict } from '../../../core/model';
import { Command } from '../manifest';
import type { ServerTarget } from './host-target';

const CHANNEL = 'Kernel Module Lab Language Server';
/** After so many crashes in three minutes the server stays down, and says so. */
const MAX_RESTARTS = 4;

/** The language server: started once, restarted when it crashes, and asked for the predictions of a load. */
export class LanguageServer implements vscode.Disposable {
  private readonly client: LanguageClient;
  private readonly status: vscode.LanguageStatusItem;
  private readonly channel: vscode.LogOutputChannel;
  private readonly subscription: { dispose(): void };
  private target: ServerTarget | undefined;

  constructor(
    serverPath: string,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.channel = vscode.window.createOutputChannel(CHANNEL, { log: true });
    const documentSelector = [
      { scheme: 'file', language: 'c' },
      { scheme: 'untitled', language: 'c' },
      { scheme: 'file', pattern: '**/.kmodlab' },
    ];
    const serverOptions: ServerOptions = { module: serverPath, transport: TransportKind.ipc };
    const clientOptions: LanguageClientOptions = {
      documentSelector,
      outputChannel: this.channel,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      diagnosticCollectionName: 'kmodlab',
      connectionOptions: { maxRestartCount: MAX_RESTARTS },
      initializationOptions: { validatesProjectFile: true }, // by the schema that package.json contributes
    };
    this.client = new LanguageClient('kmodlab', CHANNEL, serverOptions, clientOptions);
    this.status = vscode.languages.createLanguageStatusItem('kmodlab.server', documentSelector);
    this.status.name = 'Kernel Module Lab';
    this.status.command = { command: Command.showLog, title: 'Show Log' };
    this.subscription = this.client.onDidChangeState(({ newState }) => {
      this.showState(newState);
      if (newState === State.Running) this.sendTarget();
    });
    this.showState(State.Starting);
  }

  /** Resolves also when the server cannot be started: everything but the analysis works without it. */
  async start(): Promise<void> {
    try {
      await this.client.start();
    } catch (error) {
      this.log.error(`The language server could not be started: ${String(error)}`);
      this.showState(State.Stopped);
    }
  }

  /** What findings are for from now on, also after the server was started anew. */
  setTarget(target: ServerTarget): void {
    this.target = target;
    if (this.isRunning) this.sendTarget();
  }

  get isRunning(): boolean {
    return this.client.state === State.Running;
  }

  /**
   * The analysis of the very text that is built. A server that is down predicts nothing: the load goes on without.
   * @param moduleFolder absolute path
   */
  predictFor(moduleFolder: string): Predict {
    return async (sources, target) => {
      const nothing: Analysis = { findings: [], predictions: [] };
      if (!this.isRunning) {
        this.log.warn('The language server is not running: this load has no predictions.');
        return nothing;
      }
      try {
        return Analysis.parse(await this.client.sendRequest('kmodlab/predictions', { moduleFolder, sources, target }));
      } catch (error) {
        this.log.warn(`The analysis gave no predictions: ${Failure.from(error).message}`);
        return nothing;
      }
    };
  }

  dispose(): void {
    this.subscription.dispose();
    this.status.dispose();
    void this.client.dispose().catch(() => undefined).finally(() => this.channel.dispose());
  }

  private sendTarget(): void {
    if (this.target) this.client.sendNotification('kmodlab/didChangeTarget', this.target).catch((error: unknown) => this.log.warn(`The language server was not told the target: ${String(error)}`));
  }

  private showState(state: State): void {
    this.status.busy = state === State.Starting;
    this.status.severity = state === State.Stopped ? vscode.LanguageStatusSeverity.Error : vscode.LanguageStatusSeverity.Information;
    this.status.text = state === State.Stopped ? 'Analysis stopped' : 'Kernel module analysis';
    this.status.detail = state === State.Stopped ? 'The language server ended; reload the window to start it again.' : '';
  }
}

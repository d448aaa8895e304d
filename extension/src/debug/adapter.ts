// SPDX-License-Identifier: MIT
import { DebugSession, InitializedEvent, OutputEvent, TerminatedEvent, Thread } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { visibleText, Failure, type LoadSession, type SessionEvent } from '../../../core/model';
import { endReason } from '../../../core/sessions/format';
import type { Progress } from '../../../core/platform/progress';
import { parseLaunch, type Launch } from './configuration';

/** A load that a debug session holds. */
export interface DebugLoad {
  readonly moduleName: string;
  unload(): Promise<LoadSession>;
  /** Settles when the session ends, whoever ended it. */
  readonly ended: Promise<LoadSession>;
}

export interface DebugDeps {
  readonly onFailure: (failure: Failure) => void;
  readonly load: (launch: Launch, on: { event: (event: SessionEvent) => void; progress: Progress }, signal: AbortSignal) => Promise<DebugLoad>;
}

/** F5 for a kernel module: build and load, the kernel log in the Debug Console, unload at stop. There are no breakpoints. */
export class KmodlabDebugSession extends DebugSession {
  private readonly abort = new AbortController();
  private loading: Promise<DebugLoad> | undefined;
  private loaded: DebugLoad | undefined;
  private ending = false;

  constructor(private readonly deps: DebugDeps) {
    super();
  }

  protected override initializeRequest(response: DebugProtocol.InitializeResponse): void {
    response.body = { supportsTerminateRequest: true };
    this.sendResponse(response);
    this.sendEvent(new InitializedEvent());
  }

  protected override launchRequest(response: DebugProtocol.LaunchResponse, args: DebugProtocol.LaunchRequestArguments): void {
    this.loading = this.load(args);
    this.loading.then(
      (load) => {
        this.loaded = load;
        this.sendResponse(response);
        this.print(`${load.moduleName} is loaded; stop the session to unload it.\n`, 'important');
        void load.ended.then((session) => this.onEnded(session));
      },
      (error: unknown) => {
        const failure = Failure.from(error);
        this.print(`${failure.what} ${failure.why} ${failure.next}\n`, 'stderr');
        // The editor would show it in a modal dialog: it is a message with the log behind it, like every other failure.
        this.sendErrorResponse(response, { id: 1, format: failure.message, showUser: false });
        this.deps.onFailure(failure);
        this.sendEvent(new TerminatedEvent());
      },
    );
  }

  protected override threadsRequest(response: DebugProtocol.ThreadsResponse): void {
    response.body = { threads: [new Thread(1, 'kernel')] };
    this.sendResponse(response);
  }

  protected override terminateRequest(response: DebugProtocol.TerminateResponse): void {
    void this.finish().then(() => {
      this.sendResponse(response);
      this.sendEvent(new TerminatedEvent());
    });
  }

  protected override disconnectRequest(response: DebugProtocol.DisconnectResponse): void {
    void this.finish().then(() => this.sendResponse(response));
  }

  private async load(args: unknown): Promise<DebugLoad> {
    const launch = parseLaunch(args);
    const progress: Progress = { step: (message) => this.print(`${message}…\n`, 'console'), log: () => undefined };
    return this.deps.load(launch, { event: (event) => this.onSessionEvent(event), progress }, this.abort.signal);
  }

  /** Unloads what was loaded, or cancels what is under way; says why when the module stays. */
  private async finish(): Promise<void> {
    if (this.ending) return;
    this.ending = true;
    if (!this.loaded) this.abort.abort();
    const load = await this.loading?.catch(() => undefined);
    if (!load) return;
    try {
      await load.unload();
    } catch (error) {
      const failure = Failure.from(error);
      this.print(`${failure.what} ${failure.why} ${failure.next}\n`, 'stderr');
    }
  }

  private onSessionEvent(event: SessionEvent): void {
    if (event.type === 'record') {
      const time = (event.record.usec / 1e6).toFixed(6).padStart(12);
      this.print(`[${time}] ${visibleText(event.record.text)}\n`, event.record.level <= 3 ? 'stderr' : 'stdout');
    } else if (event.type === 'gap') {
      this.print(`(${event.gap.to - event.gap.from + 1} records were lost)\n`, 'stderr');
    } else if (event.type === 'build') {
      for (const { file, line, severity, message } of event.build.diagnostics) {
        this.print(`${file === null ? '' : `${file}:${line ?? 1}: `}${severity}: ${visibleText(message)}\n`, severity === 'error' ? 'stderr' : 'console');
      }
    }
  }

  private onEnded(session: LoadSession): void {
    const { end } = session;
    if (end && end.state !== 'unloaded') this.print(`The session ended: ${visibleText(endReason(end))}\n`, 'stderr');
    else this.print(`${session.module.name} was unloaded.\n`, 'important');
    this.sendEvent(new TerminatedEvent());
  }

  private print(text: string, category: 'stdout' | 'stderr' | 'console' | 'important'): void {
    this.sendEvent(new OutputEvent(text, category === 'important' ? 'console' : category));
  }
}

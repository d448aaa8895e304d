// SPDX-License-Identifier: MIT

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

/** The extension as its webview sees it: typed messages out and in, and a small state that outlives a hidden view. */
export class HostPort<Out, In, State extends object> {
  private readonly api = acquireVsCodeApi();

  constructor(onMessage: (message: In) => void) {
    window.addEventListener('message', (event: MessageEvent<In>) => onMessage(event.data));
  }

  post(message: Out): void {
    this.api.postMessage(message);
  }

  /** What was kept, over the defaults. */
  state(defaults: State): State {
    const kept = this.api.getState();
    return typeof kept === 'object' && kept !== null ? { ...defaults, ...kept } : defaults;
  }

  keep(state: State): void {
    this.api.setState(state);
  }
}

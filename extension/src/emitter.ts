// SPDX-License-Identifier: MIT

export interface Disposable {
  dispose(): void;
}

/** Tells listeners of values, in the order they subscribed. Free of `vscode`, so that models can be tested without it. */
export class Emitter<T> implements Disposable {
  private readonly listeners = new Set<(value: T) => void>();

  subscribe(listener: (value: T) => void): Disposable {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  }

  fire(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }

  dispose(): void {
    this.listeners.clear();
  }
}

// SPDX-License-Identifier: MIT
import { Emitter } from '../emitter';

/** The device nodes that this window made, by load session and major number; they go with their module. */
export class DeviceNodes {
  private readonly made = new Map<string, Map<number, string>>();
  private readonly changed = new Emitter<void>();

  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  pathOf(sessionId: string, major: number): string | null {
    return this.made.get(sessionId)?.get(major) ?? null;
  }

  add(sessionId: string, major: number, path: string): void {
    const nodes = this.made.get(sessionId) ?? new Map<number, string>();
    this.made.set(sessionId, nodes.set(major, path));
    this.changed.fire();
  }
}

// SPDX-License-Identifier: MIT
import type { CharacterDevice } from '../../../core/modules/load';
import { Emitter } from '../emitter';

type DeviceNumber = Pick<CharacterDevice, 'major' | 'minor'>;

/** The device nodes that this window made, by load session and device number; they go with their module. */
export class DeviceNodes {
  private readonly made = new Map<string, Map<string, string>>();
  private readonly changed = new Emitter<void>();

  onChange(listener: () => void): { dispose(): void } {
    return this.changed.subscribe(listener);
  }

  pathOf(sessionId: string, device: DeviceNumber): string | null {
    return this.made.get(sessionId)?.get(keyOf(device)) ?? null;
  }

  add(sessionId: string, device: DeviceNumber, path: string): void {
    const nodes = this.made.get(sessionId) ?? new Map<string, string>();
    this.made.set(sessionId, nodes.set(keyOf(device), path));
    this.changed.fire();
  }
}

function keyOf({ major, minor }: DeviceNumber): string {
  return `${major}:${minor}`;
}

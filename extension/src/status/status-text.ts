// SPDX-License-Identifier: MIT

export interface StatusInput {
  /** Where the next load goes: a host id. */
  readonly hostId: string;
  /** Kernel release of that host while it is open. */
  readonly kernel: string | null;
  /** Modules of this window's sessions that are in the kernel of that host. */
  readonly loaded: readonly string[];
}

/** `guest` → `guest`, with its kernel's series once it runs: `guest 6.1`. */
function hostText({ hostId, kernel }: StatusInput): string {
  const series = /^\d+\.\d+/.exec(kernel ?? '')?.[0];
  const name = hostId.startsWith('guest:') ? 'guest' : hostId;
  if (series !== undefined) return `${name} ${series}`;
  return hostId.startsWith('guest:') ? `guest ${hostId.slice('guest:'.length)}` : name;
}

/** The one line of the status bar: where the next load goes, and what is loaded there. */
export function statusText(input: StatusInput): string {
  const host = `$(server) ${hostText(input)}`;
  if (input.loaded.length === 0) return host;
  const names = input.loaded.length <= 2 ? input.loaded.join(', ') : `${input.loaded.length} modules`;
  return `${host} · ${names} loaded`;
}

/** The same for a screen reader and the tooltip. */
export function statusTooltip(input: StatusInput): string {
  const kernel = input.kernel === null ? '' : `, Linux ${input.kernel}`;
  const loaded = input.loaded.length === 0 ? 'no module loaded' : `loaded: ${input.loaded.join(', ')}`;
  return `Modules are loaded on ${input.hostId}${kernel}; ${loaded}. Select to choose another host.`;
}

// SPDX-License-Identifier: MIT

export interface StatusInput {
  /** Where the next load goes: a host id. */
  readonly hostId: string;
  /** What the person calls that host. */
  readonly hostName: string;
  /** Kernel release of that host while it is open. */
  readonly kernel: string | null;
  /** Modules of this window's sessions that are in the kernel of that host. */
  readonly loaded: readonly string[];
  /** Modules that are on their way there. */
  readonly loading: readonly string[];
}

const MAX_NAME = 28;

/** The host's name, with its kernel's series where the name does not say it: `Test box 6.1`. */
function hostText({ hostName, kernel }: StatusInput): string {
  const series = /^\d+\.\d+/.exec(kernel ?? '')?.[0];
  const name = hostName.length > MAX_NAME ? `${hostName.slice(0, MAX_NAME - 1).trimEnd()}…` : hostName;
  return series === undefined || name.includes(series) ? name : `${name} ${series}`;
}

/** The one line of the status bar: where the next load goes, what is loaded there and what is on its way. */
export function statusText(input: StatusInput): string {
  const host = `$(server) ${hostText(input).replaceAll('$(', '$ (')}`; // a name draws no icon
  const loading = input.loading.length === 0 ? [] : [`$(loading~spin) loading ${names(input.loading)}`];
  const loaded = input.loaded.length === 0 ? [] : [`${names(input.loaded)} loaded`];
  return [host, ...loading, ...loaded].join(' · ');
}

function names(modules: readonly string[]): string {
  return modules.length <= 2 ? modules.join(', ') : `${modules.length} modules`;
}

/** The same for a screen reader and the tooltip. */
export function statusTooltip(input: StatusInput): string {
  const kernel = input.kernel === null ? '' : `, Linux ${input.kernel}`;
  const loading = input.loading.length === 0 ? [] : [`loading: ${input.loading.join(', ')}`];
  const loaded = input.loaded.length === 0 ? 'no module loaded' : `loaded: ${input.loaded.join(', ')}`;
  return `Modules are loaded on ${input.hostName} (${input.hostId}${kernel}); ${[...loading, loaded].join('; ')}. Select to choose another host.`;
}

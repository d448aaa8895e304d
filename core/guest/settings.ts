// SPDX-License-Identifier: MIT
import { numberFrom, type NumberSetting } from '../platform/number-setting';
import { DEFAULT_HANG_SECONDS } from './hang';

/** What a user may choose of a guest's machine. */
export interface GuestSettings {
  readonly memoryMiB: number;
  readonly cpus: number;
  /** Processor time without an answer after which a guest counts as hung and is replaced. */
  readonly hangSeconds: number;
}

export const DEFAULT_GUEST_SETTINGS: GuestSettings = { memoryMiB: 256, cpus: 1, hangSeconds: DEFAULT_HANG_SECONDS };

/** Below 128 MiB the newest kernels do not boot. */
export const GUEST_SETTING_BOUNDS: Readonly<Record<keyof GuestSettings, NumberSetting>> = {
  memoryMiB: { variable: 'KMODLAB_GUEST_MEMORY', min: 128, max: 65_536 },
  cpus: { variable: 'KMODLAB_GUEST_CPUS', min: 1, max: 64 },
  hangSeconds: { variable: 'KMODLAB_GUEST_HANG_SECONDS', min: 1, max: 3600 },
};

/** The environment that {@link guestSettingsFrom} reads the same settings from. */
export function guestEnvironment(settings: GuestSettings): Record<string, string> {
  return Object.fromEntries((Object.keys(GUEST_SETTING_BOUNDS) as (keyof GuestSettings)[]).map((name) => [GUEST_SETTING_BOUNDS[name].variable, String(settings[name])]));
}

/** The settings that the environment names. @throws Failure `setting-bad` */
export function guestSettingsFrom(env: NodeJS.ProcessEnv): Partial<GuestSettings> {
  const named = Object.entries(GUEST_SETTING_BOUNDS).map(([name, bounds]) => [name, numberFrom(env, bounds)] as const);
  return Object.fromEntries(named.filter(([, number]) => number !== undefined));
}

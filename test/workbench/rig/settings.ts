// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';

export type Settings = Readonly<Record<string, unknown>>;

/** A VS Code without first-run texts, accounts and updates; everything else is as a person finds it. */
export const QUIET: Settings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'remote.autoForwardPorts': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** What a browser that is driven by a program needs besides: text that can be read, no movement. */
export const DRIVEN: Settings = {
  ...QUIET,
  'terminal.integrated.gpuAcceleration': 'off',
  'workbench.reduceMotion': 'on',
};

/** Writes the user settings, before the start. The server keeps them (machine settings cannot switch workspace trust). */
export function writeUserSettings(dataDir: string, settings: Settings): void {
  write(path.join(dataDir, 'data/User/settings.json'), settings);
}

/** Writes the settings of the machine that the server runs on: those of scope `machine` and `machine-overridable` are read from there. */
export function writeMachineSettings(dataDir: string, settings: Settings): void {
  write(path.join(dataDir, 'data/Machine/settings.json'), settings);
}

function write(file: string, settings: Settings): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${JSON.stringify(settings, null, 2)}\n`);
}

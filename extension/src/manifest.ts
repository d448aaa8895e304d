// SPDX-License-Identifier: MIT
import { DEFAULT_GUEST_SETTINGS } from '../../core/guest/settings';
import { DEFAULT_LOST_AFTER } from '../../core/hosts/ssh-options';
import type { Architecture, RuleLevels } from '../../core/model';

// The names that package.json and the code share. A test holds them together, both ways.

export const Command = {
  loadDevice2: 'kmodlab.loadDevice2',
  loadModule: 'kmodlab.loadModule',
  checkModule: 'kmodlab.checkModule',
  loadWithParameters: 'kmodlab.loadWithParameters',
  unloadModule: 'kmodlab.unloadModule',
  reloadModule: 'kmodlab.reloadModule',
  exerciseModule: 'kmodlab.exerciseModule',
  writeIntelliSense: 'kmodlab.writeIntelliSense',
  buildModule: 'kmodlab.buildModule',
  writeToDevice: 'kmodlab.writeToDevice',
  readFromDevice: 'kmodlab.readFromDevice',
  createDeviceNode: 'kmodlab.createDeviceNode',
  selectHost: 'kmodlab.selectHost',
  useHost: 'kmodlab.useHost',
  addHost: 'kmodlab.addHost',
  connectHost: 'kmodlab.connectHost',
  disconnectHost: 'kmodlab.disconnectHost',
  removeHost: 'kmodlab.removeHost',
  openTerminal: 'kmodlab.openTerminal',
  showResults: 'kmodlab.showResults',
  explainCall: 'kmodlab.explainCall',
  openSession: 'kmodlab.openSession',
  compareResults: 'kmodlab.compareResults',
  exportResults: 'kmodlab.exportResults',
  showKernelLog: 'kmodlab.showKernelLog',
  stopGuest: 'kmodlab.stopGuest',
  resetGuest: 'kmodlab.resetGuest',
  deleteGuest: 'kmodlab.deleteGuest',
  showLog: 'kmodlab.showLog',
} as const;
export type Command = (typeof Command)[keyof typeof Command];

export const KERNEL_LOG_VIEW = 'kmodlab.kernelLog';
export const HOSTS_VIEW = 'kmodlab.hostsView';
export const MODULES_VIEW = 'kmodlab.modulesView';
export const RESULTS_PANEL = 'kmodlab.results';
export const TASK_TYPE = 'kmodlab';
export const DEBUG_TYPE = 'kmodlab';

/** Context keys for `when` clauses. */
export const ContextKey = {
  /** A module of a session that this window knows is in a kernel. */
  moduleLoaded: 'kmodlab.moduleLoaded',
  /** A loaded module made a character device. */
  deviceOpen: 'kmodlab.deviceOpen',
} as const;

/** Settings with the defaults that package.json declares. */
export interface SettingTypes {
  'kmodlab.host': string;
  /** Read by `readHostList`: a person writes it by hand. */
  'kmodlab.hosts': readonly unknown[];
  /** MiB */
  'kmodlab.guest.memory': number;
  'kmodlab.guest.cpus': number;
  /** Seconds of processor time. */
  'kmodlab.guest.hangLimit': number;
  /** Seconds; 0 leaves it to ssh's configuration. */
  'kmodlab.ssh.lostAfter': number;
  /** Seconds; 0 is none. */
  'kmodlab.load.watchdog': number;
  'kmodlab.signing.key': string;
  'kmodlab.signing.certificate': string;
  'kmodlab.build.archiveKeyring': string;
  'kmodlab.results.openAfterLoad': boolean;
  'kmodlab.results.inline': boolean;
  'kmodlab.results.codeLens': boolean;
  'kmodlab.inlayHints.arguments': boolean;
  'kmodlab.completion.enabled': boolean;
  'kmodlab.analysis.targetKernel': string;
  'kmodlab.analysis.arch': Architecture | '';
  'kmodlab.rules': RuleLevels;
  'kmodlab.trace.server': 'off' | 'messages' | 'verbose';
}
export type SettingKey = keyof SettingTypes;

export const settingDefaults: Readonly<SettingTypes> = {
  'kmodlab.host': 'guest',
  'kmodlab.hosts': ['guest'],
  'kmodlab.guest.memory': DEFAULT_GUEST_SETTINGS.memoryMiB,
  'kmodlab.guest.cpus': DEFAULT_GUEST_SETTINGS.cpus,
  'kmodlab.guest.hangLimit': DEFAULT_GUEST_SETTINGS.hangSeconds,
  'kmodlab.ssh.lostAfter': DEFAULT_LOST_AFTER,
  'kmodlab.load.watchdog': 0,
  'kmodlab.signing.key': '',
  'kmodlab.signing.certificate': '',
  'kmodlab.build.archiveKeyring': '',
  'kmodlab.results.openAfterLoad': true,
  'kmodlab.results.inline': true,
  'kmodlab.results.codeLens': true,
  'kmodlab.inlayHints.arguments': true,
  'kmodlab.completion.enabled': true,
  'kmodlab.analysis.targetKernel': '',
  'kmodlab.analysis.arch': '',
  'kmodlab.rules': {},
  'kmodlab.trace.server': 'off',
};

/** Settings that name a program or a host: a workspace that is not trusted may not set them. */
export const restrictedSettings: readonly SettingKey[] = ['kmodlab.host', 'kmodlab.hosts', 'kmodlab.signing.key', 'kmodlab.signing.certificate'];

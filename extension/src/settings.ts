// SPDX-License-Identifier: MIT
import * as vscode from 'vscode';
import { GUEST_SETTING_BOUNDS, guestEnvironment, type GuestSettings } from '../../core/guest/settings';
import { LOST_AFTER } from '../../core/hosts/ssh-options';
import { ExitCode, Failure } from '../../core/model';
import { ARCHIVE_KEYRING } from '../../core/packages';
import { isSameHost } from './hosts/host-id';
import { defaultHostName, readHostList, type ListedHost } from './hosts/host-list';
import { settingDefaults, type SettingKey, type SettingTypes } from './manifest';

/** The settings, read when they are needed, so that a change counts at once. */
export class Settings {
  get hostId(): string {
    return this.read('kmodlab.host').trim() || 'guest';
  }

  /** The listed hosts, and in a few words each what is left out. */
  get hosts(): { hosts: readonly ListedHost[]; bad: readonly string[] } {
    return readHostList(this.read('kmodlab.hosts'));
  }

  /** What the person calls a host. */
  hostName(id: string): string {
    return this.hosts.hosts.find((host) => isSameHost(host.id, id))?.name ?? defaultHostName(id);
  }

  /** Of the guests that start from now on. */
  get guest(): GuestSettings {
    return {
      memoryMiB: this.readNumber('kmodlab.guest.memory', GUEST_SETTING_BOUNDS.memoryMiB),
      cpus: this.readNumber('kmodlab.guest.cpus', GUEST_SETTING_BOUNDS.cpus),
      hangSeconds: this.readNumber('kmodlab.guest.hangLimit', GUEST_SETTING_BOUNDS.hangSeconds),
    };
  }

  /** Of the SSH hosts that are opened from now on. */
  get sshLostAfterSeconds(): number {
    return this.readNumber('kmodlab.ssh.lostAfter', LOST_AFTER);
  }

  /** The same settings for the command line. */
  get environment(): Record<string, string> {
    return { ...guestEnvironment(this.guest), [LOST_AFTER.variable]: String(this.sshLostAfterSeconds), [ARCHIVE_KEYRING]: this.archiveKeyring };
  }

  /** File of keys that the archives of hosts may be signed by; empty: none besides Debian's and Ubuntu's. */
  get archiveKeyring(): string {
    const file = this.read('kmodlab.build.archiveKeyring').trim();
    return file === '' ? (process.env[ARCHIVE_KEYRING] ?? '') : file;
  }

  /** 0: no watchdog. */
  get watchdogSeconds(): number {
    return this.read('kmodlab.load.watchdog');
  }

  get signingKey(): string {
    return this.read('kmodlab.signing.key').trim();
  }

  get signingCertificate(): string {
    return this.read('kmodlab.signing.certificate').trim();
  }

  /** @throws Failure `signing-incomplete` */
  get signing(): { keyFile: string; certFile: string } | null {
    const { signingKey: keyFile, signingCertificate: certFile } = this;
    if (keyFile !== '' && certFile !== '') return { keyFile, certFile };
    if (keyFile === '' && certFile === '') return null;
    throw new Failure({ code: 'signing-incomplete', what: 'Nothing was loaded.', why: 'A signing key and its certificate belong together, and one of them is not set.', next: 'Set both, kmodlab.signing.key and kmodlab.signing.certificate, or none.', exitCode: ExitCode.usage });
  }

  get openResultsAfterLoad(): boolean {
    return this.read('kmodlab.results.openAfterLoad');
  }

  get inlineResults(): boolean {
    return this.read('kmodlab.results.inline');
  }

  get codeLens(): boolean {
    return this.read('kmodlab.results.codeLens');
  }

  /** Keeps the choice with the workspace when there is one, else with the user. */
  async setHostId(id: string): Promise<void> {
    const target = vscode.workspace.workspaceFolders ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
    await vscode.workspace.getConfiguration().update('kmodlab.host' satisfies SettingKey, id, target);
  }

  /** Lists a host unless it is listed; what else stands in the setting is left as it is. */
  async addHost(id: string): Promise<void> {
    if (this.hosts.hosts.some((host) => isSameHost(host.id, id))) return;
    await this.changeHosts((entries) => [...entries, id]);
  }

  async removeHost(id: string): Promise<void> {
    await this.changeHosts((entries) => entries.filter((entry) => !readHostList([entry]).hosts.some((host) => isSameHost(host.id, id))));
  }

  /** Where the setting is written already, else with the user: hosts are a person's, not a project's. */
  private async changeHosts(change: (entries: readonly unknown[]) => readonly unknown[]): Promise<void> {
    const key = 'kmodlab.hosts' satisfies SettingKey;
    const configuration = vscode.workspace.getConfiguration();
    const target = configuration.inspect(key)?.workspaceValue === undefined ? vscode.ConfigurationTarget.Global : vscode.ConfigurationTarget.Workspace;
    await configuration.update(key, change(this.read(key)), target);
  }

  onChange(key: SettingKey, listener: () => void): vscode.Disposable {
    return vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(key)) listener();
    });
  }

  /** A number out of its bounds counts as the nearest one within. */
  private readNumber(key: 'kmodlab.guest.memory' | 'kmodlab.guest.cpus' | 'kmodlab.guest.hangLimit' | 'kmodlab.ssh.lostAfter', { min, max }: { min: number; max: number }): number {
    const number = Math.round(this.read(key));
    return Math.min(max, Math.max(min, Number.isNaN(number) ? settingDefaults[key] : number));
  }

  private read<Key extends SettingKey>(key: Key): SettingTypes[Key] {
    const value = vscode.workspace.getConfiguration().get<SettingTypes[Key]>(key);
    if (value === undefined) throw new Error(`package.json does not declare ${key}`);
    return value;
  }
}

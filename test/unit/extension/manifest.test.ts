// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { Ajv } from 'ajv';
import fs from 'node:fs';
import path from 'node:path';
import { commands } from '../../../cli/commands';
import { HOST_ID } from '../../../extension/src/hosts/host-id';
import { GUEST_SETTING_BOUNDS } from '../../../core/guest/settings';
import { readHostList } from '../../../extension/src/hosts/host-list';
import { Command, ContextKey, DEBUG_TYPE, HOSTS_VIEW, KERNEL_LOG_VIEW, MODULES_VIEW, restrictedSettings, settingDefaults, TASK_TYPE } from '../../../extension/src/manifest';
import { KmodlabTask } from '../../../extension/src/tasks/execution';

interface CommandEntry {
  command: string;
  title: string;
  category?: string;
  enablement?: string;
}
interface Setting {
  default: unknown;
  description?: string;
  markdownDescription?: string;
  pattern?: string;
  scope?: string;
}
interface TaskDefinition {
  type: string;
  required: string[];
  properties: Record<string, { enum?: string[] }>;
}
interface Manifest {
  engines: { vscode: string };
  devDependencies: Record<string, string>;
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { supported: string; restrictedConfigurations: string[] } };
  contributes: {
    commands: CommandEntry[];
    menus: Record<string, { command: string; when?: string }[]>;
    views: Record<string, { id: string; icon?: string }[]>;
    viewsContainers: Record<string, { id: string; icon: string }[]>;
    viewsWelcome: { view: string; contents: string }[];
    configuration: { properties: Record<string, Setting> };
    taskDefinitions: TaskDefinition[];
    debuggers: { type: string }[];
    problemMatchers: { name: string }[];
  };
}

const ROOT = path.resolve(import.meta.dirname, '../../..');
const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Manifest;
const { contributes } = manifest;

/** Every identifier of ours in a `when` or `enablement` clause. */
function keysOf(clause: string | undefined): string[] {
  return clause?.match(/\bkmodlab\.\w+/g) ?? [];
}

describe('the manifest and the code', () => {
  it('name the same commands', () => {
    const declared = contributes.commands.map(({ command }) => command);
    assert.deepEqual(declared.toSorted(), Object.values(Command).toSorted());
  });

  it('keep the palette row of the first command as people know it', () => {
    const command = contributes.commands.find((entry) => entry.command === Command.loadDevice2);
    assert.equal(command?.title, 'Load device2');
    assert.equal(command.category, undefined);
    for (const other of contributes.commands) if (other !== command) assert.equal(other.category, 'Kernel Module Lab', other.command);
  });

  it('name the same settings with the same defaults, each described and scoped', () => {
    const { properties } = contributes.configuration;
    assert.deepEqual(Object.fromEntries(Object.entries(properties).map(([key, setting]) => [key, setting.default])), settingDefaults);
    for (const [key, setting] of Object.entries(properties)) {
      assert.ok(setting.description ?? setting.markdownDescription, `${key} has no description`);
      assert.ok(setting.scope, `${key} has no scope`);
    }
  });

  it('restrict every setting that names a host in a workspace that is not trusted', () => {
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
    assert.deepEqual(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations, restrictedSettings);
  });

  it('disable in an untrusted workspace what runs its Makefiles', () => {
    const open: string[] = [Command.showResults, Command.openSession, Command.compareResults, Command.exportResults, Command.showKernelLog, Command.showLog];
    for (const { command, enablement } of contributes.commands) {
      assert.equal(enablement?.includes('isWorkspaceTrusted') ?? false, !open.includes(command), command);
    }
  });

  it('use no context key that the code does not set, and set none that nothing uses', () => {
    const used = [...contributes.commands.flatMap(({ enablement }) => keysOf(enablement)), ...Object.values(contributes.menus).flatMap((items) => items.flatMap(({ when }) => keysOf(when)))];
    const views: string[] = [KERNEL_LOG_VIEW, HOSTS_VIEW, MODULES_VIEW];
    const keys = new Set(used.filter((key) => !views.includes(key)));
    assert.deepEqual([...keys].toSorted(), Object.values(ContextKey).toSorted());
  });

  it('refer in menus to declared commands only', () => {
    const declared = new Set(contributes.commands.map(({ command }) => command));
    for (const item of Object.values(contributes.menus).flat()) assert.ok(declared.has(item.command), item.command);
  });

  it('declare the view in a container that exists, with icons that exist', () => {
    const containers = Object.values(contributes.viewsContainers).flat();
    assert.deepEqual(containers.flatMap(({ id }) => (contributes.views[id] ?? []).map((view) => view.id)), [HOSTS_VIEW, MODULES_VIEW, KERNEL_LOG_VIEW]);
    assert.equal(Object.keys(contributes.views).length, containers.length);
    for (const icon of [...containers, ...Object.values(contributes.views).flat()].map((entry) => entry.icon)) assert.ok(fs.existsSync(path.join(ROOT, icon ?? '?')), icon);
  });

  it('show a welcome in each tree view when it is empty, with commands that exist', () => {
    const known = new Set<string>([...Object.values(Command), 'vscode.openFolder', 'workbench.trust.manage']);
    assert.deepEqual([...new Set(contributes.viewsWelcome.map(({ view }) => view))], [HOSTS_VIEW, MODULES_VIEW]);
    for (const { contents } of contributes.viewsWelcome) for (const [, command] of contents.matchAll(/\]\(command:([\w.]+)\)/g)) assert.ok(known.has(command ?? ''), command);
  });

  it('keep the palette short, and what needs a row out of it', () => {
    const hidden = (contributes.menus['commandPalette'] ?? []).filter(({ when }) => when === 'false');
    assert.ok(contributes.commands.length - hidden.length <= 25);
  });

  it('agree on the task definition', () => {
    const [definition] = contributes.taskDefinitions;
    assert.ok(definition);
    assert.equal(definition.type, TASK_TYPE);
    const { command, module, host, parameters } = KmodlabTask.shape;
    const properties = { command, module, host, parameters };
    assert.deepEqual(Object.keys(definition.properties).toSorted(), Object.keys(properties).toSorted());
    assert.deepEqual(definition.properties['command']?.enum, properties.command.options);
    const required = Object.entries(properties).filter(([, schema]) => !schema.safeParse(undefined).success).map(([key]) => key);
    assert.deepEqual(definition.required.toSorted(), required.toSorted());
  });

  it('agree on the debug type, which wakes the extension', () => {
    assert.deepEqual(contributes.debuggers.map(({ type }) => type), [DEBUG_TYPE]);
    assert.ok(manifest.activationEvents.includes(`onDebugResolve:${DEBUG_TYPE}`));
  });

  it('bound a guest alike', () => {
    const keys = { memoryMiB: 'kmodlab.guest.memory', cpus: 'kmodlab.guest.cpus', hangSeconds: 'kmodlab.guest.hangLimit' } as const;
    for (const [name, key] of Object.entries(keys)) {
      const { minimum, maximum } = contributes.configuration.properties[key] as Setting & { minimum: number; maximum: number };
      const { min, max } = GUEST_SETTING_BOUNDS[name as keyof typeof keys];
      assert.deepEqual([minimum, maximum], [min, max], key);
    }
  });

  it('take the same host ids', () => {
    assert.equal(contributes.configuration.properties['kmodlab.host']?.pattern, HOST_ID.source);
    for (const good of ['guest', 'guest:6.1-cloud', 'ssh:box', 'ssh:me@box.example.org', 'local']) assert.match(good, HOST_ID);
    for (const bad of ['', 'guests', 'ssh:', 'ssh:-oProxyCommand=x', 'ssh:a b', 'local:x']) assert.doesNotMatch(bad, HOST_ID);
  });

  it('take the same entries of the list of hosts', () => {
    const { items, default: byDefault } = contributes.configuration.properties['kmodlab.hosts'] as Setting & { items: object };
    const schema = new Ajv({ strict: false }).compile(items);
    const accepts = (entry: unknown): boolean => readHostList([entry]).bad.length === 0;
    for (const good of ['guest', 'guest:6.12', 'ssh:me@box', 'local', { host: 'ssh:box' }, { host: 'ssh:box', name: 'Test box' }]) assert.deepEqual([schema(good), accepts(good)], [true, true], JSON.stringify(good));
    for (const bad of ['', 'box', 'ssh:-oProxyCommand=x', 1, null, {}, { name: 'x' }, { host: 'box' }, { host: 'local', name: '' }, { host: 'local', port: 1 }]) assert.deepEqual([schema(bad), accepts(bad)], [false, false], JSON.stringify(bad));
    assert.deepEqual(readHostList(byDefault).bad, []);
  });

  it('do not use a newer VS Code API than the oldest engine offers', () => {
    assert.equal(manifest.devDependencies['@types/vscode']?.replace(/^[\^~]/, ''), manifest.engines.vscode.replace('^', ''));
  });

  it('have a command in the terminal for everything that a button does', () => {
    const NONE = { settings: 'edits kmodlab.host or kmodlab.hosts; the command line names its host each time', connection: 'the command line connects for each command', window: 'shows something of the window' };
    const counterparts: Record<keyof typeof Command, string | { readonly none: keyof typeof NONE }> = {
      loadDevice2: 'demo', loadModule: 'load', loadWithParameters: 'load', checkModule: 'load', unloadModule: 'unload', reloadModule: 'reload', exerciseModule: 'exercise', buildModule: 'build',
      writeIntelliSense: 'intellisense', writeToDevice: 'device', readFromDevice: 'device', createDeviceNode: 'device', selectHost: { none: 'settings' }, useHost: { none: 'settings' },
      addHost: { none: 'settings' }, removeHost: { none: 'settings' }, connectHost: 'hosts', disconnectHost: { none: 'connection' }, openTerminal: 'shell', showResults: 'calls', openSession: 'log',
      compareResults: 'compare', explainCall: 'why', exportResults: 'report', showKernelLog: 'log', stopGuest: 'guest', resetGuest: 'guest', deleteGuest: 'guest', showLog: { none: 'window' },
    };
    const names = new Set(commands.map(({ name }) => name));
    assert.deepEqual(Object.keys(counterparts).sort(), Object.keys(Command).sort());
    for (const [key, counterpart] of Object.entries(counterparts)) assert.ok(typeof counterpart === 'object' ? NONE[counterpart.none] : names.has(counterpart), key);
  });

  it('register every declared problem matcher under a name of ours', () => {
    assert.deepEqual(contributes.problemMatchers.map(({ name }) => name), ['kmodlab-gcc', 'kmodlab-modpost', 'kmodlab-check']);
  });
});

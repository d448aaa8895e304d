// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Host, HostFacts } from '../../../core/hosts/host';
import { Failure, type PreflightLine } from '../../../core/model';
import { hostRows, type HostView } from '../../../extension/src/tree/hosts-tree';
import { factRows, moduleRows } from '../../../extension/src/tree/fact-rows';
import { moduleTree, type ModuleView } from '../../../extension/src/tree/modules-tree';
import { speechOf, subjectOf, type TreeNode } from '../../../extension/src/tree/tree-node';

const facts = { kernel: '6.1.0-56-cloud-amd64', arch: 'x86_64', bootId: 'b', user: 'root', rights: 'root', uid: 0, tainted: 0, kernelBuildDir: null, lockdown: null, compiler: null } as unknown as HostFacts;
const open = { state: 'open', host: {} as Host, facts } as const;
const unknownKey = new Failure({ code: 'host-key-unknown', what: 'No connection to box was made.', why: 'Its host key is not known: ssh-ed25519 SHA256:abc.', next: 'Accept it.' });

function host(change: Partial<HostView>): HostView {
  return { id: 'guest:6.1-cloud', name: 'Guest 6.1-cloud', kind: 'guest', selected: false, listed: true, state: { state: 'closed' }, guest: null, loaded: [], facts: () => Promise.resolve(factRows('h', facts)), allModules: () => Promise.resolve([]), ...change };
}

function row(change: Partial<HostView>): TreeNode {
  return hostRows([host(change)])[0]!;
}

function children({ children: rows }: TreeNode): readonly TreeNode[] {
  assert.ok(Array.isArray(rows));
  return rows as readonly TreeNode[];
}

describe('the rows of the Hosts view', () => {
  it('say in words and by an icon what a host is doing', () => {
    const said = (change: Partial<HostView>): string[] => [row(change).description ?? '', row(change).icon ?? ''];
    const running = { state: 'running', release: '6.12.1', diskBytes: null } as const;
    assert.deepEqual(said({}), ['stopped', 'vm-outline']);
    assert.deepEqual(said({ guest: running }), ['running · 6.12.1', 'vm-active']);
    assert.deepEqual(said({ guest: { ...running, state: 'saved' } }), ['saved · 6.12.1', 'vm']);
    assert.deepEqual(said({ state: open, selected: true }), ['✓ running', 'vm-running']);
    assert.deepEqual(said({ name: 'My guest', state: open }), ['running · 6.1.0', 'vm-running']);
    assert.deepEqual(said({ state: { state: 'opening', step: '' } }), ['starting…', 'loading~spin']);
    assert.deepEqual(said({ id: 'ssh:box', kind: 'ssh' }), ['not connected', 'remote']);
    assert.deepEqual(said({ id: 'local', name: 'This machine', kind: 'local', state: open }), ['connected · 6.1.0', 'home']);
    assert.deepEqual(said({ id: 'ssh:box', kind: 'ssh', state: { state: 'failed', failure: unknownKey } }), ['host key not known', 'error']);
  });

  it('say why a host cannot be used and what to do, and stand open then', () => {
    const failed = row({ id: 'ssh:box', kind: 'ssh', state: { state: 'failed', failure: unknownKey } });
    assert.equal(failed.expanded, true);
    assert.deepEqual(children(failed).map(({ label }) => label), [unknownKey.why, unknownKey.next]);
    assert.equal(children(failed)[0]?.context, 'failure host-key-unknown');
  });

  it('show what is loaded there, with its devices, and the facts of an open host', async () => {
    const device = { name: 'echo', major: 508, minor: 0, node: null };
    const loaded = { sessionId: 's', name: 'device2', parameters: { experiment: 'all' }, phase: 'loaded' as const, loader: null, devices: [device, { ...device, name: 'b', node: '/dev/b' }] };
    const [module, known, all] = children(row({ state: open, loaded: [loaded] }));
    assert.deepEqual([module?.label, module?.description], ['device2', 'loaded · experiment=all']);
    assert.deepEqual(children(module!).map(({ label, context }) => [label, context]), [['echo', 'device'], ['/dev/b', 'device node']]);
    const told = await (known?.children as () => Promise<TreeNode[]>)();
    assert.deepEqual(told.slice(0, 2).map(({ label, description }) => [label, description]), [['Kernel', `${facts.kernel}, x86_64`], ['Rights', 'root']]);
    assert.equal(typeof all?.children, 'function');
  });

  it('do not call a module loaded before it is', () => {
    const loading = { sessionId: 's', name: 'device2', parameters: {}, phase: 'loading' as const, loader: null, devices: [] };
    assert.equal(children(row({ loaded: [loading] }))[0]?.description, 'loading…');
    assert.equal(children(row({ loaded: [{ ...loading, loader: 77 }] }))[0]?.description, 'loading… · process 77');
    assert.equal(children(row({ loaded: [{ ...loading, phase: 'loaded', loader: 77 }] }))[0]?.description, 'loaded · process 77');
    assert.equal(moduleTree([{ ...MODULE, loadingOn: ['Test box'] }])[0]?.description, 'loading on Test box… · module');
  });

  it('hold no control character of a hostile host', () => {
    const hostile = { ...facts, kernel: '6.1\u001b[31m\u202e', bootId: '\u0007' };
    const text = JSON.stringify([row({ state: { ...open, facts: hostile } }), factRows('h', hostile)]);
    assert.doesNotMatch(text, /\\u001b|\u202e|\\u0007/);
  });

  it('match the clauses of package.json', () => {
    const manifest = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../package.json'), 'utf8')) as { contributes: { menus: Record<string, { command: string; when: string }[]> } };
    const offered = (view: string, { context }: TreeNode): string[] => {
      const items = manifest.contributes.menus['view/item/context']!.filter(({ when }) => when.startsWith(`view == ${view} `));
      return [...new Set(items.filter(({ when }) => new RegExp(/viewItem =~ \/(.*)\/$/.exec(when)![1]!).test(context ?? '')).map(({ command }) => command.slice('kmodlab.'.length)))].toSorted();
    };
    const hosts = (node: TreeNode): string[] => offered('kmodlab.hostsView', node);
    assert.deepEqual(hosts(row({})), ['connectHost', 'openTerminal', 'removeHost', 'useHost']);
    assert.deepEqual(hosts(row({ state: open, selected: true, listed: false })), ['openTerminal', 'resetGuest', 'stopGuest']);
    assert.deepEqual(hosts(row({ listed: false, guest: { state: 'saved', release: '6.1.0', diskBytes: 1 } })), ['connectHost', 'deleteGuest', 'openTerminal', 'useHost']);
    assert.deepEqual(hosts(row({ id: 'ssh:box', kind: 'ssh', state: open })), ['disconnectHost', 'openTerminal', 'removeHost', 'useHost']);
    const failed = row({ id: 'ssh:box', kind: 'ssh', state: { state: 'failed', failure: unknownKey } });
    assert.deepEqual(hosts(failed), ['connectHost', 'openTerminal', 'removeHost', 'useHost']);
    assert.deepEqual(hosts(children(failed)[0]!), ['openTerminal']);
    const device = { name: 'echo', major: 508, minor: 0, node: null };
    const loaded = { sessionId: 's', name: 'device2', parameters: {}, phase: 'loaded' as const, loader: null, devices: [device, { ...device, minor: 1, node: '/dev/b' }] };
    const [inKernel] = children(row({ state: open, loaded: [loaded] }));
    assert.deepEqual(hosts(inKernel!), ['exerciseModule', 'reloadModule', 'unloadModule']);
    assert.deepEqual(children(inKernel!).map(hosts), [['createDeviceNode', 'readFromDevice', 'writeToDevice'], ['readFromDevice', 'writeToDevice']]);
    const [module] = moduleTree([{ ...MODULE, loadedOn: ['Guest'] }]);
    assert.deepEqual(offered('kmodlab.modulesView', module!), ['buildModule', 'checkModule', 'exerciseModule', 'loadModule', 'loadWithParameters', 'reloadModule', 'unloadModule', 'writeIntelliSense']);
  });
});

const MODULE: ModuleView = { name: 'device2', folder: '/w/module', shownFolder: 'module', loadedOn: [], loadingOn: [], preflight: null, parameters: () => Promise.resolve([]), values: {} };

describe('the rows of the Modules view', () => {
  const line = (verdict: PreflightLine['verdict'], fix: string | null = null): PreflightLine => ({ check: 'vermagic', verdict, text: `It is ${verdict}.`, fix });
  const first = (change: Partial<ModuleView>): readonly TreeNode[] => children(moduleTree([{ ...MODULE, ...change }])[0]!);

  it('are there before anything was built', () => {
    const [module] = moduleTree([MODULE]);
    assert.deepEqual([module?.label, module?.description], ['device2', 'module']);
    assert.deepEqual(first({}).map(({ label, description }) => [label, description]), [['Preflight', 'not checked yet'], ['Parameters', 'at their defaults']]);
  });

  it('give the verdict in words, the worst first, with what mends it beneath', () => {
    const [verdict] = first({ preflight: { host: 'box', lines: [line('ok'), line('warning'), line('blocked', 'Build it anew.')] } });
    assert.deepEqual([verdict?.description, verdict?.expanded], ['1 check blocked, 1 warning · box', true]);
    const lines = children(verdict!);
    assert.deepEqual(lines.map(({ label, description }) => `${label}: ${description ?? ''}`), ['Vermagic: blocked · It is blocked.', 'Vermagic: warning · It is warning.', 'Vermagic: It is ok.']);
    assert.deepEqual(children(lines[0]!).map(({ label }) => label), ['Build it anew.']);
    assert.equal(first({ preflight: { host: 'box', lines: [line('ok')] } })[0]?.description, 'ready · box');
  });

  it('show parameters with their types and what was given last', async () => {
    const asked = (node: TreeNode | undefined): Promise<readonly TreeNode[]> => (node?.children as () => Promise<readonly TreeNode[]>)();
    const parameter = { name: 'count', type: 'int', description: 'How often' };
    const [, parameters] = first({ parameters: () => Promise.resolve([parameter]), values: { count: '3' } });
    assert.equal(parameters?.description, 'last count=3');
    assert.deepEqual((await asked(parameters)).map(({ label, description }) => [label, description]), [['count', 'int · last "3" · How often']]);
    assert.deepEqual((await asked(first({})[1])).map(({ label }) => label), ['It takes no parameters']);
  });
});

describe('the rows of all modules of a kernel', () => {
  it('are the lines of /proc/modules, sorted', () => {
    const rows = moduleRows('h', 'xor 24576 1 btrfs, Live 0x0\nbtrfs 1 0 - Live 0x0\nbusy 1 2 - Live 0x0\nnot a line\n');
    assert.deepEqual(rows.map(({ label, description }) => `${label}: ${description ?? ''}`), ['btrfs: 1 KiB', 'busy: 1 KiB · in use (2)', 'xor: 24 KiB · used by btrfs']);
    assert.equal(moduleRows('h', '')[0]?.label, 'No module is loaded');
  });
});

describe('a row', () => {
  it('names what a command acts on, and nothing that is no such thing', () => {
    assert.equal(subjectOf(row({}), 'host')?.hostId, 'guest:6.1-cloud');
    for (const other of [undefined, null, 'x', {}, { subject: { kind: 'host' } }, { subject: { kind: 'module', folder: '/w', name: 'a' } }]) assert.equal(subjectOf(other, 'host'), undefined);
  });

  it('is read out without its marks', () => assert.equal(speechOf({ id: 'x', label: 'box', description: '✓ connected · 6.1' }), 'box, selected, connected, 6.1'));
});

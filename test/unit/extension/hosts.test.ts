// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ModuleDescription } from '../../../core/modules/discover';
import { lastGiven, rememberParameters } from '../../../core/modules/parameter-memory';
import { badHosts, defaultHostName, readHostList } from '../../../extension/src/hosts/host-list';
import { storedFor } from '../../../extension/src/hosts/stored-kernels';
import { guestTerminal, sshTerminal } from '../../../core/hosts/terminal';
import { ModuleMemory, type Memento } from '../../../extension/src/loads/module-memory';
import { choicesOf, knownValues, valueProblem, withValue } from '../../../extension/src/loads/parameter-values';

describe('the list of hosts', () => {
  it('holds each host once, under the name that it was given first', () => {
    assert.deepEqual(readHostList(['guest', 'guest:6.1-cloud', { host: 'ssh:box', name: ' Test box ' }, 'ssh:box']).hosts, [
      { id: 'guest', name: null },
      { id: 'ssh:box', name: 'Test box' },
    ]);
  });

  it('leaves out what is no host, and names it in one plain message', () => {
    const { hosts, bad } = readHostList(['box', 'local', { host: 'ssh:-o' }, 1, null]);
    assert.deepEqual(hosts.map(({ id }) => id), ['local']);
    assert.match(badHosts(bad).message, /^The setting kmodlab\.hosts is not understood in 4 places\. In it, entry 1 is "box", entry 3 is .*, entry 4 is 1, and 1 more\. Write guest/);
    assert.deepEqual(readHostList('guest').bad, ['it is no list']);
    assert.equal(readHostList(Array.from({ length: 150 }, (_, index) => `ssh:h${index}`)).hosts.length, 100);
  });

  it('calls hosts by what they are', () => {
    assert.deepEqual(['guest', 'guest:newest-cloud', 'ssh:me@box', 'local'].map(defaultHostName), ['Guest 6.1-cloud', 'Guest newest-cloud', 'me@box', 'This machine']);
  });
});

describe('the kernel on disk that a guest would have', () => {
  const kernels = ['6.1.0-9-cloud-amd64', '6.1.0-56-cloud-amd64', '6.1.0-56-amd64', '7.3.4-cloud-amd64', '6.12.1-amd64'].map((release) => ({ release }));

  it('is the newest that its name may mean', () => {
    const meant = (spec: string): string | undefined => storedFor(spec, kernels)?.release;
    assert.deepEqual(['6.1-cloud', '6.1-generic', 'newest-cloud', 'newest-generic', 'newest', '6.1.0-9-cloud-amd64'].map(meant), ['6.1.0-56-cloud-amd64', '6.1.0-56-amd64', '7.3.4-cloud-amd64', '6.12.1-amd64', '7.3.4-cloud-amd64', '6.1.0-9-cloud-amd64']);
    assert.deepEqual(['5.10-cloud', '6.12-cloud', 'x'].map(meant), [undefined, undefined, undefined]);
  });
});

describe('a terminal on a host', () => {
  const ssh = { argv: ['/usr/bin/ssh', '-v'], env: { A: '1' } };

  it("is the person's own ssh, by argument vector", () => {
    assert.deepEqual(sshTerminal('me@box', ssh), { name: 'me@box', shellPath: '/usr/bin/ssh', shellArgs: ['-v', '-t', '--', 'me@box'], env: { A: '1' } });
    assert.deepEqual(sshTerminal('box', ssh, { configFile: '/c', asksForKey: true }).shellArgs, ['-v', '-F', '/c', '-o', 'StrictHostKeyChecking=ask', '-t', '--', 'box']);
    for (const bad of ['-oProxyCommand=x', 'a b', '']) assert.throws(() => sshTerminal(bad, ssh), { code: 'host-name-bad' });
  });

  it("uses a guest's key and host key, and asks for a terminal before any option that refuses one", () => {
    const { shellArgs } = guestTerminal('Guest', { port: 4022, keyFile: '/k', knownHosts: '/h' }, ssh);
    assert.ok(shellArgs.includes('/k') && shellArgs.includes('UserKnownHostsFile="/h"') && shellArgs.includes('StrictHostKeyChecking=yes'));
    assert.ok(shellArgs.indexOf('-t') < shellArgs.indexOf('RequestTTY=no'));
    assert.deepEqual(shellArgs.slice(-2), ['--', 'root@127.0.0.1']);
  });
});

describe('values of parameters', () => {
  const parameter = { name: 'mode', type: 'charp', description: null };

  it('leave to its default what is left empty, and drop what the module no longer takes', () => {
    assert.deepEqual(withValue({ mode: 'a', count: '1' }, 'mode', ''), { count: '1' });
    assert.deepEqual(withValue({}, 'mode', 'b c'), { mode: 'b c' });
    assert.deepEqual(knownValues([parameter], { mode: 'a', gone: '1' }), { mode: 'a' });
  });

  it('are refused with the reason before the kernel does', () => {
    assert.equal(valueProblem(parameter, 'a b', 'x86_64'), undefined);
    assert.match(valueProblem({ ...parameter, type: 'int' }, 'x', 'x86_64') ?? '', /whole number/);
    assert.equal(valueProblem({ ...parameter, type: 'int' }, '', 'x86_64'), undefined);
    assert.match(valueProblem(parameter, 'a"b', 'x86_64') ?? '', /double quote/);
    assert.deepEqual(choicesOf({ ...parameter, type: 'bool' }), ['y', 'n']);
    assert.equal(choicesOf(parameter), null);
  });
});

describe('what is remembered of a module', () => {
  const text = 'static int count;\nmodule_param(count, int, 0);\n';
  let root: string;
  let module: ModuleDescription;

  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-memory-'));
    module = { folder: root, name: 'm', kbuildFile: 'Kbuild', sources: ['m.c'], headers: [] };
    fs.writeFileSync(path.join(root, 'm.c'), text);
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  function memento(): Memento {
    const kept = new Map<string, unknown>();
    return { get: (key) => kept.get(key), update: (key, value) => Promise.resolve(void kept.set(key, value)) };
  }

  it('comes back, each module by itself', async () => {
    const store = memento();
    const memory = new ModuleMemory(store, root);
    let told = 0;
    memory.onChange(() => told++);
    await memory.keepExercise(module, { program: false, line: 'ls', asRoot: false });
    assert.deepEqual(new ModuleMemory(store, root).lastExercise(module), { program: false, line: 'ls', asRoot: false });
    assert.equal(memory.lastExercise({ folder: '/b', name: 'm' }), null);
    memory.give(module, { count: '1' });
    assert.equal(told, 2);
  });

  it('are the values that were given last, here or on the command line', () => {
    const memory = new ModuleMemory(memento(), root);
    memory.give(module, { count: '1' });
    assert.deepEqual(lastGiven(root, module), { count: '1' });
    rememberParameters(root, module, { count: '2' });
    assert.deepEqual(memory.given(module), { count: '2' });
    assert.deepEqual(new ModuleMemory(memento(), root).given(module), { count: '2' }, 'also in another workspace');
  });

  it('is what it takes: as its sources declare, until it was built from them', async () => {
    const memory = new ModuleMemory(memento(), root);
    const names = async (): Promise<string[]> => (await memory.parametersOf(module)).map(({ name }) => name);
    assert.deepEqual(await names(), ['count']);
    await memory.keepBuilt(module, [{ name: 'made_by_a_macro', type: 'int', description: null }]);
    assert.deepEqual(await names(), ['made_by_a_macro']);
    fs.writeFileSync(path.join(root, 'm.c'), `${text}module_param(more, bool, 0);\n`);
    assert.deepEqual(await names(), ['count', 'more']);
    fs.rmSync(path.join(root, 'm.c'));
    assert.deepEqual(await names(), []);
  });

  it('is nothing where the store holds something else', async () => {
    const store = memento();
    await store.update(`module:${root}:m`, { built: 'broken' });
    assert.equal(new ModuleMemory(store, root).lastExercise(module), null);
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Host } from '../../../core/hosts/host';
import { Emitter } from '../../../extension/src/emitter';
import { HostTarget, type ServerTarget } from '../../../extension/src/language-client/host-target';

/** A host of which only what is asked here is there. */
function hostWith(kernel: string, dispatch: string, headers: string | null): Host {
  return {
    id: kernel,
    name: kernel,
    kind: 'guest',
    facts: () => Promise.resolve({ kernel, arch: 'x86_64' }),
    script: () => Promise.resolve({ stdout: `${dispatch}\n` }),
    buildEnvironment: () => Promise.resolve(headers === null ? null : { kernelDir: headers }),
  } as unknown as Host;
}

describe('what the language server is told of the selected host', () => {
  const hosts = new Map<string, Host>();
  let selected = 'guest';
  const select = new Emitter<void>();
  const change = new Emitter<void>();
  let sent: ServerTarget[] = [];
  const told = new Emitter<void>();
  const next = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (sent.length < count) return;
        subscription.dispose();
        resolve();
      };
      const subscription = told.subscribe(look);
      look();
    });

  it('is its kernel when it opens, then what only the host itself can tell, and nothing when it is gone', async () => {
    const target = new HostTarget({
      selectedHost: () => selected,
      onSelect: (listener) => select.subscribe(listener),
      hosts: { peek: (id) => hosts.get(id), onChange: (listener) => change.subscribe(listener) },
      send: (message) => {
        sent.push(message);
        told.fire();
      },
      log: (line) => assert.fail(line),
    });
    assert.deepEqual(sent, []);
    hosts.set('guest', hostWith('6.1.0-56-cloud-amd64', 'switch', '/headers'));
    change.fire();
    await next(2);
    assert.deepEqual(sent, [
      { kernel: '6.1.0-56-cloud-amd64', arch: 'x86_64' },
      { kernel: '6.1.0-56-cloud-amd64', arch: 'x86_64', dispatch: 'switch', headers: '/headers' },
    ]);
    change.fire(); // of another host
    hosts.set('ssh:old', hostWith('5.10.1', 'unknown', null));
    selected = 'ssh:old';
    sent = [];
    select.fire();
    await next(2);
    assert.deepEqual(sent, [{ kernel: '5.10.1', arch: 'x86_64' }, { kernel: '5.10.1', arch: 'x86_64' }]);
    hosts.delete('ssh:old');
    sent = [];
    change.fire();
    assert.deepEqual(sent, [{ kernel: null }]);
    target.dispose();
    hosts.set('ssh:old', hostWith('5.10.1', 'table', null));
    change.fire();
    assert.equal(sent.length, 1);
  });
});

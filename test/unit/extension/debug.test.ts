// SPDX-License-Identifier: MIT
import type { DebugProtocol } from '@vscode/debugprotocol';
import assert from 'node:assert/strict';
import { Failure, type LoadSession } from '../../../core/model';
import { KmodlabDebugSession, type DebugDeps } from '../../../extension/src/debug/adapter';
import { record, session } from './sample-session';

/** The adapter and what it says, in the order it says it. */
class Client {
  readonly adapter: KmodlabDebugSession;
  private readonly messages: DebugProtocol.ProtocolMessage[] = [];
  private readonly waiting = new Set<() => void>();
  private seq = 1;

  readonly failures: string[] = [];

  constructor(deps: Pick<DebugDeps, 'load'>) {
    this.adapter = new KmodlabDebugSession({ ...deps, onFailure: ({ code }) => this.failures.push(code) });
    this.adapter.onDidSendMessage((message) => {
      this.messages.push(message as DebugProtocol.ProtocolMessage);
      for (const check of [...this.waiting]) check();
    });
  }

  async request(command: string, args: object = {}): Promise<DebugProtocol.Response> {
    const seq = this.seq++;
    this.adapter.handleMessage({ seq, type: 'request', command, arguments: args } as never);
    return this.until((message) => message.type === 'response' && (message as DebugProtocol.Response).request_seq === seq);
  }

  event(name: string): Promise<DebugProtocol.Event> {
    return this.until((message) => message.type === 'event' && (message as DebugProtocol.Event).event === name);
  }

  get output(): string {
    return this.messages.map((message) => ((message as DebugProtocol.OutputEvent).event === 'output' ? (message as DebugProtocol.OutputEvent).body.output : '')).join('');
  }

  private until<T extends DebugProtocol.ProtocolMessage>(matches: (message: DebugProtocol.ProtocolMessage) => boolean): Promise<T> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = this.messages.find(matches);
        if (!found) return;
        this.waiting.delete(check);
        resolve(found as T);
      };
      this.waiting.add(check);
      check();
    });
  }
}

function loadedClient(): { client: Client; unloads: () => number; end: (session: LoadSession) => void } {
  let unloads = 0;
  let end: (session: LoadSession) => void = () => undefined;
  const ended = new Promise<LoadSession>((resolve) => (end = resolve));
  const gone = session({ end: { state: 'unloaded', reason: '' } });
  const client = new Client({
    load: (_launch, on) => {
      on.event({ type: 'record', record: record(1, 'module says hello') });
      on.event({ type: 'gap', gap: { from: 2, to: 3 } });
      const unload = (): Promise<LoadSession> => {
        unloads++;
        end(gone);
        return Promise.resolve(gone);
      };
      return Promise.resolve({ moduleName: 'sample', ended, unload });
    },
  });
  return { client, unloads: () => unloads, end };
}

describe('the debug adapter', () => {
  it('loads at launch, shows the log, and unloads at stop', async () => {
    const { client, unloads } = loadedClient();
    assert.ok((await client.request('initialize', { adapterID: 'kmodlab', pathFormat: 'path' })).success);
    assert.ok((await client.request('launch', { module: '/w/sample' })).success);
    assert.match(client.output, /\[ {4}1\.001000\] module says hello\n\(2 records were lost\)\n/);
    assert.ok((await client.request('terminate')).success);
    await client.event('terminated');
    await client.request('disconnect');
    assert.equal(unloads(), 1);
  });

  it('unloads also when the session is only disconnected', async () => {
    const { client, unloads } = loadedClient();
    await client.request('launch', { module: '/w/sample' });
    await client.request('disconnect');
    assert.equal(unloads(), 1);
  });

  it('ends when the load session ends by itself, with the reason', async () => {
    const { client, end } = loadedClient();
    await client.request('launch', { module: '/w/sample' });
    end(session({ end: { state: 'hostLost', reason: 'The guest went away.' } }));
    await client.event('terminated');
    assert.match(client.output, /The guest went away\./);
  });

  it('says why a load failed, and ends', async () => {
    const failure = new Failure({ code: 'build-failed', what: 'It does not compile.', why: 'There is an error.', next: 'Mend it.' });
    const client = new Client({ load: () => Promise.reject(failure) });
    const response = await client.request('launch', { module: '/w/sample' });
    assert.equal(response.success, false);
    assert.equal(response.message, 'It does not compile. There is an error. Mend it.');
    await client.event('terminated');
    assert.match(client.output, /It does not compile\./);
    assert.deepEqual(client.failures, ['build-failed']);
    assert.equal((response as DebugProtocol.ErrorResponse).body.error?.showUser, false, 'no modal dialog');
  });

  it('refuses a configuration without a module', async () => {
    const client = new Client({ load: () => assert.fail('nothing may be loaded') });
    const response = await client.request('launch', {});
    assert.equal(response.success, false);
    assert.match(response.message ?? '', /launch configuration is not valid: module/);
  });

  it('cancels a load that is under way', async () => {
    const client = new Client({
      load: (_launch, _on, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(Failure.cancelled('Stopped.')))),
    });
    const launch = client.request('launch', { module: '/w/sample' });
    await client.request('disconnect');
    assert.equal((await launch).success, false);
  });
});

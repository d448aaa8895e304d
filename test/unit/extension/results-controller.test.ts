// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { Failure, type LoadSession } from '../../../core/model';
import { NO_FILTER } from '../../../core/results/filter';
import { ResultsController } from '../../../extension/src/results/results-controller';
import { namesOf } from '../../../extension/src/sessions/stored-names';
import type { ResultsToView } from '../../../media/protocol';
import { call, prediction, session } from './sample-session';

type Message<Type extends ResultsToView['type']> = Extract<ResultsToView, { type: Type }>;

/** A controller with what it told its view; `settled` waits for the first state in which nothing is left to do. */
class Told {
  readonly messages: ResultsToView[] = [];
  private readonly waiting: (() => void)[] = [];
  readonly controller = new ResultsController((message) => {
    this.messages.push(message);
    if (message.type === 'session' && !message.busy) for (const resolve of this.waiting.splice(0)) resolve();
  });

  all<Type extends ResultsToView['type']>(type: Type): Message<Type>[] {
    return this.messages.filter((message): message is Message<Type> => message.type === type);
  }

  last<Type extends ResultsToView['type']>(type: Type): Message<Type> {
    const message = this.all(type).at(-1);
    assert.ok(message, type);
    return message;
  }

  async settled(act: () => void): Promise<Message<'session'>> {
    const seen = this.all('session').length;
    const done = new Promise<void>((resolve) => this.waiting.push(resolve));
    act();
    if (!this.all('session').slice(seen).some(({ busy }) => !busy)) await done;
    return this.last('session');
  }
}

const many = (count: number): LoadSession['calls'] => Array.from({ length: count }, (_, index) => call(`c${index}`, index % 2 === 0 ? 'dup' : 'write', index % 2 === 0 ? 4 : -9, { errno: index % 2 === 0 ? null : 'EBADF' }));

describe('the controller of Syscall Results', () => {
  let told: Told;
  beforeEach(() => (told = new Told()));
  afterEach(() => told.controller.dispose());

  const show = (shown: LoadSession, callId?: string): Promise<Message<'session'>> => told.settled(() => told.controller.show({ id: shown.id, session: () => shown }, callId));

  it('tells of a large session before it has looked at all of it', async () => {
    const done = await show(session({ calls: many(50_000) }));
    const [first] = told.all('session');
    assert.ok(first?.busy && first.shown > 0 && first.shown < 50_000);
    assert.deepEqual([done.busy, done.shown, done.total], [false, 50_000, 50_000]);
    assert.equal(first.generation, done.generation, 'rows keep their index meanwhile');
    assert.deepEqual(done.facets?.syscalls.map(({ value, calls }) => [value, calls]), [['dup', 25_000], ['write', 25_000]]);
    assert.equal(told.last('timeline').timeline?.single, false);
  });

  it('gives rows and cards by index, and none for an index of before', async () => {
    const { generation } = await show(session({ calls: many(10) }));
    told.controller.onMessage({ type: 'range', generation, from: 8, count: 9 });
    assert.deepEqual(told.last('rows').rows.map(({ syscall }) => syscall), ['dup', 'write']);
    told.controller.onMessage({ type: 'details', generation, index: 1 });
    assert.equal(told.last('details').details.callId, 'c1');
    told.controller.onMessage({ type: 'range', generation: generation - 1, from: 0, count: 9 });
    told.controller.onMessage({ type: 'details', generation: generation - 1, index: 0 });
    assert.deepEqual([told.all('rows').length, told.all('details').length], [1, 1]);
  });

  it('filters, and takes the filter off for a call that it hides', async () => {
    await show(session({ calls: many(20_000) }));
    const filtered = await told.settled(() => told.controller.onMessage({ type: 'filter', filter: { ...NO_FILTER, failed: true } }));
    assert.deepEqual([filtered.shown, filtered.total], [10_000, 20_000]);
    const wanted = await told.settled(() => told.controller.onMessage({ type: 'selectCall', callId: 'c19998' }));
    assert.deepEqual([wanted.select, wanted.filter], [19_998, NO_FILTER]);
  });

  it('follows a session that grows, from the row on that changed', async () => {
    let now = session({ calls: many(3) });
    await told.settled(() => told.controller.show({ id: now.id, session: () => now }));
    now = session({ calls: [...now.calls, ...many(5).slice(3)], predictions: now.predictions });
    const grown = await told.settled(() => told.controller.update());
    assert.deepEqual([grown.shown, grown.changedFrom, grown.isOther], [5, 3, false]);
  });

  it('compares with another session and goes back', async () => {
    const predictions = [prediction('p', 'dup', { kind: 'exact', value: 4 })];
    await show(session({ calls: [call('a', 'dup', 5)], predictions }));
    const other = session({ id: 's0', calls: [call('b', 'dup', 4)] });
    const compared = await told.settled(() => told.controller.compareWith({ session: other, names: { first: '5.10', second: '6.1' } }));
    assert.deepEqual(compared.comparison, { sessionId: 's0', first: '5.10', second: '6.1' });
    assert.equal(compared.summary.counts.differs, 1);
    const back = await told.settled(() => told.controller.compareWith(undefined));
    assert.equal(back.comparison, null);
  });

  it('selects the call that was asked for', async () => assert.equal((await show(session({ calls: many(9) }), 'c7')).select, 7));

  it('tells a view that begins anew everything again, also that something failed', async () => {
    await show(session({ calls: many(2) }));
    const again = await told.settled(() => told.controller.restart(NO_FILTER));
    assert.equal(again.isOther, true);
    told.controller.showFailure(new Failure({ code: 'x', what: 'It cannot be read.', why: 'Why.', next: 'Next.' }));
    told.controller.restart(NO_FILTER);
    assert.deepEqual(told.all('failed').map(({ what }) => what), ['It cannot be read.', 'It cannot be read.']);
    assert.equal(told.controller.session, undefined);
  });
});

describe('what two sessions are called beside each other', () => {
  const named = (first: Partial<LoadSession>, second: Partial<LoadSession>): string[] => Object.values(namesOf(session(first), session(second)));
  const onKernel = (kernel: string): Partial<LoadSession> => ({ host: { ...session().host, kernel } });

  it('is what tells them apart: kernel, parameters, else the time', () => {
    assert.deepEqual(named(onKernel('5.10.0-46-amd64'), onKernel('6.1.0-1')), ['5.10', '6.1']);
    assert.deepEqual(named(onKernel('6.1.0-1'), onKernel('6.1.0-2')), ['6.1.0-1', '6.1.0-2']);
    assert.deepEqual(named({ parameters: { mode: 'all' } }, {}), ['mode=all', 'no parameters']);
    assert.deepEqual(named({ startedAt: 'then' }, { startedAt: 'now' }), ['then', 'now']);
  });
});

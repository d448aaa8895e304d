// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { Failure, type SessionEnd } from '../../../core/model';
import { LossTeller } from '../../../extension/src/hosts/loss-teller';
import { SessionFeed, type SessionOrigin } from '../../../extension/src/sessions/session-feed';
import { session } from './sample-session';

const GUEST = { kind: 'guest', name: 'Guest 6.1-cloud', kernel: '6.1.0', arch: 'x86_64', bootId: 'first boot' } as const;
const OOPS: SessionEnd = { state: 'oops', reason: 'Kernel panic - not syncing', source: { file: 'm.c', line: 7 } };

describe('what is said of a host that was lost', () => {
  let feed: SessionFeed;
  let teller: LossTeller;
  let told: Failure[];

  beforeEach(() => {
    feed = new SessionFeed();
    told = [];
    teller = new LossTeller({ sessions: () => feed.all(), hostName: () => 'Lab', tell: (failure) => told.push(failure) });
    feed.subscribe(({ live, event }) => teller.onSessionEvent(live, event));
  });

  const start = (id: string, host: Parameters<typeof session>[0] = { host: GUEST }, origin: SessionOrigin = 'command'): void => feed.push(id, { type: 'started', session: session({ id, ...host }) }, origin);
  const end = (id: string, how: SessionEnd): void => feed.push(id, { type: 'ended', endedAt: '', end: how }, 'command');
  const lost = (why: string): Failure => new Failure({ code: 'host-lost', what: 'The guest was lost.', why, next: '' });

  it('is said once of a crash: by its session, not by its guest and its commands as well', () => {
    start('s');
    teller.onGuestLost('guest', lost('Its kernel stopped: Kernel panic.'));
    assert.deepEqual(told, []);
    end('s', OOPS);
    assert.deepEqual(told.map(({ message }) => message), ['The kernel of Lab met a fatal error while sample was loaded. At m.c:7 it said: Kernel panic - not syncing. Correct the module, then load it again: a new guest comes up by itself.']);
    teller.onGuestLost('guest', lost('Its kernel stopped: Kernel panic.'));
    assert.equal(told.length, 1);
    assert.ok(teller.hasTold(new Failure({ code: 'oops', what: 'm.', why: 'At m.c:7 it said: Kernel panic - not syncing', next: '' })));
    assert.ok(!teller.hasTold(new Failure({ code: 'no-such', what: '', why: OOPS.reason, next: '' })));
  });

  it('is said once where two modules were loaded, and again of the next crash', () => {
    for (const id of ['a', 'b']) start(id);
    for (const id of ['a', 'b']) end(id, OOPS);
    assert.equal(told.length, 1);
    start('c', { host: { ...GUEST, bootId: 'second boot' } });
    assert.ok(!teller.hasTold(lost(OOPS.reason)));
    end('c', OOPS);
    assert.equal(told.length, 2);
  });

  it('names the module that the fault lies in, whichever session ends first', () => {
    for (const id of ['a', 'b', 'c']) start(id);
    end('a', { state: 'oops', reason: OOPS.reason });
    assert.deepEqual(told, []);
    end('b', OOPS);
    end('c', { state: 'oops', reason: OOPS.reason });
    assert.deepEqual(told.map(({ why }) => why), ['At m.c:7 it said: Kernel panic - not syncing.']);
    for (const id of ['d', 'e']) start(id, { host: { ...GUEST, bootId: 'second boot' } });
    for (const id of ['d', 'e']) end(id, { state: 'oops', reason: OOPS.reason });
    assert.deepEqual(told.map(({ why }) => why).slice(1), ['It said: Kernel panic - not syncing.']);
  });

  it('is said by the guest where nothing was loaded, and of the load of another window where that took the guest away', () => {
    teller.onGuestLost('guest', lost('Another program ended it.'));
    assert.deepEqual(told.map(({ why }) => why), ['Another program ended it.']);
    start('other', { host: GUEST }, 'other');
    teller.onGuestLost('guest', lost('Its kernel stopped.'));
    end('other', OOPS);
    assert.deepEqual(told.map(({ code }) => code), ['host-lost', 'oops']);
  });

  it('blames no module for a connection that broke, and is silent about hosts of other windows', () => {
    const box = { host: { ...GUEST, kind: 'ssh', name: 'box' } } as const;
    start('s', box);
    end('s', { state: 'hostLost', reason: 'Nothing came for 30 s.' });
    assert.deepEqual(told.map(({ message }) => message), ['Lab was lost while sample was loaded. Nothing came for 30 s. Connect again when it is back: the module may still be loaded there.']);
    start('o', box, 'other');
    end('o', OOPS);
    assert.equal(told.length, 1);
  });
});

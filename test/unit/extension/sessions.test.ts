// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SessionStore } from '../../../core/sessions/store';
import type { HostIdentity } from '../../../core/model';
import type { LockHolder } from '../../../core/platform/lock';
import { hostIdOf } from '../../../extension/src/hosts/host-id';
import type { HostState } from '../../../extension/src/hosts/host-keeper';
import { InKernel } from '../../../extension/src/sessions/in-kernel';
import { SessionFeed, type FeedEvent, type SessionOrigin } from '../../../extension/src/sessions/session-feed';
import { SessionWatcher } from '../../../extension/src/sessions/session-watcher';
import { record, session } from './sample-session';

describe('the session feed', () => {
  it('folds events into the session and tells listeners of each', () => {
    const feed = new SessionFeed();
    const seen: string[] = [];
    feed.subscribe(({ live, event }) => seen.push(`${live.id} ${event.type}`));
    feed.push('s1', { type: 'started', session: session() }, 'command');
    feed.push('s1', { type: 'record', record: record(1, 'one') }, 'command');
    feed.push('s1', { type: 'ended', endedAt: 'now', end: { state: 'unloaded', reason: '' } }, 'command');
    assert.deepEqual(seen, ['s1 started', 's1 record', 's1 ended']);
    const folded = feed.current?.session();
    assert.deepEqual(folded?.records.map(({ text }) => text), ['one']);
    assert.equal(folded.end?.state, 'unloaded');
    assert.equal(feed.current?.isLoaded, false);
  });

  it('drops what comes before a start, and a second start', () => {
    const feed = new SessionFeed();
    feed.push('s1', { type: 'record', record: record(1, 'early') }, 'other');
    assert.equal(feed.has('s1'), false);
    feed.push('s1', { type: 'started', session: session() }, 'command');
    feed.push('s1', { type: 'started', session: session() }, 'task');
    assert.equal(feed.all().length, 1);
    assert.equal(feed.current?.origin, 'command');
  });

  it('counts a session that was left loaded as loaded', () => {
    const feed = new SessionFeed();
    feed.push('s1', { type: 'started', session: session() }, 'task');
    feed.push('s1', { type: 'ended', endedAt: 'now', end: { state: 'loaded', reason: '' } }, 'task');
    assert.equal(feed.current?.isLoaded, true);
  });

  it('forgets the oldest sessions that have ended, never one that is loaded', () => {
    const feed = new SessionFeed();
    feed.push('kept', { type: 'started', session: session({ id: 'kept' }) }, 'command');
    for (let n = 0; n < 40; n++) {
      const id = `s${n}`;
      feed.push(id, { type: 'started', session: session({ id }) }, 'command');
      feed.push(id, { type: 'ended', endedAt: '', end: { state: 'unloaded', reason: '' } }, 'command');
    }
    assert.ok(feed.all().length <= 21);
    assert.ok(feed.has('kept'));
    assert.ok(feed.has('s39'));
  });
});

describe('what is in a kernel', () => {
  const guestSince = '2026-01-01T10:00:00.000Z';
  const open = { state: 'open', facts: { bootId: 'boot' } } as unknown as HostState;

  function loaded(change: Parameters<typeof session>[0], end: 'loaded' | 'unloaded' | null = 'loaded'): number {
    const feed = new SessionFeed();
    feed.push('s', { type: 'started', session: session(change) }, 'other');
    if (end !== null) feed.push('s', { type: 'ended', endedAt: '', end: { state: end, reason: '' } }, 'other');
    const guests = { since: (id: string) => (id === 'guest:6.1-cloud' ? guestSince : null) };
    const inKernel = new InKernel({ feed, guests, hosts: { stateOf: (id) => (id === 'ssh:open' ? open : { state: 'closed' }) } });
    assert.deepEqual([inKernel.withThoseOnTheirWay().length, feed.current?.isOnItsWay], end === null ? [1, true] : [inKernel.all().length, false]);
    if (end === null) feed.push('s', { type: 'devices', devices: [] }, 'other');
    return inKernel.all().length;
  }
  const host = (kind: 'guest' | 'ssh', name: string, bootId = 'boot'): HostIdentity => ({ kind, name, bootId, kernel: '6.1.0', arch: 'x86_64' });

  it('is what was left in a guest that runs since before', () => {
    const after = '2026-01-01T10:00:05.000Z';
    assert.equal(loaded({ host: host('guest', 'Guest 6.1-cloud'), startedAt: after }), 1);
    assert.equal(loaded({ host: host('guest', 'Guest 6.1-cloud'), startedAt: after }, 'unloaded'), 0);
    assert.equal(loaded({ host: host('guest', 'Guest 6.1-cloud'), startedAt: '2026-01-01T09:59:00.000Z' }), 0, 'another guest ran then');
    assert.equal(loaded({ host: host('guest', 'Guest newest-cloud'), startedAt: after }), 0);
    assert.equal(loaded({ host: host('guest', 'Guest newest-cloud'), startedAt: after }, null), 1, 'it is being loaded there');
  });

  it('is what was left on another host, until that is known to have been started anew', () => {
    assert.equal(loaded({ host: host('ssh', 'away') }), 1);
    assert.equal(loaded({ host: host('ssh', 'open') }), 1);
    assert.equal(loaded({ host: host('ssh', 'open', 'earlier boot') }), 0);
  });
});

describe('the session watcher', () => {
  let dir: string;
  let store: SessionStore;
  let feed: SessionFeed;
  let watcher: SessionWatcher | undefined;
  /** Who has which module of which host. */
  let holders: Map<string, LockHolder>;
  const sampled = session();
  const MODULE = `${hostIdOf(sampled.host)} ${sampled.module.name}`;

  function hold(pid: number): () => void {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    holders.set(MODULE, { purpose: 'loading', pid, released, leave: () => undefined });
    return () => {
      holders.delete(MODULE);
      release();
    };
  }

  beforeEach(() => {
    holders = new Map();
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-watcher-'));
    store = new SessionStore(dir);
    feed = new SessionFeed();
  });
  afterEach(() => {
    watcher?.dispose();
    fs.rmSync(dir, { recursive: true, force: true });
  });

  function watch(originOf: (folder: string) => SessionOrigin | null): void {
    const onError = (error: Error): void => assert.fail(error);
    watcher = new SessionWatcher({ store, feed, originOf: (started) => originOf(started.module.folder), isStillThere: ({ id }) => id.endsWith('there'), holderOf: (hostId, module) => Promise.resolve(holders.get(`${hostId} ${module}`) ?? null), onError });
  }

  function next(type: string): Promise<FeedEvent> {
    return new Promise((resolve) => {
      const subscription = feed.subscribe((event) => {
        if (event.event.type !== type) return;
        subscription.dispose();
        resolve(event);
      });
    });
  }

  it('follows a session that another process starts, from its beginning', async () => {
    hold(77);
    watch(() => 'task');
    const ended = next('ended');
    const writer = store.create(session({ id: 'other' }));
    writer.append({ type: 'record', record: record(1, 'hello') });
    writer.append({ type: 'ended', endedAt: 'now', end: { state: 'unloaded', reason: '' } });
    const { live } = await ended;
    assert.equal(live.origin, 'task');
    assert.deepEqual(live.session().records.map(({ text }) => text), ['hello']);
  });

  it('follows what was left loaded before, as long as its kernel runs, the newest last', async () => {
    const leave = (id: string, state: 'loaded' | 'unloaded'): void => {
      store.create(session({ id })).append({ type: 'ended', endedAt: 'now', end: { state, reason: '' } });
    };
    for (const id of ['s1-there', 's2-there', 's3-gone']) leave(id, 'loaded');
    leave('s4-there', 'unloaded');
    watch(() => 'other');
    const both = new Promise<void>((resolve) => feed.subscribe(() => feed.all().filter(({ end }) => end !== null).length === 2 && resolve()));
    await watcher?.followEarlier();
    await both;
    assert.deepEqual(feed.all().map(({ id, origin, isLoaded }) => [id, origin, isLoaded]), [['s1-there', 'left', true], ['s2-there', 'left', true]]);
  });

  it('follows what the window before leaves loaded only after this one has looked', async () => {
    const writer = store.create(session({ id: 's1-there' }));
    watch(() => 'other');
    await watcher?.followEarlier();
    assert.deepEqual(feed.all(), []);
    const ended = next('ended');
    writer.append({ type: 'ended', endedAt: 'now', end: { state: 'loaded', reason: '' } });
    writer.finish();
    assert.equal((await ended).live.origin, 'left');
  });

  it('shows from the start what another process was loading before, says which, and ends it where that process ends without a word', async () => {
    store.create(session({ id: 's1-there' })).append({ type: 'devices', devices: [] });
    const release = hold(77);
    store.create(session({ id: 's2' })).append({ type: 'record', record: record(1, 'hello') });
    watch(() => 'other');
    const told = new Promise<void>((resolve) => feed.onLoader(resolve));
    await watcher?.followEarlier();
    await told;
    assert.deepEqual(feed.all().map(({ id, origin, loader, isOnItsWay }) => [id, origin, loader, isOnItsWay]), [['s2', 'other', 77, true]]);
    const ended = next('ended');
    release();
    assert.deepEqual([(await ended).live.end?.state, feed.current?.loader], ['cancelled', null]);
  });

  it('finds the module whose process ended without a word after it was inserted', async () => {
    store.create(session({ id: 's1-there' })).append({ type: 'devices', devices: [] });
    watch(() => 'other');
    const ended = next('ended');
    await watcher?.followEarlier();
    const { live } = await ended;
    assert.deepEqual([live.origin, live.end?.state, live.isOnItsWay], ['left', 'loaded', false]);
  });

  it('leaves alone what is not of this window, what was there before, and what the window loads itself', async () => {
    store.create(session({ id: 'before' }));
    watch((folder) => (folder === '/mine' ? 'other' : null));
    feed.push('own', { type: 'started', session: session({ id: 'own' }) }, 'command');
    store.create(session({ id: 'own' }));
    store.create(session({ id: 'foreign' }));
    const started = next('started');
    store.create(session({ id: 'mine', module: { name: 'm', folder: '/mine', sources: [], koBuildId: null } }));
    assert.equal((await started).live.id, 'mine');
    assert.deepEqual(feed.all().map(({ id }) => id), ['own', 'mine']);
    assert.equal(feed.all()[0]?.origin, 'command');
  });
});

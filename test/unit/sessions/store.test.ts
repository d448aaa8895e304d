// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { SessionEvent } from '../../../core/model';
import { applyEvent, replay } from '../../../core/sessions/journal';
import { SessionStore } from '../../../core/sessions/store';
import { actionOf, callOf, emptySession, predictionOf, recordOf } from '../../support/session';

const ended = (state: 'unloaded' | 'loaded' = 'unloaded'): SessionEvent => ({ type: 'ended', endedAt: '2026-01-01T00:00:09.000Z', end: { state, reason: 'r' } });

const EVENTS: SessionEvent[] = [
  { type: 'started', session: emptySession() },
  { type: 'analysis', findings: [], predictions: [predictionOf()] },
  { type: 'build', build: { compiler: 'gcc', argv: ['make'], diagnostics: [], ok: true } },
  { type: 'koBuildId', koBuildId: 'ab' },
  { type: 'preflight', lines: [{ check: 'c', verdict: 'ok', text: 't', fix: null }] },
  { type: 'recorder', recorder: { mode: 'none', reason: 'x', lost: 1 } },
  { type: 'record', record: recordOf('one') },
  { type: 'gap', gap: { from: 2, to: 4 } },
  { type: 'action', action: actionOf(1) },
  { type: 'call', call: callOf() },
  { type: 'dependencies', dependencies: [{ name: 'first', from: 'kernel' }] },
  { type: 'node', node: '/dev/one' },
  { type: 'watchdog', watchdog: { seconds: 5, outcome: null } },
  ended(),
];

describe('the fold of a journal', () => {
  it('holds every event', () => {
    const session = replay(EVENTS);
    assert.ok(session);
    assert.deepEqual([session.predictions.length, session.records.length, session.gaps.length, session.actions.length, session.calls.length, session.preflight.length], [1, 1, 1, 1, 1, 1]);
    assert.deepEqual([session.dependencies?.length, session.nodes, session.watchdog?.seconds], [1, ['/dev/one'], 5]);
    assert.deepEqual([session.module.koBuildId, session.build?.ok, session.recorder.mode, session.lost.records, session.end?.state], ['ab', true, 'none', 3, 'unloaded']);
  });

  it('changes neither the session nor the event that it is given', () => {
    const frozen = JSON.stringify(EVENTS);
    let session = applyEvent(null, EVENTS[0]!);
    for (const event of EVENTS.slice(1)) {
      const before = JSON.stringify(session);
      const next = applyEvent(session, event);
      assert.equal(JSON.stringify(session), before);
      session = next;
    }
    assert.deepEqual(session, replay(EVENTS));
    assert.equal(JSON.stringify(EVENTS), frozen);
  });

  it('knows nothing before the start', () => {
    assert.equal(applyEvent(null, ended()), null);
    assert.equal(replay([ended()]), null);
  });
});

describe('session store', () => {
  let state: string;
  let store: SessionStore;
  beforeEach(() => {
    state = fs.mkdtempSync(path.join(os.tmpdir(), 'ks-'));
    store = new SessionStore(state);
  });
  afterEach(() => fs.rmSync(state, { recursive: true, force: true }));

  const idOf = (number: number): string => `20260101T0000${String(number).padStart(2, '0')}Z-hello-00000${number % 10}`;
  const create = (number: number, ...events: SessionEvent[]): string => {
    const writer = store.create(emptySession({ id: idOf(number) }));
    for (const event of events) writer.append(event);
    if (events.some(({ type }) => type === 'ended')) writer.finish();
    return writer.id;
  };
  const fileOf = (id: string, kind: string): string => path.join(store.folder, `${id}.${kind}`);

  it('reads back what was written, finished or not', async () => {
    const running = create(1, EVENTS[6]!);
    const finished = create(2, EVENTS[6]!, ended());
    assert.equal((await store.read(running)).records[0]?.text, 'one');
    assert.equal((await store.read(finished)).end?.state, 'unloaded');
    assert.equal((await store.read('latest')).id, finished);
    assert.deepEqual((await store.list()).map(({ id, end }) => [id, end?.state]), [[finished, 'unloaded'], [running, undefined]]);
  });

  it('is private to the user', () => {
    const id = create(1, ended());
    assert.equal(fs.statSync(store.folder).mode & 0o777, 0o700);
    for (const kind of ['json', 'jsonl']) assert.equal(fs.statSync(fileOf(id, kind)).mode & 0o777, 0o600);
  });

  it('survives a torn last line, foreign lines and a damaged file', async () => {
    const id = create(1, EVENTS[6]!);
    fs.appendFileSync(fileOf(id, 'jsonl'), 'garbage\n{"type":"record"}\n{"type":"record","record":{"se');
    assert.equal((await store.read(id)).records.length, 1);
    const damaged = create(2, ended());
    fs.writeFileSync(fileOf(damaged, 'json'), '{');
    assert.equal((await store.read(damaged)).end?.state, 'unloaded', 'its journal tells the same');
    fs.writeFileSync(fileOf(damaged, 'jsonl'), '{');
    for (const read of [store.read(damaged), store.readGently(damaged)]) await assert.rejects(read, { code: 'session-unreadable' });
    assert.deepEqual((await store.list()).map((summary) => summary.id), [id]);
  });

  it('takes no path for an id', async () => {
    for (const id of ['../x', '', '.', 'a/b', 'x'.repeat(300), 'a\0']) await assert.rejects(store.read(id), { code: 'no-session' });
    await assert.rejects(store.read('latest'), { code: 'no-session', what: 'There is no load session yet.' });
  });

  it('shows events to a follower as another store writes them, until the end', async () => {
    const id = create(1, EVENTS[6]!);
    const seen: string[] = [];
    const writer = new SessionStore(state).reopen(id);
    const following = store.follow(id, (event) => {
      seen.push(event.type);
      if (event.type === 'record') writer.append(ended('loaded'));
      else if (event.type === 'ended' && event.end.state === 'loaded') writer.append(EVENTS[9]!);
      else if (event.type === 'call') writer.append(ended());
    });
    await following;
    assert.deepEqual(seen, ['started', 'record', 'ended', 'call', 'ended']);
  });

  it('stops following when it is told to', async () => {
    const id = create(1);
    const stop = new AbortController();
    const following = store.follow(id, () => stop.abort(), stop.signal);
    await following;
    await assert.rejects(store.follow('nothing', () => undefined), { code: 'no-session' });
  });

  it('continues a session that was left loaded', async () => {
    const id = create(1, EVENTS[6]!, ended('loaded'));
    const writer = store.reopen(id);
    assert.ok(!fs.existsSync(fileOf(id, 'json')));
    writer.append({ type: 'record', record: recordOf('two', 2) });
    writer.append(ended());
    writer.finish();
    const session = await store.read(id);
    assert.deepEqual(session.records.map(({ text }) => text), ['one', 'two']);
    assert.equal(session.end?.state, 'unloaded');
  });

  it('takes the kernel path of a call at any time, also while another process writes', async () => {
    const id = create(1, EVENTS[9]!);
    const writer = store.reopen(id);
    const kernelPath = { kernel: '6.1.0', result: -14, functions: [], truncated: false, origin: null, inferred: null };
    new SessionStore(state).addKernelPath(id, callOf().id, kernelPath);
    writer.append(ended());
    writer.finish();
    assert.deepEqual((await store.read(id)).calls[0]?.kernelPath, kernelPath);
    assert.equal((await store.read(id)).end?.state, 'unloaded');
    const other = { ...kernelPath, result: -9 };
    assert.deepEqual(store.addKernelPath(id, callOf().id, other).calls[0]?.kernelPath, other);
    assert.deepEqual((await store.read(id)).calls[0]?.kernelPath, other, 'an ended session keeps its file');
    assert.ok(fs.existsSync(fileOf(id, 'json')));
  });

  it('removes the oldest, but none that is loaded or runs', async () => {
    const loaded = create(1, ended('loaded'));
    const running = create(2);
    create(3, ended());
    const kept = [create(4, ended()), create(5, ended())];
    await store.prune(2);
    assert.deepEqual((await store.list()).map(({ id }) => id).sort(), [loaded, running, ...kept].sort());
  });

  it('says when it cannot save', () => {
    fs.writeFileSync(path.join(state, 'file'), '');
    assert.throws(() => new SessionStore(path.join(state, 'file')).create(emptySession()), { code: 'session-unwritable' });
  });
});

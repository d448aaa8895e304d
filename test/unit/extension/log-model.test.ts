// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { LogModel } from '../../../extension/src/kernel-log/log-model';
import type { LogRow } from '../../../media/protocol';
import { record, session } from './sample-session';

const live = { id: 's1', moduleName: 'sample' };

function filled(...texts: string[]): LogModel {
  const model = new LogModel();
  texts.forEach((text, seq) => model.apply(live, { type: 'record', record: record(seq, text) }));
  return model;
}

function texts(rows: readonly LogRow[]): string[] {
  return rows.map((row) => row.text);
}

describe('the kernel log model', () => {
  it('keeps sessions, records and gaps in the order they came', () => {
    const model = new LogModel();
    model.apply(live, { type: 'started', session: session({ parameters: { mode: 'all' } }) });
    model.apply(live, { type: 'record', record: record(1, 'one') });
    model.apply(live, { type: 'gap', gap: { from: 2, to: 4 } });
    model.apply(live, { type: 'ended', endedAt: '', end: { state: 'unloaded', reason: '' } });
    assert.deepEqual(texts(model.range(0, 10)), [
      'Load of sample on guest, Linux 6.1.0-1-amd64 with mode=all',
      'one',
      '3 records were lost here (numbers 2 to 4)',
      'sample was unloaded',
    ]);
  });

  it('marks an end that is a failure, with its reason', () => {
    const model = new LogModel();
    model.apply(live, { type: 'ended', endedAt: '', end: { state: 'refused', reason: 'Invalid parameters' } });
    assert.deepEqual(model.range(0, 1), [{ kind: 'session', text: 'sample was not loaded: Invalid parameters', mark: 'failed' }]);
  });

  it('counts the time of a load from its first record, per session', () => {
    const model = filled('a', 'b');
    model.apply({ id: 's2', moduleName: 'other' }, { type: 'record', record: record(50, 'c') });
    const bases = model.range(0, 3).map((row) => (row.kind === 'record' ? row.usec - row.baseUsec : null));
    assert.deepEqual(bases, [0, 1000, 0]);
  });

  it('makes one row of each line of a record', () => {
    const rows = filled('head\ntail').range(0, 5);
    assert.deepEqual(rows.map((row) => row.kind === 'record' && row.first), [true, false]);
    assert.deepEqual(texts(rows), ['head', 'tail']);
  });

  it('shows the lines that hold the text, in any case, or hides them', () => {
    const model = filled('Alpha', 'beta', 'ALPHABET');
    model.setFilter({ text: 'alpha', maxLevel: 7 });
    assert.deepEqual(texts(model.range(0, 9)), ['Alpha', 'ALPHABET']);
    model.setFilter({ text: '-alpha', maxLevel: 7 });
    assert.deepEqual(texts(model.range(0, 9)), ['beta']);
    assert.equal(model.total, 3);
  });

  it('filters by level, and what comes later too', () => {
    const model = new LogModel();
    model.setFilter({ text: '', maxLevel: 4 });
    model.apply(live, { type: 'record', record: record(1, 'info', { level: 6 }) });
    model.apply(live, { type: 'record', record: record(2, 'warning', { level: 4 }) });
    assert.deepEqual(texts(model.range(0, 9)), ['warning']);
    model.setFilter({ text: '', maxLevel: 7 });
    assert.equal(model.shownCount, 2);
  });

  it('never filters a gap away', () => {
    const model = filled('a');
    model.apply(live, { type: 'gap', gap: { from: 7, to: 7 } });
    model.setFilter({ text: 'nothing holds this', maxLevel: 0 });
    assert.deepEqual(texts(model.range(0, 9)), ['1 record was lost here (number 7)']);
  });

  it('changes its generation when indexes lose their meaning, and only then', () => {
    const model = filled('a');
    const before = model.generation;
    model.setFilter({ text: '', maxLevel: 7 });
    assert.equal(model.generation, before);
    model.setFilter({ text: 'a', maxLevel: 7 });
    model.clear();
    assert.equal(model.generation, before + 2);
    assert.equal(model.total, 0);
  });

  it('answers any range', () => {
    const model = filled('a', 'b');
    assert.deepEqual(model.range(-5, -1), []);
    assert.deepEqual(texts(model.range(1, 1e9)), ['b']);
    assert.deepEqual(model.range(99, 10), []);
  });

  it('shows what a hostile record hides, and bounds its length', () => {
    const [escape, long] = filled('\u001b[31mred \u202e', 'x'.repeat(100_000)).range(0, 2);
    assert.equal(escape?.text, '\\x1b[31mred \\u202e');
    assert.ok(long && long.text.length < 5000);
  });

  it('copies as dmesg prints', () => {
    assert.equal(filled('one', 'two').text(1, 1), '[    1.001000] info    two');
  });

  it('keeps the newest lines of very many, and says how many went', () => {
    const model = new LogModel();
    for (let seq = 0; seq < 215_000; seq++) model.apply(live, { type: 'record', record: record(seq, `line ${seq}`) });
    assert.ok(model.total <= 100_001, String(model.total));
    const [first, second] = texts(model.range(0, 2));
    const dropped = Number(/^([\d,]+) older lines are no longer shown/.exec(first ?? '')?.[1]?.replaceAll(',', ''));
    assert.equal(second, `line ${dropped}`);
    assert.equal(texts(model.range(model.total - 1, 1))[0], 'line 214999');
    assert.equal(model.total - 1 + dropped, 215_000);
  });

  it('holds 100,000 records and filters them at once', () => {
    const model = new LogModel();
    for (let seq = 0; seq < 100_000; seq++) model.apply(live, { type: 'record', record: record(seq, `line ${seq}`) });
    model.setFilter({ text: 'line 9999', maxLevel: 7 });
    assert.deepEqual(texts(model.range(0, 3)), ['line 9999', 'line 99990', 'line 99991']);
  });
});

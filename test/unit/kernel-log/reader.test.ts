// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { KernelLogReader, markerText, type KernelLogOptions } from '../../../core/kernel-log/reader';
import { Failure, type Gap } from '../../../core/model';
import { MARK } from '../../../core/modules/host-scripts';
import { FakeHost, FakeKernel } from '../../support/fake-kernel';

describe('kernel log reader', () => {
  let kernel: FakeKernel;
  let host: FakeHost;
  let reader: KernelLogReader;
  let texts: string[];
  let gaps: Gap[];

  beforeEach(() => {
    kernel = new FakeKernel();
    host = new FakeHost(kernel);
    texts = [];
    gaps = [];
  });
  afterEach(async () => {
    await reader.stop();
    kernel.dispose();
  });

  function follow(options: Partial<KernelLogOptions> = {}): void {
    reader = new KernelLogReader(host, { onRecord: (record) => texts.push(record.text), onGap: (gap) => gaps.push(gap), ...options });
  }

  /** Writes a marker and waits until it comes back: all before has arrived then. */
  async function mark(place: string): Promise<void> {
    const text = markerText('S', place);
    await host.script(MARK, ['/dev/kmsg', text]);
    await reader.waitForMarker(text);
  }

  it('delivers every record once and keeps markers to itself', async () => {
    kernel.print('<6>one');
    follow();
    kernel.print('<4>two');
    await mark('end');
    assert.deepEqual(texts, ['one', 'two']);
    assert.deepEqual(gaps, []);
  });

  it('delivers a record at once, without waiting for the next', async () => {
    const seen = new Promise<string>((resolve) => follow({ onRecord: (record) => resolve(record.text) }));
    kernel.print('<6>alone');
    assert.equal(await seen, 'alone');
  });

  it('drops what came before the marker, also the gap to it', async () => {
    kernel.print('<6>old');
    kernel.loseRecords(5);
    follow({ sinceMarker: markerText('S', 'begin') });
    await mark('begin');
    kernel.print('<6>new');
    await mark('end');
    assert.deepEqual(texts, ['new']);
    assert.deepEqual(gaps, []);
  });

  it('goes on after an overrun without doubling, and names what was lost', async () => {
    kernel.print('<6>one');
    kernel.overrun();
    kernel.loseRecords(3);
    kernel.print('<6>two');
    follow();
    await mark('end');
    assert.deepEqual(texts, ['one', 'two']);
    assert.deepEqual(gaps, [{ from: 102, to: 104 }]);
    assert.equal(kernel.exists('overrun'), false);
  });

  it('goes on from a record when a session is continued', async () => {
    kernel.print('<6>known');
    kernel.print('<6>missed meanwhile');
    follow({ sinceSeq: 101 });
    await mark('end');
    assert.deepEqual(texts, ['missed meanwhile']);
  });

  it('takes a marker that the kernel itself prints for an ordinary line', async () => {
    follow();
    kernel.print(`<6>${markerText('S', 'forged')}`);
    await mark('end');
    assert.deepEqual(texts, [markerText('S', 'forged')]);
  });

  it('tells the waiting when the host is lost', async () => {
    const told = new Promise<Failure>((resolve) => follow({ onLost: resolve }));
    const waiting = assert.rejects(reader.waitForMarker('never'), { code: 'host-lost' });
    host.lose('');
    await waiting;
    assert.equal((await told).code, 'host-lost');
    await assert.rejects(reader.waitForMarker('later'), { code: 'host-lost' });
  });

  it('says so when the log cannot be opened', async () => {
    fs.rmSync(path.join(kernel.root, 'dev/kmsg'));
    const told = new Promise<Failure>((resolve) => follow({ onLost: resolve }));
    assert.equal((await told).code, 'kernel-log-unreadable');
  });

  it('leaves no process behind when it stops', async () => {
    kernel.print('<6>one');
    follow();
    await mark('end');
    const mine = (): string[] => execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n').filter((line) => line.includes(kernel.root));
    assert.notDeepEqual(mine(), []);
    await reader.stop();
    assert.deepEqual(mine(), []);
  });

  it('ends by itself when the log is gone', async () => {
    const told = new Promise<Failure>((resolve) => follow({ onLost: resolve }));
    await mark('begin');
    fs.rmSync(path.join(kernel.root, 'dev/kmsg'));
    const readers = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n').filter((line) => line.includes(`${kernel.root}/ring`));
    for (const line of readers) process.kill(Number.parseInt(line, 10));
    assert.equal((await told).code, 'kernel-log-unreadable');
  });
});

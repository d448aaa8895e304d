// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findLockHolder, takeLock, type HeldLock } from '../../../core/platform/lock';

const HOLDER = path.resolve('test/support/lock-holder.ts');

describe('the lock between processes', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kl-'));
    file = path.join(folder, 'locks', 'l');
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  const take = (purpose: string, wait = true, signal?: AbortSignal): Promise<HeldLock> => takeLock(file, { purpose, subject: 'It', onBusy: () => wait, ...(signal ? { signal } : {}) });

  it('lets one holder in, tells others what it is for, and leaves no file', async () => {
    const lock = await take('loading x');
    await assert.rejects(take('loading y', false), { code: 'host-busy', what: 'It is in use.', why: 'It is in use here: loading x.' });
    lock.describe('keeping x loaded');
    await assert.rejects(take('loading y', false), { code: 'host-busy', why: 'It is in use here: keeping x loaded.' });
    lock.release();
    lock.release();
    (await take('loading y', false)).release();
    assert.deepEqual(fs.readdirSync(path.dirname(file)), []);
  });

  it('lets many in, one after the other', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      const lock = await take('work');
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      lock.release();
    };
    await Promise.all(Array.from({ length: 20 }, work));
    assert.equal(most, 1);
  });

  it('ends with its holder, however that ends', async () => {
    const holder = spawn(process.execPath, ['--import', 'tsx', HOLDER, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    await assert.rejects(take('mine', false), { code: 'host-busy', why: `Another process of yours uses it: holding, from process ${holder.pid}.` });
    const seen = await findLockHolder(file);
    assert.deepEqual([seen?.purpose, seen?.pid], ['holding', holder.pid]);
    const mine = take('mine');
    holder.kill('SIGKILL');
    await seen?.released;
    (await mine).release();
    assert.equal(await findLockHolder(file), null);
    assert.deepEqual(fs.readdirSync(path.dirname(file)), []);
  });

  it('stops waiting when it is cancelled', async () => {
    const lock = await take('first');
    const cancel = new AbortController();
    const waiting = takeLock(file, { purpose: 'second', subject: 'It', onBusy: () => (cancel.abort(), true), signal: cancel.signal });
    await assert.rejects(waiting, { code: 'cancelled' });
    lock.release();
  });

  it('says when its socket cannot be made', async () => {
    await assert.rejects(takeLock(path.join(folder, 'x'.repeat(120)), { purpose: 'p', subject: 'It', onBusy: () => true }), { code: 'lock-failed' });
  });
});

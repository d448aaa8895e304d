// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SessionStore } from '../../../core/sessions/store';
import { kmodlab } from '../../support/cli';
import { callOf, emptySession } from '../../support/session';

describe('kmodlab report', () => {
  let state: string;
  const id = '20260101T000000Z-hello-000001';
  beforeEach(() => {
    state = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-report-'));
    const writer = new SessionStore(state).create(emptySession({ id }));
    writer.append({ type: 'call', call: callOf({ syscall: 'dup', result: 4 }) });
    writer.append({ type: 'ended', endedAt: '2026-01-01T00:00:01.000Z', end: { state: 'unloaded', reason: '' } });
    writer.finish();
  });
  afterEach(() => fs.rmSync(state, { recursive: true }));

  const report = (...args: string[]): ReturnType<typeof kmodlab> => kmodlab(['report', ...args], { env: { KMODLAB_STATE_DIR: state } });

  it('prints the newest session as a page, or in the format that is asked for', async () => {
    assert.match((await report()).stdout, /^<!DOCTYPE html>/);
    assert.match((await report(id, '--csv')).stdout, /^call,usec,/);
    assert.match((await report('--svg')).stdout, /^<svg /);
    assert.equal((JSON.parse((await report('--json')).stdout) as { id: string }).id, id);
  });

  it('writes a file and says where it is', async () => {
    const file = path.join(state, 'report.html');
    const { stdout, stderr, exitCode } = await report('-o', file);
    assert.deepEqual([exitCode, stdout, stderr], [0, '', `${file}\n`]);
    assert.match(fs.readFileSync(file, 'utf8'), /dup/);
  });

  it('says in three sentences what it cannot do', async () => {
    for (const [args, code, text] of [
      [['--csv', '--html'], 2, /One session is reported in one format\./],
      [['20000101T000000Z-none-000000'], 3, /There is no load session/],
      [['-o', path.join(state, 'none', 'x.html')], 3, /was not written\./],
    ] as const) {
      const { exitCode, stderr } = await report(...args);
      assert.equal(exitCode, code, stderr);
      assert.match(stderr, text);
    }
  });
});

// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../support/cli';

/** What a command leaves in a fresh runtime folder and temporary folder when it is interrupted at a step. */
async function interrupted(step: RegExp, signal: NodeJS.Signals): Promise<{ code: number | null; left: string[]; processes: string[] }> {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'kmodlab-int-'));
  const [runtime, temporary] = [path.join(scratch, 'run'), path.join(scratch, 'tmp')];
  fs.mkdirSync(temporary);
  const env = { ...process.env, KMODLAB_RUNTIME_DIR: runtime, KMODLAB_STATE_DIR: path.join(scratch, 'state'), TMPDIR: temporary, KMODLAB_FORBID_LOCAL: '1' };
  const child = spawn(process.execPath, [path.join(ROOT, 'dist/cli.js'), 'demo'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  let sent = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (sent || !step.test(said)) return;
    sent = true;
    child.kill(signal);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  assert.ok(sent, `the demo never said ${String(step)}:\n${said}`);
  const guests = path.join(runtime, 'guests');
  const left = [...(fs.existsSync(guests) ? fs.readdirSync(guests).filter((name) => !name.endsWith('.lock')) : []), ...fs.readdirSync(temporary)];
  // Every process of ours has the runtime folder in its environment: QEMU, keeper, ssh.
  const processes = fs.readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && fs.readFileSync(`/proc/${pid}/environ`, 'latin1').includes(scratch);
    } catch {
      return false;
    }
  });
  fs.rmSync(scratch, { recursive: true });
  return { code, left, processes };
}

describe('Ctrl-C', () => {
  for (const [when, step] of [
    ['while the guest boots', /Booting/],
    ['while the module is built', /Building/],
    ['while the module is loaded', /Loading/],
    ['while the device is written to', /Writing/],
  ] as const) {
    it(`${when} leaves no process, no guest and no temporary file`, async () => {
      assert.deepEqual(await interrupted(step, 'SIGINT'), { code: 130, left: [], processes: [] });
    });
  }
});

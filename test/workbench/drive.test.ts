// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { accessibilityFaults } from './rig/axe';
import { largeSession } from '../support/large-session';
import { openDrive, withDrive, type DriveSession } from './rig/drive-session';
import { THEME_NAMES, type Workbench } from './rig/workbench-page';

/** A first load may fetch a kernel, and boots a guest without KVM. */
const FIRST_LOAD_MS = 300_000;
/** What is left when the guest runs: a build, a load, an unload. */
const LOAD_MS = 90_000;
const WIDE = [1400, 900] as const;
const SIZES = [WIDE, [760, 900], [2000, 1400]] as const;

describe('the packaged extension in a browser', () => {
  const drive = withDrive(() => openDrive('drive'));
  let session: DriveSession;
  let workbench: Workbench;

  before(() => {
    session = drive();
    workbench = session.workbench;
  });

  it('offers "Load device2", titled exactly so', async () => {
    assert.equal(await workbench.paletteTitle('kmodlab.loadDevice2', 'load dev'), 'Load device2');
  });

  it('sets a squiggle at the kernel buffer while the file is read', async () => {
    const file = 'device2_kernel_buffer.c';
    await workbench.openFile(file);
    const squiggle = workbench.page.locator('.monaco-editor .cdr[class*="squiggly-"]').first();
    await squiggle.waitFor();
    await workbench.showProblems();
    const row = await workbench.problem('EFAULT').first().innerText();
    const [, line, column] = /\[Ln (\d+), Col (\d+)\]/.exec(row) ?? [];
    const source = fs.readFileSync(path.join(session.folder, file), 'utf8');
    const buffer = /^static char (\w+)\[/m.exec(source)?.[1];
    assert.ok(buffer !== undefined, `${file} declares its buffer`);
    const flagged = source.split('\n')[Number(line) - 1] ?? '';
    assert.match(flagged.slice(Number(column) - 1), new RegExp(`^\\(?.*\\b${buffer}\\b`), `the line is ${flagged}`);
    const box = await squiggle.boundingBox();
    const [before = ''] = flagged.trim().split(' = '); // an inlay hint may stand behind it
    const text = await workbench.page.locator('.view-line', { hasText: before }).first().boundingBox();
    assert.ok(box && text && Math.abs(box.y - text.y) < text.height, 'the squiggle stands under that line');
  });

  it('loads device2 and shows the guest\'s lines in the Kernel Log view', async () => {
    await workbench.command('kmodlab.loadDevice2', 'Load device2');
    await workbench.shot('loading');
    const lines = workbench.webview('view').locator('.cell.text');
    await lines.filter({ hasText: '[DEVICE2]write() with a kernel space buffer = -14' }).waitFor({ timeout: FIRST_LOAD_MS });
    await lines.filter({ hasText: '[DEVICE2]dup() = ' }).first().waitFor();
  });

  it('shows -14 EFAULT in the Syscall Results view, predicted and observed', async () => {
    const row = workbench.webview('panel').locator('[role=row]', { hasText: 'device2_kernel_buffer.c' });
    await row.locator('.observed', { hasText: 'EFAULT' }).waitFor();
    assert.match(await row.locator('.observed').innerText(), /-14\s*EFAULT/);
    assert.match(await row.locator('.predicted').innerText(), /-14\s*EFAULT/);
  });

  it("shows the kernel's own path to the result, when asked to", async () => {
    const panel = workbench.webview('panel');
    await panel.locator('[role=row]', { hasText: 'device2_kernel_buffer.c' }).click();
    await panel.getByRole('button', { name: "Show the Kernel's Path" }).click();
    await panel.locator('.kernel-function.origin', { hasText: 'vfs_write()' }).waitFor({ timeout: FIRST_LOAD_MS });
    await panel.locator('.kernel-function.inferred', { hasText: 'access_ok' }).waitFor();
  });

  it('says why write() returned -14 and why the second dup() returned 0, by keyboard alone', async () => {
    await workbench.command('kmodlab.showResults', 'Kernel Module Lab: Show Syscall Results');
    await workbench.tabTo('panel', '.grid');
    const panel = workbench.webview('panel');
    const pressUntil = async (key: string, text: string): Promise<void> => {
      const selected = panel.locator('.row[aria-selected=true]', { hasText: text });
      for (let presses = 0; presses < 9 && (await selected.count()) === 0; presses++) await workbench.page.keyboard.press(key);
      await selected.waitFor();
    };
    await pressUntil('Home', 'device2_kernel_buffer.c');
    await panel.locator('.why', { hasText: 'a kernel address (module), but write() takes it for an address of user space' }).waitFor();
    await panel.locator('.addresses .pointer.wrong', { hasText: 'buf' }).waitFor();
    await workbench.shot('why-write');
    const source = await panel.locator('.row', { hasText: 'close(' }).locator('.link').textContent();
    for (let presses = 0; presses < 3; presses++) await workbench.page.keyboard.press('ArrowDown');
    await panel.locator('.why', { hasText: `that was 0, which close() at ${source ?? '?'} had freed` }).waitFor();
    await workbench.tabTo('panel', '.story button');
    await workbench.page.keyboard.press('ArrowLeft');
    await panel.locator('.step-call', { hasText: 'close(0) = 0' }).waitFor();
    await panel.locator('tr.changed', { hasText: 'free' }).waitFor();
    await workbench.shot('descriptors');
  });

  it('opens the source line with Enter', async () => {
    await workbench.command('kmodlab.showResults', 'Kernel Module Lab: Show Syscall Results');
    await workbench.tabTo('panel', '.grid');
    await workbench.page.keyboard.press('End');
    await workbench.page.keyboard.press('Home');
    await workbench.page.keyboard.press('Enter');
    await workbench.page.locator('.tab.active[data-resource-name="device2_kernel_buffer.c"]').waitFor();
  });

  it('opens a call from the code lens above its line', async () => {
    await workbench.webview('panel').locator('.row', { hasText: 'close(' }).click();
    await workbench.webview('panel').locator('.details-head', { hasText: 'close(' }).waitFor();
    await workbench.page.locator('.codelens-decoration a', { hasText: 'write() = -14 EFAULT' }).first().click();
    await workbench.webview('panel').locator('.details-head', { hasText: 'write(' }).waitFor();
  });

  it('echoes a write to the device on the writer\'s standard error, and shows it', async () => {
    await workbench.command('kmodlab.writeToDevice', 'Kernel Module Lab: Write to Device…');
    await workbench.type('qwerty for test purposes');
    await workbench.webview('panel').locator('.actions', { hasText: 'qwerty for test purposes' }).waitFor();
    await workbench.webview('view').locator('.cell.text', { hasText: '= 25' }).waitFor();
    await workbench.webview('panel').locator('.verdict-agree:not(.verdict-pending)', { hasText: 'device2_echo.c' }).waitFor();
  });

  for (const theme of THEME_NAMES) {
    it(`can be read by everybody in the ${theme} theme`, async () => {
      await workbench.clearNotifications();
      await workbench.theme(theme);
      const faults = [];
      await workbench.webview('panel').locator('h1').scrollIntoViewIfNeeded();
      for (const [width, height] of SIZES) {
        await workbench.resize(width, height);
        await workbench.shot(`${theme}-${width}`);
        for (const place of ['view', 'panel'] as const) faults.push(...(await accessibilityFaults(workbench, place)));
      }
      await workbench.resize(...WIDE);
      assert.deepEqual(faults, []);
    });
  }

  it('shows 100,000 calls, filters them and goes to the last one', async () => {
    const large = largeSession(100_000);
    const writer = session.store.create({ ...large, calls: [] });
    fs.appendFileSync(path.join(session.store.folder, `${large.id}.jsonl`), large.calls.map((call) => `${JSON.stringify({ type: 'call', call })}\n`).join(''));
    writer.append({ type: 'ended', endedAt: large.endedAt ?? '', end: { state: 'unloaded', reason: '' } });
    await workbench.command('kmodlab.openSession', 'Kernel Module Lab: Open Load Session…');
    await workbench.pick('many');
    const panel = workbench.webview('panel');
    await panel.locator('.filter .count', { hasText: /^100,000 calls$/ }).waitFor();
    await panel.locator('.headline', { hasText: '10,000 of 100,000 calls differ from their prediction' }).waitFor();
    await workbench.tabTo('panel', '.grid');
    await workbench.page.keyboard.press('End');
    await panel.locator('.row[aria-rowindex="100001"][aria-selected=true]', { hasText: 'many_close.c' }).waitFor();
    await panel.locator('.call-facts', { hasText: 'close' }).waitFor();
    await workbench.shot('100000-calls');
    await panel.locator('.filter .text').fill('efault');
    await panel.locator('.filter .count', { hasText: /^10,000 of 100,000 calls$/ }).waitFor();
    assert.deepEqual(await accessibilityFaults(workbench, 'panel'), []);
    await panel.locator('.filter .text').fill('nothing like it');
    await panel.locator('.nothing').waitFor();
    await workbench.shot('nothing-passes');
    await panel.locator('.filter .text').fill('');
    await panel.locator('.filter .count', { hasText: /^100,000 calls$/ }).waitFor();
  });

  it('compares two loads of one module', async () => {
    await workbench.command('kmodlab.loadDevice2', 'Load device2');
    const panel = workbench.webview('panel');
    await panel.locator('h1', { hasText: 'device2' }).waitFor({ timeout: LOAD_MS });
    await panel.locator('[role=row]', { hasText: 'device2_kernel_buffer.c' }).waitFor({ timeout: LOAD_MS });
    await workbench.commandAndPick('kmodlab.compareResults', 'Kernel Module Lab: Compare Load Sessions…', 'device2');
    await panel.locator('.verdict.same').first().waitFor();
    await workbench.shot('comparison');
    assert.deepEqual(await accessibilityFaults(workbench, 'panel'), []);
    await panel.locator('button', { hasText: 'Stop Comparing' }).click();
    await panel.locator('.verdict.agree').first().waitFor();
  });

  it('exports a report that stands for itself', async () => {
    await workbench.command('kmodlab.exportResults', 'Kernel Module Lab: Export Syscall Results…');
    await workbench.pick('HTML report');
    await workbench.page.locator('.quick-input-widget:visible input').first().press('Enter');
    await workbench.page.locator('.notification-toast', { hasText: 'Exported to' }).waitFor();
    const [file] = fs.readdirSync(session.folder).filter((name) => name.endsWith('.html'));
    assert.ok(file !== undefined);
    assert.match(fs.readFileSync(path.join(session.folder, file), 'utf8'), /default-src 'none'[^]*a kernel address \(module\)/);
    fs.rmSync(path.join(session.folder, file));
    await workbench.clearNotifications();
  });

  it('unloads the module, and the results say so', async () => {
    await workbench.command('kmodlab.unloadModule', 'Kernel Module Lab: Unload Module');
    await workbench.webview('panel').locator('.state-unloaded').waitFor({ timeout: LOAD_MS });
  });

  it('lists what a failed build task says at its file and line', async () => {
    const file = path.join(session.folder, 'device2_main.c');
    const source = fs.readFileSync(file, 'utf8');
    const line = source.split('\n').length;
    fs.writeFileSync(file, `${source}int broken = ;\n`);
    try {
      await workbench.runTask('kmodlab', 'kmodlab: build device2');
      await workbench.terminal().filter({ hasText: /expected\sexpression/ }).waitFor({ timeout: LOAD_MS });
      await workbench.showProblems();
      await workbench.problem('expected expression', `[Ln ${line}, Col 14]`).first().waitFor();
      await workbench.shot('task-problems');
    } finally {
      fs.writeFileSync(file, source);
    }
  });

  it('loads with F5 and shows the kernel log in the Debug Console', async () => {
    await workbench.openFile('device2_main.c');
    await workbench.page.keyboard.press('F5');
    const console_ = workbench.page.locator('.repl');
    await console_.filter({ hasText: '[DEVICE2]write() with a kernel space buffer = -14' }).waitFor({ timeout: LOAD_MS });
    await workbench.shot('debug-console');
    await workbench.command('workbench.action.debug.stop', 'Debug: Stop');
    await console_.filter({ hasText: 'device2 was unloaded' }).waitFor({ timeout: LOAD_MS });
  });

  it('stops the guest when asked to', async () => {
    await workbench.command('kmodlab.stopGuest', 'Kernel Module Lab: Stop Guest');
    await workbench.page.locator('.statusbar-item [aria-label*="(guest:6.1-cloud);"]').waitFor(); // it has no kernel any more
    assert.deepEqual(await session.guests(), [], 'also the one that a task has used');
  });

  it('leaves the browser without a complaint about our pages', () => {
    const ours = session.browserLog().split('\n').filter((line) => /content security policy|kmodlab/i.test(line));
    assert.deepEqual(ours, []);
  });

  it('comes back after the window was loaded again', async () => {
    await workbench.command('kmodlab.openSession', 'Kernel Module Lab: Open Load Session…');
    await workbench.pick('many');
    await workbench.webview('panel').locator('h1', { hasText: 'many' }).waitFor();
    await workbench.reload();
    await workbench.webview('panel').locator('h1', { hasText: 'many' }).waitFor({ timeout: LOAD_MS });
    await workbench.webview('panel').locator('.filter .count', { hasText: /^100,000 calls$/ }).waitFor({ timeout: LOAD_MS });
  });

  it('leaves no process behind', async () => {
    assert.deepEqual(await session.end(), []);
  });
});

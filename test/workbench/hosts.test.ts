// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import path from 'node:path';
import { openDrive, type DriveSession } from './rig/drive-session';
import { THEME_NAMES, type Workbench } from './rig/workbench-page';

/** A first load may fetch a kernel, and boots a guest without KVM. */
const LOAD_MS = 300_000;
const CONTAINER = 'Hosts & Modules';
/** Nothing listens on the first port. */
const UNREACHABLE = { host: 'ssh:ssh://127.0.0.1:1', name: 'Test box' };

describe('the Hosts & Modules view', function () {
  this.bail(true); // each step begins where the one before ended
  let session: DriveSession;
  let workbench: Workbench;

  before(async () => {
    session = await openDrive('hosts', { 'kmodlab.hosts': ['guest', UNREACHABLE, 'local', 'box'] });
    workbench = session.workbench;
  });

  afterEach(async function () {
    if (this.currentTest?.isFailed() !== true) return;
    const kept = await session.keepEvidence();
    if (kept !== undefined) console.log(`    logs and a picture are in ${kept}`);
  });

  after(() => (session as DriveSession | undefined)?.end()); // undefined: the set-up failed, and has said why

  const notification = (text: string | RegExp) => workbench.page.locator('.notification-toast', { hasText: text });

  it('names once what is wrong in the list of hosts', async () => {
    await notification('entry 4 is "box"').waitFor();
    await workbench.clearNotifications();
  });

  it('lists the hosts, the selected one marked, and the modules of the workspace', async () => {
    await workbench.showSideBar(CONTAINER);
    await workbench.treeRow('Guest 6.1-cloud, selected, stopped').waitFor();
    await workbench.treeRow('Test box, not connected').waitFor();
    await workbench.treeRow('This machine, not connected').waitFor();
    await workbench.treeRow('device2').waitFor();
    await workbench.shot('stopped');
  });

  it('says at the host why it cannot be reached', async () => {
    await workbench.rowAction(workbench.treeRow('Test box'), 'Connect');
    await workbench.treeRow('Test box, not reached').waitFor();
    await workbench.treeRow('No SSH connection to it could be made.').waitFor();
    await workbench.shot('unreachable');
    await workbench.clearNotifications();
  });

  it('asks for the parameters that the built module takes, by their types', async () => {
    await workbench.rowAction(workbench.treeRow('Parameters'), 'Load Module with Parameters');
    const form = workbench.page.locator('.quick-input-widget:visible', { hasText: 'Parameters of device2' });
    await form.waitFor({ timeout: LOAD_MS });
    await workbench.shot('parameters');
    await workbench.pick('experiment');
    await workbench.type('echo');
    await form.locator('.monaco-list-row', { hasText: 'experiment=echo' }).first().waitFor();
    await workbench.shot('parameters-given');
    await form.locator('.monaco-list-row', { hasText: 'Load device2' }).click();
    await workbench.treeRow('device2, loaded, experiment=echo').waitFor({ timeout: LOAD_MS });
  });

  it('shows what is loaded, its device, and the kernel that it is loaded in', async () => {
    await workbench.treeRow('Guest 6.1-cloud, selected, running').waitFor();
    await workbench.treeRow('device2, loaded on Guest 6.1-cloud').waitFor();
    await workbench.expand(workbench.treeRow('Facts'));
    await workbench.treeRow('Kernel, 6.1').waitFor();
    await workbench.expand(workbench.treeRow('All modules'));
    await workbench.treeRow('device2, 16 KiB').or(workbench.treeRow('device2, 20 KiB')).or(workbench.treeRow('device2, 24 KiB')).first().waitFor();
    await workbench.shot('loaded');
  });

  for (const theme of THEME_NAMES) {
    it(`is drawn in the ${theme} theme`, async () => {
      await workbench.clearNotifications();
      await workbench.theme(theme, []);
      await workbench.showSideBar(CONTAINER);
      await workbench.shot(theme);
    });
  }

  it('says in an empty folder how to begin', async () => {
    const empty = path.join(path.dirname(session.folder), 'empty');
    fs.mkdirSync(empty);
    await session.open(empty);
    await workbench.showSideBar(CONTAINER);
    await workbench.page.locator('.welcome-view-content', { hasText: 'There is no kernel module in this workspace' }).waitFor();
    await workbench.treeRow('Guest 6.1-cloud, selected').waitFor();
    await workbench.shot('empty');
  });
});

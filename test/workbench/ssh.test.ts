// SPDX-License-Identifier: MIT
import { PASSWORD } from '../ssh/support/image';
import { withRig } from '../ssh/support/rig';
import { openDrive, withDrive, type DriveSession } from './rig/drive-session';
import type { Workbench } from './rig/workbench-page';

const LOAD_MS = 300_000;

describe('SSH hosts in Hosts & Modules', function () {
  this.bail(true); // each step begins where the one before ended
  const rig = withRig();
  const drive = withDrive(() => openDrive('ssh', { 'kmodlab.hosts': [{ host: 'ssh:asks', name: 'Test box' }] }, { KMODLAB_SSH_CONFIG: rig().sshConfig }));
  let session: DriveSession;
  let workbench: Workbench;

  before(async () => {
    session = drive();
    workbench = session.workbench;
    await workbench.showSideBar('Hosts & Modules');
  });

  // The README's first load on an SSH host, in its three steps.

  it('adds a host of the SSH configuration, shows the fingerprint of its key, and opens a terminal to accept it', async () => {
    await workbench.treeRow('Test box, not connected').waitFor();
    await workbench.commandAndPick('kmodlab.addHost', 'Kernel Module Lab: Add Host…', 'remote  SSH host…');
    await workbench.pick('newcomer');
    await workbench.rowAction(workbench.treeRow('newcomer, not connected'), 'Connect');
    await workbench.treeRow('newcomer, host key not known').waitFor();
    await workbench.treeRow('Its host key is not among those you trust').filter({ hasText: 'SHA256:' }).waitFor();
    await workbench.shot('host-key');
    await (await workbench.notification('SHA256:')).getByRole('button', { name: 'Open Terminal to Accept…' }).click();
    await workbench.terminal().filter({ hasText: /continue\sconnecting/ }).waitFor();
    await workbench.shot('terminal');
    await workbench.page.keyboard.type('yes\n');
    await workbench.terminal().filter({ hasText: /\$\s*$/ }).waitFor();
    await workbench.page.keyboard.type('exit\n');
    await workbench.treeRow('newcomer, connected, 6.1').waitFor();
    await workbench.clearNotifications();
  });

  it('shows what the host is', async () => {
    await workbench.toggle(workbench.treeRow('newcomer, connected'));
    await workbench.toggle(workbench.treeRow('Facts'));
    await workbench.treeRow('Rights, free; root through sudo, without a password').waitFor();
    await workbench.shot('facts');
  });

  it('loads there once that was agreed to', async () => {
    await workbench.rowAction(workbench.treeRow('newcomer, connected'), 'Use for Loads');
    await workbench.statusBar('newcomer 6.1').waitFor();
    await workbench.commandAndPick('kmodlab.loadModule', 'Kernel Module Lab: Load Module…', 'device2');
    const dialog = workbench.dialog('Load device2 into the running kernel of newcomer?');
    await dialog.waitFor({ timeout: LOAD_MS });
    await workbench.shot('first-load-question');
    await dialog.getByRole('button', { name: 'Load', exact: true }).click();
    await workbench.treeRow('device2, loaded on newcomer').waitFor({ timeout: LOAD_MS });
    await workbench.notification('device2 registered the character device', { timeout: LOAD_MS });
    await workbench.clearNotifications();
    await workbench.webview('panel').getByText('as predicted').first().waitFor();
    await workbench.shot('first-load');
    await workbench.rowAction(workbench.treeRow('device2, loaded on newcomer'), 'Unload Module');
    await workbench.treeRow('device2, module').waitFor({ timeout: LOAD_MS });
    await workbench.rowAction(workbench.treeRow('Test box'), 'Use for Loads');
    await workbench.statusBar('Test box').waitFor();
  });

  it('asks before the first load on a host that is no guest, with its name and its kernel', async () => {
    await workbench.command('kmodlab.loadDevice2', 'Load device2');
    const dialog = workbench.dialog(/Load device2 into the running kernel of Test box\?[^]*Test box is ssh:asks, and its kernel is Linux 6\.1/);
    await dialog.waitFor({ timeout: LOAD_MS });
    await workbench.shot('consent');
    await dialog.getByRole('button', { name: 'Load', exact: true }).click();
  });

  it("asks for sudo's password until it is right, and loads", async () => {
    await password('Password for Test box', 'wrong');
    await password('That was not accepted.', PASSWORD);
    await workbench.treeRow('device2, loaded on Test box').waitFor({ timeout: LOAD_MS });
    await workbench.shot('loaded');
  });

  it('names the host as it is called, and how it is reached besides', async () => {
    await workbench.statusBar(/Test box 6\.1 · device2 loaded/).waitFor();
    await workbench.page.locator('.statusbar-item [aria-label*="Test box (ssh:asks, Linux 6.1"]').waitFor();
  });

  it('disconnects from a host', async () => {
    await workbench.rowMenu(workbench.treeRow('newcomer, connected'), 'Disconnect');
    await workbench.treeRow('newcomer, not connected').waitFor();
  });

  async function password(says: string, text: string): Promise<void> {
    const box = workbench.page.locator('.quick-input-widget:visible', { hasText: says });
    await box.locator('input[type=password]').waitFor({ timeout: LOAD_MS });
    await workbench.shot('password');
    await workbench.type(text, says);
  }
});
